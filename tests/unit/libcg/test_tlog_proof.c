/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/add_checkpoint.h"
#include "cg/tlog_proof.h"
#include "signed_log.h"

/* The proof of leaf `index` in the log of `size` leaves, with the leaf in it. */
static void make_proof(struct signed_log *log, uint64_t index, uint64_t size, struct cg_tlog_proof *proof)
{
    struct cg_merkle_source source = memory_tree_source(log->tree);
    proof->index = index;
    proof->has_extra = true;
    signed_log_leaf(index, &proof->extra);
    signed_log_cosigned(log, size, 1700000000, &proof->checkpoint);
    assert_int_equal(cg_merkle_prove_inclusion(&source, index, size, &proof->path, NULL), 0);
}

static void writes_reads_and_verifies(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct signed_log *log = signed_log_create(300);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0}, read = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    size_t cosigned = 0;
    make_proof(log, 42, 300, &proof);
    assert_int_equal(cg_tlog_proof_format(&proof, &text, &err), 0);
    assert_memory_equal(text.data, "c2sp.org/tlog-proof@v1\nextra bGVhZiA0Mg==\nindex 42\n", 51);
    assert_int_equal(cg_tlog_proof_parse(text.data, text.size, &read, &err), 0);
    assert_string_equal(read.extra.data, "leaf 42");
    assert_int_equal(cg_tlog_proof_verify(&read, &log->policy, NULL, 0, &checkpoint, &cosigned, &err), 0);
    assert_true(checkpoint.size == 300 && cosigned == 1);
    signed_log_destroy(log);
}

static void believes_no_other_leaf(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct signed_log *log = signed_log_create(9);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    make_proof(log, 4, 9, &proof);
    assert_int_equal(cg_tlog_proof_verify(&proof, &log->policy, "leaf 5", 6, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_PROOF, "leaf 4 is not in this tree of 9 leaves");
    assert_int_equal(cg_tlog_proof_verify(&proof, &log->policy, "leaf 4", 6, &checkpoint, NULL, &err), 0);
    cg_checkpoint_finish(&checkpoint);
    proof.has_extra = false;
    assert_int_equal(cg_tlog_proof_verify(&proof, &log->policy, NULL, 0, &checkpoint, NULL, &err), -1);
    assert_error(&err, CG_E_FORM, "the tlog-proof does not hold the leaf, and none was given");
    assert_int_equal(cg_tlog_proof_verify(&proof, &log->policy, "leaf 4", 6, &checkpoint, NULL, &err), 0);
    signed_log_destroy(log);
}

static void tells_an_empty_leaf_from_none(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof with = {.has_extra = true}, read = {0}, without = {0}, again = {0};
    CG_AUTO_BYTES struct cg_bytes one = {0}, other = {0};
    assert_int_equal(cg_tlog_proof_format(&with, &one, &err), 0);
    assert_string_equal(one.data, "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n");
    assert_int_equal(cg_tlog_proof_parse(one.data, one.size, &read, &err), 0);
    assert_true(read.has_extra && read.extra.size == 0);
    assert_int_equal(cg_tlog_proof_format(&without, &other, &err), 0);
    assert_string_equal(other.data, "c2sp.org/tlog-proof@v1\nindex 0\n\n");
    assert_int_equal(cg_tlog_proof_parse(other.data, other.size, &again, &err), 0);
    assert_false(again.has_extra);
}

static void says_what_is_wrong_with_a_file(void **state)
{
    (void)state;
#define FIRST "c2sp.org/tlog-proof@v1\n"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "the tlog-proof ends where its first line is expected"},
        {"c2sp.org/tlog-proof@v2\n", "the tlog-proof does not begin with the line c2sp.org/tlog-proof@v1"},
        {FIRST, "the tlog-proof ends where the index is expected"},
        {FIRST "extra A\n", "the tlog-proof ends where the index is expected"},
        {FIRST "extra A\nindex 0\n\n",
         "extra line of the tlog-proof: 1 characters of base64, expected a multiple of 4"},
        {FIRST "Index 0\n\n", "the tlog-proof has no line \"index\" where it is expected"},
        {FIRST "index  0\n\n", "\" 0\" is no decimal number of 64 bits without leading zeroes"},
        {FIRST "index 0\n", "the tlog-proof ends where the empty line after the hashes is expected"},
        {FIRST "index 0\n" HASH, "the tlog-proof ends where the empty line after the hashes is expected"},
        {FIRST "index 0\n" HASH "AAAA\n\n", "hash 2 of the tlog-proof: base64 of 3 bytes, expected 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct cg_tlog_proof proof = {.index = 77};
        assert_int_equal(cg_tlog_proof_parse(cases[i].text, strlen(cases[i].text), &proof, &err), -1);
        if (i == 3)
            assert_error_has(&err, CG_E_FORM, "extra line");
        else
            assert_error(&err, CG_E_FORM, cases[i].message);
        assert_true(proof.index == 77);
    }
}

static void keeps_the_limit_of_hashes(void **state)
{
    (void)state;
    for (size_t count = 63; count <= 65; count++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0}, body = {0};
        CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
        struct cg_add_checkpoint request;
        cg_bytes_append_text(&text, FIRST "index 0\n", &err);
        cg_bytes_append_text(&body, "old 1\n", &err);
        for (size_t i = 0; i < count; i++) {
            cg_bytes_append_text(&text, HASH, &err);
            cg_bytes_append_text(&body, HASH, &err);
        }
        cg_bytes_append_text(&text, "\n", &err);
        cg_bytes_append_text(&body, "\n", &err);
        assert_int_equal(cg_tlog_proof_parse(text.data, text.size, &proof, &err), count <= 64 ? 0 : -1);
        if (count > 64)
            assert_error(&err, CG_E_LIMIT, "the tlog-proof has more than 64 hashes");
        /* tlog-witness allows one hash less. */
        assert_int_equal(cg_add_checkpoint_parse(body.data, body.size, &request, &err), count <= 63 ? 0 : -1);
        if (count == 64)
            assert_error(&err, CG_E_LIMIT, "the request has 64 hashes, at most 63 are read");
    }
}

static void writes_and_reads_a_request_to_a_witness(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_add_checkpoint request = {.old_size = 20852014, .proof.count = 1, .note = "note", .note_size = 4}, read;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(cg_add_checkpoint_format(&request, &body, &err), 0);
    assert_string_equal(body.data, "old 20852014\n" HASH "\nnote");
    assert_int_equal(cg_add_checkpoint_parse(body.data, body.size, &read, &err), 0);
    assert_true(read.old_size == 20852014 && read.proof.count == 1 && read.note_size == 4);
    assert_memory_equal(read.note, "note", 4);
    static const char *const bad[] = {"", "old 1", "new 1\n\n", "old\n\n", "old 1\n"};
    static const char *const messages[] = {
        "the request ends where the line \"old\" is expected", "the request ends where the line \"old\" is expected",
        "the request does not begin with \"old\" and a size", "the request does not begin with \"old\" and a size",
        "the request ends where the empty line after the hashes is expected"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(cg_add_checkpoint_parse(bad[i], strlen(bad[i]), &read, &err), -1);
        assert_error(&err, CG_E_FORM, messages[i]);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct signed_log *log = signed_log_create(9);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    make_proof(log, 4, 9, &proof);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_TLOG_PROOF struct cg_tlog_proof read = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
        allocation_fail_at(n);
        bool good = cg_tlog_proof_format(&proof, &text, &err) == 0 &&
                    cg_tlog_proof_parse(text.data, text.size, &read, &err) == 0 &&
                    cg_tlog_proof_verify(&read, &log->policy, NULL, 0, &checkpoint, NULL, &err) == 0;
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
        cmocka_unit_test(writes_reads_and_verifies),        cmocka_unit_test(believes_no_other_leaf),
        cmocka_unit_test(tells_an_empty_leaf_from_none),    cmocka_unit_test(says_what_is_wrong_with_a_file),
        cmocka_unit_test(keeps_the_limit_of_hashes),        cmocka_unit_test(writes_and_reads_a_request_to_a_witness),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("tlog_proof", tests, NULL, NULL);
}
