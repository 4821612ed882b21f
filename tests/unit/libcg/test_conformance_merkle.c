/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Merkle tree against CCTV's, transparency-dev's and Rekor's trees, when the shared vectors are there. */
#include "unit.h"

#include "cg/base64.h"
#include "cg/checkpoint.h"
#include "memory_tree.h"
#include "vectors.h"

static struct cg_merkle_hash hash_of(const json_t *text)
{
    struct cg_merkle_hash hash;
    assert_true(vectors_base64(text, hash.bytes, sizeof hash.bytes));
    return hash;
}

/* The tree of merkle-cctv, its heads compared on the way. */
static struct memory_tree *cctv_tree(void)
{
    CG_AUTO_JSON json_t *leaves = vectors_json("merkle-cctv/merkle_tree.json");
    struct memory_tree *tree = memory_tree_create();
    size_t i;
    json_t *leaf;
    assert_true(json_array_size(leaves) > 7);
    json_array_foreach(leaves, i, leaf)
    {
        struct cg_error err = {0};
        const char *data = json_string_value(json_object_get(leaf, "leaf_data"));
        struct cg_merkle_hash root, expected = hash_of(json_object_get(leaf, "root_hash"));
        struct cg_merkle_hash leaf_hash = hash_of(json_object_get(leaf, "leaf_hash")), made;
        assert_int_equal(cg_merkle_hash_leaf(tree->hasher, data, strlen(data), &made, &err), 0);
        assert_memory_equal(&made, &leaf_hash, sizeof made);
        memory_tree_append(tree, data, strlen(data));
        assert_int_equal(cg_merkle_range_root(&tree->range, tree->hasher, &root, &err), 0);
        assert_memory_equal(&root, &expected, sizeof root);
    }
    return tree;
}

static void makes_the_proofs_of_cctv(void **state)
{
    (void)state;
    struct memory_tree *tree = cctv_tree();
    struct cg_merkle_source source = memory_tree_source(tree);
    CG_AUTO_JSON json_t *inclusion = vectors_json("merkle-cctv/inclusion-valid.json");
    CG_AUTO_JSON json_t *consistency = vectors_json("merkle-cctv/consistency-valid.json");
    size_t i;
    json_t *one;
    assert_true(json_array_size(inclusion) >= 4 && json_array_size(consistency) >= 4);
    json_array_foreach(inclusion, i, one)
    {
        struct cg_error err = {0};
        struct cg_merkle_proof made, expected;
        uint64_t index = (uint64_t)json_integer_value(json_object_get(one, "leaf_index"));
        uint64_t size = (uint64_t)json_integer_value(json_object_get(one, "tree_size"));
        struct cg_merkle_hash leaf = hash_of(json_object_get(one, "leaf_hash"));
        struct cg_merkle_hash root = hash_of(json_object_get(one, "root_hash"));
        assert_true(vectors_proof(json_object_get(one, "inclusion_path"), &expected));
        assert_int_equal(cg_merkle_prove_inclusion(&source, index, size, &made, &err), 0);
        assert_int_equal(made.count, expected.count);
        assert_memory_equal(made.hashes, expected.hashes, made.count * sizeof *made.hashes);
        assert_int_equal(cg_merkle_verify_inclusion(&leaf, index, size, &made, &root, &err), 0);
    }
    json_array_foreach(consistency, i, one)
    {
        struct cg_error err = {0};
        struct cg_merkle_proof made, expected;
        uint64_t old_size = (uint64_t)json_integer_value(json_object_get(one, "old_size"));
        uint64_t new_size = (uint64_t)json_integer_value(json_object_get(one, "new_size"));
        struct cg_merkle_hash old_root = hash_of(json_object_get(one, "old_root"));
        struct cg_merkle_hash new_root = hash_of(json_object_get(one, "new_root"));
        assert_true(vectors_proof(json_object_get(one, "consistency_path"), &expected));
        assert_int_equal(cg_merkle_prove_consistency(&source, old_size, new_size, &made, &err), 0);
        assert_int_equal(made.count, expected.count);
        assert_memory_equal(made.hashes, expected.hashes, made.count * sizeof *made.hashes);
        assert_int_equal(cg_merkle_verify_consistency(old_size, &old_root, new_size, &new_root, &made, &err), 0);
    }
    memory_tree_destroy(tree);
}

/* A size of transparency-dev's vectors: those from 2^63 on are all out of any range. */
static uint64_t size_of(const json_t *object, const char *name)
{
    double value = json_real_value(json_object_get(object, name));
    return value >= 9e18 ? UINT64_MAX : (uint64_t)value;
}

static bool accepts_inclusion(const json_t *one)
{
    struct cg_merkle_hash leaf, root;
    struct cg_merkle_proof proof;
    return vectors_base64(json_object_get(one, "leafHash"), leaf.bytes, sizeof leaf.bytes) &&
           vectors_base64(json_object_get(one, "root"), root.bytes, sizeof root.bytes) &&
           vectors_proof(json_object_get(one, "proof"), &proof) &&
           cg_merkle_verify_inclusion(&leaf, size_of(one, "leafIdx"), size_of(one, "treeSize"), &proof, &root, NULL) ==
               0;
}

static bool accepts_consistency(const json_t *one)
{
    struct cg_merkle_hash old_root, new_root;
    struct cg_merkle_proof proof;
    return vectors_base64(json_object_get(one, "root1"), old_root.bytes, sizeof old_root.bytes) &&
           vectors_base64(json_object_get(one, "root2"), new_root.bytes, sizeof new_root.bytes) &&
           vectors_proof(json_object_get(one, "proof"), &proof) &&
           cg_merkle_verify_consistency(size_of(one, "size1"), &old_root, size_of(one, "size2"), &new_root, &proof,
                                        NULL) == 0;
}

static void judges_the_proofs_of_transparency_dev(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *inclusion = vectors_json("merkle-transparency-dev/inclusion.jsonl");
    CG_AUTO_JSON json_t *consistency = vectors_json("merkle-transparency-dev/consistency.jsonl");
    size_t i;
    json_t *one;
    assert_int_equal(json_array_size(inclusion), 50);
    assert_int_equal(json_array_size(consistency), 49);
    json_array_foreach(inclusion, i, one)
    {
        if (accepts_inclusion(one) == json_is_true(json_object_get(one, "wantErr")))
            fail_msg("%s", json_string_value(json_object_get(one, "file")));
    }
    json_array_foreach(consistency, i, one)
    {
        if (accepts_consistency(one) == json_is_true(json_object_get(one, "wantErr")))
            fail_msg("%s", json_string_value(json_object_get(one, "file")));
    }
}

static void hashes_as_rfc_6962_does(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *cases = vectors_json("merkle-transparency-dev/hashes.jsonl");
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(NULL);
    size_t i;
    json_t *one;
    assert_int_equal(json_array_size(cases), 4);
    json_array_foreach(cases, i, one)
    {
        struct cg_error err = {0};
        struct cg_merkle_hash hash;
        char hex[65];
        const char *kind = json_string_value(json_object_get(one, "kind"));
        const char *data = json_string_value(json_object_get(one, "data"));
        if (strcmp(kind, "node") == 0)
            continue; /* its children are texts, not hashes: no tree has such a node */
        if (strcmp(kind, "empty") == 0)
            cg_merkle_empty_root(&hash);
        else
            assert_int_equal(cg_merkle_hash_leaf(hasher, data, strlen(data), &hash, &err), 0);
        cg_hex(hex, hash.bytes, sizeof hash.bytes);
        assert_string_equal(hex, json_string_value(json_object_get(one, "hash")));
    }
}

/* An entry of a public log of 55 million, with the root as the log's own checkpoint has it. */
static void follows_the_proof_of_a_rekor_entry(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *entry = vectors_json("rekor-production/entry-59674396.json");
    const json_t *proof_json = json_object_get(json_object_get(entry, "verification"), "inclusionProof");
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes body = {0};
    const json_t *body_text = json_object_get(entry, "body");
    assert_int_equal(cg_base64_decode(json_string_value(body_text), json_string_length(body_text), &body, &err), 0);

    struct cg_merkle_proof proof = {.count = json_array_size(json_object_get(proof_json, "hashes"))};
    for (size_t i = 0; i < proof.count; i++) {
        const char *hex = json_string_value(json_array_get(json_object_get(proof_json, "hashes"), i));
        for (size_t b = 0; b < CG_MERKLE_HASH_SIZE; b++) {
            char digits[3] = {hex[2 * b], hex[2 * b + 1], 0};
            proof.hashes[i].bytes[b] = (unsigned char)strtoul(digits, NULL, 16);
        }
    }
    CG_AUTO_NOTE struct cg_note note = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    const char *note_text = json_string_value(json_object_get(proof_json, "checkpoint"));
    assert_int_equal(cg_note_parse(note_text, strlen(note_text), &note, &err), 0);
    assert_int_equal(cg_checkpoint_parse(note.text, note.text_size, &checkpoint, &err), 0);
    assert_string_equal(checkpoint.origin, "rekor.sigstore.dev - 2605736670972794746");
    assert_string_equal(checkpoint.extension, "Timestamp: 1703705040158839214\n");
    assert_true(checkpoint.size == 55510966);

    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    struct cg_merkle_hash leaf;
    uint64_t index = (uint64_t)json_integer_value(json_object_get(proof_json, "logIndex"));
    assert_int_equal(cg_merkle_hash_leaf(hasher, body.data, body.size, &leaf, &err), 0);
    assert_int_equal(cg_merkle_verify_inclusion(&leaf, index, checkpoint.size, &proof, &checkpoint.root, &err), 0);
    assert_int_equal(cg_merkle_verify_inclusion(&leaf, index - 1, checkpoint.size, &proof, &checkpoint.root, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_proofs_of_cctv),
        cmocka_unit_test(judges_the_proofs_of_transparency_dev),
        cmocka_unit_test(hashes_as_rfc_6962_does),
        cmocka_unit_test(follows_the_proof_of_a_rekor_entry),
    };
    return cmocka_run_group_tests_name("conformance_merkle", tests, NULL, NULL);
}
