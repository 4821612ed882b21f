/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/base64.h"
#include "signed_log.h"

#include <stdio.h>

static const char text[] = "one line\nanother\n";

static void sign(const struct cg_note_signer *signer, uint64_t timestamp, struct cg_bytes *note)
{
    struct cg_error err = {0};
    if (note->size == 0)
        cg_bytes_printf(note, &err, "%s\n", text);
    if (cg_note_sign(signer, text, strlen(text), timestamp, note, &err) < 0)
        fail_msg("%s", err.message);
}

static void signs_and_verifies(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *log = signed_log_key("example.com/log", CG_NOTE_ED25519, 1);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *witness = signed_log_key("w.example", CG_NOTE_COSIGNATURE, 2);
    struct cg_note_verifier keys[] = {*cg_note_signer_verifier(log), *cg_note_signer_verifier(witness)};
    struct cg_note_verdict verdicts[2];
    CG_AUTO_BYTES struct cg_bytes data = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    sign(log, 0, &data);
    sign(witness, 1700000000, &data);
    assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), 0);
    assert_string_equal(note.text, text);
    assert_int_equal(note.signature_count, 2);
    assert_string_equal(note.signatures[1].name, "w.example");
    assert_int_equal(note.signatures[1].size, 72);
    assert_int_equal(cg_note_verify(&note, keys, 2, verdicts, &err), 0);
    assert_true(verdicts[0].verified && verdicts[0].timestamp == 0);
    assert_true(verdicts[1].verified && verdicts[1].timestamp == 1700000000);
}

/* The cosignature of C2SP tlog-cosignature signs another text than a note's: one key's bytes do not do for both. */
static void keeps_the_types_of_signature_apart(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *plain = signed_log_key("same", CG_NOTE_ED25519, 1);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *timed = signed_log_key("same", CG_NOTE_COSIGNATURE, 1);
    const struct cg_note_verifier *one = cg_note_signer_verifier(plain), *other = cg_note_signer_verifier(timed);
    assert_true(one->key_id != other->key_id);
    assert_memory_equal(one->public_key, other->public_key, sizeof one->public_key);
    CG_AUTO_BYTES struct cg_bytes data = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    struct cg_note_verdict verdict;
    sign(plain, 0, &data);
    assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), 0);
    assert_int_equal(cg_note_verify(&note, other, 1, &verdict, &err), 0);
    assert_false(verdict.verified);
}

static void takes_the_latest_of_two_cosignatures(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *witness = signed_log_key("w", CG_NOTE_COSIGNATURE, 2);
    CG_AUTO_BYTES struct cg_bytes data = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    struct cg_note_verdict verdict;
    sign(witness, 9, &data);
    sign(witness, 7, &data);
    assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), 0);
    assert_int_equal(cg_note_verify(&note, cg_note_signer_verifier(witness), 1, &verdict, &err), 0);
    assert_true(verdict.timestamp == 9);
}

static void refuses_a_known_keys_wrong_signature(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *log = signed_log_key("log", CG_NOTE_ED25519, 1);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *witness = signed_log_key("w", CG_NOTE_COSIGNATURE, 2);
    const struct cg_note_verifier *key = cg_note_signer_verifier(log), *witness_key = cg_note_signer_verifier(witness);
    static const struct {
        size_t size;
        const char *message, *witness_message;
    } cases[] = {
        {64, "signature of log: the signature is not this key's", "the signature of w has 64 bytes, expected 72"},
        {63, "the signature of log has 63 bytes, expected 64", "the signature of w has 63 bytes, expected 72"},
        {72, "the signature of log has 72 bytes, expected 64", "signature of w: the signature is not this key's"},
        {1, "the signature of log has 1 bytes, expected 64", "the signature of w has 1 bytes, expected 72"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t who = 0; who < 2; who++) {
            const struct cg_note_verifier *named = who ? witness_key : key;
            unsigned char blob[4 + 72] = {(unsigned char)(named->key_id >> 24), (unsigned char)(named->key_id >> 16),
                                          (unsigned char)(named->key_id >> 8), (unsigned char)named->key_id};
            CG_AUTO_BYTES struct cg_bytes data = {0};
            CG_AUTO_NOTE struct cg_note note = {0};
            struct cg_note_verdict verdict;
            cg_bytes_printf(&data, &err, "%s\n\xe2\x80\x94 %s ", text, named->name);
            cg_base64_encode(blob, 4 + cases[i].size, &data, &err);
            cg_bytes_append(&data, "\n", 1, &err);
            assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), 0);
            assert_int_equal(cg_note_verify(&note, named, 1, &verdict, &err), -1);
            assert_error(&err, CG_E_SIGNATURE, who ? cases[i].witness_message : cases[i].message);
        }
}

static void refuses_a_time_no_clock_has(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *witness = signed_log_key("w", CG_NOTE_COSIGNATURE, 2);
    for (uint64_t over = 0; over < 2; over++) {
        CG_AUTO_BYTES struct cg_bytes data = {0};
        CG_AUTO_NOTE struct cg_note note = {0};
        struct cg_note_verdict verdict;
        sign(witness, (uint64_t)INT64_MAX + over, &data);
        assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), 0);
        assert_int_equal(cg_note_verify(&note, cg_note_signer_verifier(witness), 1, &verdict, &err), over ? -1 : 0);
    }
    assert_error(&err, CG_E_SIGNATURE, "the cosignature of w is of a time above 2^63 - 1");
}

static void says_what_is_wrong_with_a_note(void **state)
{
    (void)state;
    static const struct {
        const char *note, *message;
    } cases[] = {
        {"", "the text of a note ends in a newline"},
        {"text", "the text of a note ends in a newline"},
        {"text\n", "the note has no signatures below an empty line"},
        {"text\n\n", "the note has no signatures below an empty line"},
        {"te\txt\n\n", "byte 2 of the note is the control character 0x09"},
        {"te\xff\n\n", "byte 2 of the note is 0xff, which is not UTF-8"},
        {"text\n\nno dash\n", "signature line 1 of the note: expected an em dash, a name and base64"},
        {"text\n\n\xe2\x80\x94 name\n", "signature line 1 of the note: expected an em dash, a name and base64"},
        {"text\n\n\xe2\x80\x94  AAAAAAA=\n",
         "signature line 1 of the note: the name is empty, too long or has a space, control or plus"},
        {"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
         "signature line 1 of the note: the name is empty, too long or has a space, control or plus"},
        {"text\n\n\xe2\x80\x94 a\xc2\xa0"
         "b AAAAAAA=\n",
         "signature line 1 of the note: the name is empty, too long or has a space, control or plus"},
        {"text\n\n\xe2\x80\x94 a AAAAAAA\n",
         "signature line 1 of the note: 7 characters of base64, expected a multiple of 4"},
        {"text\n\n\xe2\x80\x94 a AAAAAA==\n", "signature line 1 of the note: no signature follows the key id"},
        {"text\n\n\xe2\x80\x94 a AAAAAAA=\nmore\n",
         "signature line 2 of the note: expected an em dash, a name and base64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_NOTE struct cg_note note = {0};
        assert_int_equal(cg_note_parse(cases[i].note, strlen(cases[i].note), &note, &err), -1);
        assert_error(&err, CG_E_FORM, cases[i].message);
        assert_null(note.text);
    }
}

static void keeps_the_limits(void **state)
{
    (void)state;
    for (unsigned count = 99; count <= 101; count++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes data = {0};
        CG_AUTO_NOTE struct cg_note note = {0};
        cg_bytes_append_text(&data, "text\n\n", &err);
        for (unsigned i = 0; i < count; i++)
            cg_bytes_append_text(&data, "\xe2\x80\x94 a AAAAAAA=\n", &err);
        assert_int_equal(cg_note_parse(data.data, data.size, &note, &err), count <= 100 ? 0 : -1);
        if (count > 100)
            assert_error(&err, CG_E_LIMIT, "the note has more than 100 signatures");
    }
    struct cg_error err = {0};
    CG_AUTO_FREE char *large = malloc(CG_NOTE_SIZE_MAX + 1);
    struct cg_note note;
    memset(large, 'a', CG_NOTE_SIZE_MAX + 1);
    assert_int_equal(cg_note_parse(large, CG_NOTE_SIZE_MAX + 1, &note, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a note of 1048577 bytes, at most 1048576 are read");
    assert_int_equal(cg_note_parse(large, CG_NOTE_SIZE_MAX, &note, &err), -1);
    assert_error(&err, CG_E_FORM, "the text of a note ends in a newline");

    unsigned char key[32] = {1};
    struct cg_note_verifier verifier;
    large[255] = '\0';
    assert_int_equal(cg_note_verifier_make(large, CG_NOTE_ED25519, key, &verifier, &err), 0);
    large[255] = 'a';
    large[256] = '\0';
    assert_int_equal(cg_note_verifier_make(large, CG_NOTE_ED25519, key, &verifier, &err), -1);
    assert_error_has(&err, CG_E_FORM, "is no name of a key: 1 to 255 bytes of UTF-8");
}

static void writes_keys_that_it_reads(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsigned char seed[32];
    memset(seed, 3, sizeof seed);
    for (int type = CG_NOTE_ED25519; type <= CG_NOTE_COSIGNATURE; type += 3) {
        CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer =
            cg_note_signer_create("example.com/k", (enum cg_note_type)type, seed, &err);
        CG_AUTO_BYTES struct cg_bytes skey = {0}, vkey = {0};
        struct cg_note_verifier verifier;
        assert_int_equal(cg_note_signer_reveal(signer, seed, &skey, &err), 0);
        CG_AUTO_NOTE_SIGNER struct cg_note_signer *read = cg_note_signer_parse(skey.data, &err);
        assert_memory_equal(cg_note_signer_verifier(read), cg_note_signer_verifier(signer), sizeof verifier);
        assert_int_equal(cg_note_verifier_format(cg_note_signer_verifier(read), &vkey, &err), 0);
        assert_int_equal(cg_note_verifier_parse(vkey.data, &verifier, &err), 0);
        assert_memory_equal(&verifier, cg_note_signer_verifier(signer), sizeof verifier);

        /* Another seed's key id does not fit. */
        skey.data[skey.size - 4] = 'B';
        assert_null(cg_note_signer_parse(skey.data, &err));
        assert_error(&err, CG_E_FORM, "the key id of the signer key of example.com/k is not that of the key");
    }
}

/* A message that repeats a private key would put it into a log. */
static void repeats_no_private_key(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "PRIVATE+KEY+", "secret", "PRIVATE+KEY+n+01020304+secret",
                                      "PRIVATE+KEY+n+01020304+AgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        assert_null(cg_note_signer_parse(bad[i], &err));
        assert_error(&err, CG_E_FORM, "not a signer key, which reads PRIVATE+KEY+NAME+KEYID+BASE64");
    }
}

static void refuses_what_is_no_verifier_key(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_note_verifier verifier;
    assert_int_equal(cg_note_verifier_parse("nothing", &verifier, &err), -1);
    assert_error(&err, CG_E_FORM, "\"nothing\" is no verifier key, which reads NAME+KEYID+BASE64");
    assert_int_equal(cg_note_verifier_parse("n+01020304+AgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD", &verifier, &err),
                     -1);
    assert_error(&err, CG_E_FORM,
                 "the key \"n+01020304+AgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD\" is of type 0x02, expected 0x01 "
                 "(Ed25519) or 0x04 (cosignature)");
    assert_int_equal(cg_note_verifier_parse("n+01020304+AQMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD", &verifier, &err),
                     -1);
    assert_error_has(&err, CG_E_FORM, " is not that of the key, ");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = signed_log_key("n", CG_NOTE_COSIGNATURE, 1);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes data = {0};
        CG_AUTO_NOTE struct cg_note note = {0};
        struct cg_note_verdict verdict = {0};
        allocation_fail_at(n);
        bool good = cg_bytes_printf(&data, &err, "%s\n", text) == 0 &&
                    cg_note_sign(signer, text, strlen(text), 5, &data, &err) == 0 &&
                    cg_note_parse(data.data, data.size, &note, &err) == 0 &&
                    cg_note_verify(&note, cg_note_signer_verifier(signer), 1, &verdict, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good && verdict.verified);
            assert_true(n > 8 || !allocation_can_fail());
            return;
        }
        if (!good && err.code != CG_E_MEMORY && err.code != CG_E_INTERNAL)
            fail_msg("allocation %lu: %s", n, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_and_verifies),
        cmocka_unit_test(keeps_the_types_of_signature_apart),
        cmocka_unit_test(takes_the_latest_of_two_cosignatures),
        cmocka_unit_test(refuses_a_known_keys_wrong_signature),
        cmocka_unit_test(refuses_a_time_no_clock_has),
        cmocka_unit_test(says_what_is_wrong_with_a_note),
        cmocka_unit_test(keeps_the_limits),
        cmocka_unit_test(writes_keys_that_it_reads),
        cmocka_unit_test(repeats_no_private_key),
        cmocka_unit_test(refuses_what_is_no_verifier_key),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
