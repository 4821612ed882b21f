/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes and keys of Go's sumdb and of C2SP, a log of Tessera, an envelope of DSSE: the shared vectors, if there. */
#include "unit.h"

#include "cg/base64.h"
#include "cg/checkpoint.h"
#include "cg/dsse.h"
#include "cg/tile.h"
#include "memory_tree.h"
#include "vectors.h"

#include <stdio.h>

static const char tessera_key[] = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/* What opening the note gives, in the words of the vectors. */
static const char *open_note(const struct cg_bytes *text, const struct cg_note_verifier *verifiers, size_t count,
                             struct cg_note_verdict *verdicts)
{
    struct cg_error err = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    if (cg_note_parse(text->data, text->size, &note, &err) < 0)
        return err.code == CG_E_FORM ? "malformed" : "failed otherwise";
    if (cg_note_verify(&note, verifiers, count, verdicts, &err) < 0)
        return err.code == CG_E_SIGNATURE ? "reject" : "failed otherwise";
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].verified)
            return "ok";
    return "no-verifiable-signature";
}

static void opens_the_notes_of_others(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *cases = vectors_json("signed-note/open.jsonl");
    size_t i, k;
    json_t *one, *vkey;
    assert_int_equal(json_array_size(cases), 12);
    json_array_foreach(cases, i, one)
    {
        struct cg_error err = {0};
        struct cg_note_verifier verifiers[4];
        struct cg_note_verdict verdicts[4];
        CG_AUTO_BYTES struct cg_bytes text = {0};
        const char *note = json_string_value(json_object_get(one, "note_b64"));
        assert_int_equal(cg_base64_decode(note, strlen(note), &text, &err), 0);
        json_array_foreach(json_object_get(one, "vkeys"), k, vkey)
        {
            assert_int_equal(cg_note_verifier_parse(json_string_value(vkey), &verifiers[k], &err), 0);
        }
        size_t count = json_array_size(json_object_get(one, "vkeys"));
        assert_string_equal(open_note(&text, verifiers, count, verdicts),
                            json_string_value(json_object_get(one, "want")));
        for (k = 0; k < json_array_size(json_object_get(one, "verified")); k++)
            assert_true(verdicts[k].verified);
    }
}

static void judges_keys_as_go_does(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *cases = vectors_json("signed-note/vkeys.json");
    size_t i;
    json_t *one;
    assert_true(json_array_size(cases) >= 6);
    json_array_foreach(cases, i, one)
    {
        struct cg_note_verifier verifier;
        char key[256];
        snprintf(key, sizeof key, "%s", json_string_value(json_object_get(one, "vkey")));
        bool good = json_is_true(json_object_get(one, "ok"));
        assert_int_equal(cg_note_verifier_parse(key, &verifier, NULL), good ? 0 : -1);
        /* Upstream: every beginning, every end, every byte plus one is refused. */
        for (size_t at = 0; good && key[at]; at++) {
            char changed[256];
            snprintf(changed, sizeof changed, "%.*s", (int)at, key);
            assert_int_equal(cg_note_verifier_parse(changed, &verifier, NULL), -1);
            if (at > 0)
                assert_int_equal(cg_note_verifier_parse(key + at, &verifier, NULL), -1);
            snprintf(changed, sizeof changed, "%s", key);
            changed[at]++;
            assert_int_equal(cg_note_verifier_parse(changed, &verifier, NULL), -1);
        }
    }
}

static void signs_as_go_does(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *sample = vectors_json("signed-note/sign.json");
    struct cg_error err = {0};
    unsigned char seed[CG_ED25519_SEED_SIZE];
    const char *hex = json_string_value(json_object_get(sample, "ed25519_seed_hex"));
    for (size_t b = 0; b < sizeof seed; b++) {
        char digits[3] = {hex[2 * b], hex[2 * b + 1], 0};
        seed[b] = (unsigned char)strtoul(digits, NULL, 16);
    }
    const char *name = json_string_value(json_object_get(sample, "name"));
    const char *text = json_string_value(json_object_get(sample, "text"));
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = cg_note_signer_create(name, CG_NOTE_ED25519, seed, &err);
    CG_AUTO_BYTES struct cg_bytes vkey = {0}, note = {0};
    assert_int_equal(cg_note_verifier_format(cg_note_signer_verifier(signer), &vkey, &err), 0);
    assert_string_equal(vkey.data, json_string_value(json_object_get(sample, "vkey")));
    cg_bytes_printf(&note, &err, "%s\n", text);
    assert_int_equal(cg_note_sign(signer, text, strlen(text), 0, &note, &err), 0);
    assert_string_equal(note.data, json_string_value(json_object_get(sample, "note")));
}

static void load_tessera(const char *prefix, unsigned size, struct cg_bytes *content)
{
    char name[128];
    snprintf(name, sizeof name, "tlog-tessera/%s%u", prefix, size);
    vectors_load(name, content);
}

static void reads_a_log_of_tessera(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_note_verifier verifier;
    assert_int_equal(cg_note_verifier_parse(tessera_key, &verifier, &err), 0);
    struct cg_checkpoint_policy policy = {.logs = &verifier, .log_count = 1};
    for (unsigned size = 0; size <= 9; size++) {
        CG_AUTO_BYTES struct cg_bytes note = {0}, bundle = {0}, tile = {0};
        CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
        load_tessera("checkpoint.", size, &note);
        assert_int_equal(cg_checkpoint_open(note.data, note.size, &policy, &checkpoint, NULL, &err), 0);
        assert_true(checkpoint.size == size);
        struct memory_tree *tree = memory_tree_create();
        if (size > 0) {
            struct cg_tile_entry entries[CG_TILE_WIDTH];
            load_tessera("tile/entries/000.p/", size, &bundle);
            load_tessera("tile/0/000.p/", size, &tile);
            assert_int_equal(cg_tile_bundle_parse(bundle.data, bundle.size, size, entries, &err), 0);
            for (unsigned i = 0; i < size; i++)
                memory_tree_append(tree, entries[i].data, entries[i].size);
            assert_int_equal(tile.size, size * sizeof(struct cg_merkle_hash));
            assert_memory_equal(tile.data, tree->levels[0], tile.size);
        }
        struct cg_merkle_hash root = memory_tree_root(tree, size);
        assert_memory_equal(&root, &checkpoint.root, sizeof root);
        memory_tree_destroy(tree);
    }
}

static void names_tiles_as_c2sp_does(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *cases = vectors_json("tlog-tessera/tile-paths.json");
    size_t i;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        const json_t *width = json_object_get(one, "width");
        struct cg_tile tile = {
            .kind = json_is_true(json_object_get(one, "entries")) ? CG_TILE_ENTRIES : CG_TILE_HASHES,
            .level = (unsigned)json_integer_value(json_object_get(one, "level")),
            .n = (uint64_t)json_integer_value(json_object_get(one, "n")),
            .width = width ? (unsigned)json_integer_value(width) : CG_TILE_WIDTH,
        };
        char path[CG_TILE_PATH_SIZE];
        cg_tile_path(&tile, path);
        assert_string_equal(path, json_string_value(json_object_get(one, "path")));
    }
    assert_true(i >= 5);
}

static void encodes_what_dsse_signs(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *cases = vectors_json("dsse/pae.json");
    size_t i;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes pae = {0};
        const char *payload = json_string_value(json_object_get(one, "payload"));
        assert_int_equal(
            cg_dsse_pae(json_string_value(json_object_get(one, "payloadType")), payload, strlen(payload), &pae, &err),
            0);
        assert_string_equal(pae.data, json_string_value(json_object_get(one, "pae")));
    }
    assert_true(i >= 3);
}

/* The envelope is signed by an ECDSA key, which is none that we trust: it is read, and not believed. */
static void passes_over_a_signature_of_another_kind(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes envelope = {0}, payload = {0};
    vectors_load("dsse/envelope-p256.json", &envelope);
    struct cg_error err = {0};
    struct cg_dsse_key key = {{1}};
    assert_int_equal(
        cg_dsse_verify(envelope.data, envelope.size, &key, 1, "http://example.com/HelloWorld", &payload, &err), -1);
    assert_error(&err, CG_E_SIGNATURE, "none of the 1 signatures of the envelope is by a trusted key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_the_notes_of_others),
        cmocka_unit_test(judges_keys_as_go_does),
        cmocka_unit_test(signs_as_go_does),
        cmocka_unit_test(reads_a_log_of_tessera),
        cmocka_unit_test(names_tiles_as_c2sp_does),
        cmocka_unit_test(encodes_what_dsse_signs),
        cmocka_unit_test(passes_over_a_signature_of_another_kind),
    };
    return cmocka_run_group_tests_name("conformance_note", tests, NULL, NULL);
}
