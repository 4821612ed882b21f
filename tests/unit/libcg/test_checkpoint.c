/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "signed_log.h"

static const char example[] = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

static void reads_and_writes_the_text(void **state)
{
    (void)state;
    static const char *const extensions[] = {"", "one\n", "one\ntwo\n"};
    for (size_t i = 0; i < 3; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0}, again = {0};
        CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
        cg_bytes_printf(&text, &err, "%s%s", example, extensions[i]);
        assert_int_equal(cg_checkpoint_parse(text.data, text.size, &checkpoint, &err), 0);
        assert_string_equal(checkpoint.origin, "example.com/behind-the-sofa");
        assert_true(checkpoint.size == 20852163);
        assert_int_equal(checkpoint.root.bytes[0], 0x0a);
        assert_string_equal(checkpoint.extension ? checkpoint.extension : "", extensions[i]);
        assert_int_equal(cg_checkpoint_format(&checkpoint, &again, &err), 0);
        assert_string_equal(again.data, text.data);
    }
}

static void says_what_is_wrong_with_a_text(void **state)
{
    (void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static const struct {
        const char *text;
        enum cg_code code;
        const char *message;
    } cases[] = {
        {"", CG_E_FORM, "the text of a note ends in a newline"},
        {"o\n", CG_E_FORM, "the checkpoint ends where the size is expected"},
        {"o\n1\n", CG_E_FORM, "the checkpoint ends where the root is expected"},
        {"\n1\n" ROOT, CG_E_FORM, "the origin of the checkpoint has 0 bytes, expected 1 to 255"},
        {"o\n01\n" ROOT, CG_E_FORM, "\"01\" is no decimal number of 64 bits without leading zeroes"},
        {"o\n\n" ROOT, CG_E_FORM, "\"\" is no decimal number of 64 bits without leading zeroes"},
        {"o\n-1\n" ROOT, CG_E_FORM, "\"-1\" is no decimal number of 64 bits without leading zeroes"},
        {"o\n1 \n" ROOT, CG_E_FORM, "\"1 \" is no decimal number of 64 bits without leading zeroes"},
        {"o\n18446744073709551616\n" ROOT, CG_E_FORM,
         "\"18446744073709551616\" is no decimal number of 64 bits without leading zeroes"},
        {"o\n18446744073709551615\n" ROOT, CG_E_LIMIT,
         "a log of 18446744073709551615 leaves, at most 4611686018427387904 are handled"},
        {"o\n1\nAAAA\n", CG_E_FORM, "the root of the checkpoint: base64 of 3 bytes, expected 32"},
        {"o\n1\n" ROOT "\n", CG_E_FORM, "the checkpoint has an empty line in its text"},
        {"o\n1\n" ROOT "e\n\nf\n", CG_E_FORM, "the checkpoint has an empty line in its text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct cg_checkpoint checkpoint = {.size = 77};
        assert_int_equal(cg_checkpoint_parse(cases[i].text, strlen(cases[i].text), &checkpoint, &err), -1);
        assert_error(&err, cases[i].code, cases[i].message);
        assert_true(checkpoint.size == 77);
    }
}

static void refuses_to_write_what_cannot_be_read(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct cg_checkpoint checkpoint = {.origin = ""};
    assert_int_equal(cg_checkpoint_format(&checkpoint, &text, &err), -1);
    assert_error(&err, CG_E_FORM, "the origin of a log is one line that is not empty");
    strcpy(checkpoint.origin, "a\nb");
    assert_int_equal(cg_checkpoint_format(&checkpoint, &text, &err), -1);
    assert_error(&err, CG_E_FORM, "the origin of a log is one line that is not empty");
    char empty_line[] = "one\n\n", open_line[] = "one";
    strcpy(checkpoint.origin, "a");
    checkpoint.extension = empty_line;
    assert_int_equal(cg_checkpoint_format(&checkpoint, &text, &err), -1);
    assert_error(&err, CG_E_FORM, "an extension line of a checkpoint is not empty");
    checkpoint.extension = open_line;
    assert_int_equal(cg_checkpoint_format(&checkpoint, &text, &err), -1);
    assert_error(&err, CG_E_FORM, "the text of a note ends in a newline");
    assert_int_equal(text.size, 0);
}

static void believes_what_the_policy_says(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct signed_log *log = signed_log_create(5);
    CG_AUTO_BYTES struct cg_bytes own = {0}, cosigned = {0};
    signed_log_checkpoint(log, 5, &own);
    signed_log_cosigned(log, 5, 1700000000, &cosigned);
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    size_t witnesses = 9;
    assert_int_equal(cg_checkpoint_open(cosigned.data, cosigned.size, &log->policy, &checkpoint, &witnesses, &err), 0);
    assert_int_equal(witnesses, 1);
    assert_true(checkpoint.size == 5);

    assert_int_equal(cg_checkpoint_open(own.data, own.size, &log->policy, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_QUORUM, "0 of the known witnesses signed the checkpoint of size 5, 1 must have");
    struct cg_checkpoint_policy policy = log->policy;
    policy.quorum = 0;
    assert_int_equal(cg_checkpoint_open(own.data, own.size, &policy, &checkpoint, NULL, &err), 0);

    policy.origin = "example.com/other";
    assert_int_equal(cg_checkpoint_open(own.data, own.size, &policy, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_FORK, "the checkpoint is of the log example.com/log, expected example.com/other");
    policy.origin = NULL;
    policy.logs = cg_note_signer_verifier(log->witness);
    assert_int_equal(cg_checkpoint_open(own.data, own.size, &policy, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_SIGNATURE, "the checkpoint is not signed by a key of the log witness.example/w");
    signed_log_destroy(log);
}

/* Two names of one key are one witness: otherwise it could make a quorum alone. */
static void counts_a_witness_once(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct signed_log *log = signed_log_create(5);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *alias = signed_log_key("alias.example/w", CG_NOTE_COSIGNATURE, 2);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *second = signed_log_key("second.example/w", CG_NOTE_COSIGNATURE, 3);
    struct cg_note_verifier witnesses[] = {*cg_note_signer_verifier(log->witness), *cg_note_signer_verifier(alias),
                                           *cg_note_signer_verifier(second)};
    CG_AUTO_BYTES struct cg_bytes note = {0};
    CG_AUTO_NOTE struct cg_note parsed = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0}, again = {0};
    signed_log_cosigned(log, 5, 1, &note);
    assert_int_equal(cg_note_parse(note.data, note.size, &parsed, &err), 0);
    assert_int_equal(cg_note_sign(alias, parsed.text, parsed.text_size, 1, &note, &err), 0);
    struct cg_checkpoint_policy policy = log->policy;
    policy.witnesses = witnesses;
    policy.witness_count = 3;
    policy.quorum = 2;
    assert_int_equal(cg_checkpoint_open(note.data, note.size, &policy, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_QUORUM, "1 of the known witnesses signed the checkpoint of size 5, 2 must have");
    assert_int_equal(cg_note_sign(second, parsed.text, parsed.text_size, 1, &note, &err), 0);
    assert_int_equal(cg_checkpoint_open(note.data, note.size, &policy, &again, NULL, &err), 0);
    signed_log_destroy(log);
}

/* While a key is replaced both sign, and whoever knows either believes. */
static void believes_either_key_of_a_rotation(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *before = signed_log_key("log", CG_NOTE_ED25519, 4);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *after = signed_log_key("log", CG_NOTE_ED25519, 5);
    const struct cg_note_signer *signers[] = {before, after};
    struct cg_checkpoint checkpoint = {.origin = "log"};
    CG_AUTO_BYTES struct cg_bytes note = {0};
    cg_merkle_empty_root(&checkpoint.root);
    assert_int_equal(cg_checkpoint_sign(&checkpoint, signers, 2, &note, &err), 0);
    for (size_t i = 0; i < 2; i++) {
        CG_AUTO_CHECKPOINT struct cg_checkpoint opened = {0};
        struct cg_checkpoint_policy policy = {.logs = cg_note_signer_verifier(signers[i]), .log_count = 1};
        assert_int_equal(cg_checkpoint_open(note.data, note.size, &policy, &opened, NULL, &err), 0);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct signed_log *log = signed_log_create(5);
    CG_AUTO_BYTES struct cg_bytes note = {0};
    signed_log_cosigned(log, 5, 1, &note);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
        CG_AUTO_BYTES struct cg_bytes again = {0};
        const struct cg_note_signer *signer = log->signer;
        allocation_fail_at(n);
        bool good = cg_checkpoint_open(note.data, note.size, &log->policy, &checkpoint, NULL, &err) == 0 &&
                    cg_checkpoint_sign(&checkpoint, &signer, 1, &again, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good);
            assert_true(n > 8 || !allocation_can_fail());
            break;
        }
        if (!good && err.code != CG_E_MEMORY && err.code != CG_E_INTERNAL)
            fail_msg("allocation %lu: %s", n, err.message);
    }
    signed_log_destroy(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_text),
        cmocka_unit_test(says_what_is_wrong_with_a_text),
        cmocka_unit_test(refuses_to_write_what_cannot_be_read),
        cmocka_unit_test(believes_what_the_policy_says),
        cmocka_unit_test(counts_a_witness_once),
        cmocka_unit_test(believes_either_key_of_a_rotation),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
