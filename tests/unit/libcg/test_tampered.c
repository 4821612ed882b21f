/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every single bit of a log of 1,000 leaves, flipped: leaves, hashes of tiles, proofs, checkpoints. */
#include "unit.h"

#include "cg/tile.h"
#include "cg/tlog_proof.h"
#include "signed_log.h"

enum { LEAVES = 1000 };

static int setup(void **state)
{
    *state = signed_log_create(LEAVES);
    return 0;
}

static int teardown(void **state)
{
    signed_log_destroy(*state);
    return 0;
}

static void flip(void *data, size_t bit)
{
    ((unsigned char *)data)[bit / 8] ^= (unsigned char)(1U << bit % 8);
}

/* What a verifier hashes is then no leaf of the log, at its place or at any other. */
static void finds_each_bit_of_a_leaf(void **state)
{
    struct signed_log *log = *state;
    struct cg_merkle_source source = memory_tree_source(log->tree);
    struct cg_merkle_hash root = memory_tree_root(log->tree, LEAVES), hash;
    for (uint64_t i = 0; i < LEAVES; i++) {
        CG_AUTO_BYTES struct cg_bytes leaf = {0};
        struct cg_merkle_proof proof;
        signed_log_leaf(i, &leaf);
        assert_int_equal(cg_merkle_prove_inclusion(&source, i, LEAVES, &proof, NULL), 0);
        for (size_t bit = 0; bit < 8 * leaf.size; bit++) {
            flip(leaf.data, bit);
            assert_int_equal(cg_merkle_hash_leaf(log->tree->hasher, leaf.data, leaf.size, &hash, NULL), 0);
            if (cg_merkle_verify_inclusion(&hash, i, LEAVES, &proof, &root, NULL) == 0)
                fail_msg("bit %zu of leaf %zu", bit, (size_t)i);
            flip(leaf.data, bit);
        }
    }
}

/* A node's hash leads to the root by its path through the tree: with a bit flipped it leads elsewhere. */
static void finds_each_bit_of_a_tile(void **state)
{
    struct signed_log *log = *state;
    struct cg_merkle_source source = memory_tree_source(log->tree);
    struct cg_merkle_hash root = memory_tree_root(log->tree, LEAVES);
    size_t flipped = 0;
    for (uint64_t i = 0; i < LEAVES; i++) {
        struct cg_merkle_proof proof;
        struct cg_merkle_hash hash = log->tree->levels[0][i];
        assert_int_equal(cg_merkle_prove_inclusion(&source, i, LEAVES, &proof, NULL), 0);
        for (size_t bit = 0; bit < 8 * sizeof hash; bit++, flipped++) {
            flip(&hash, bit);
            if (cg_merkle_verify_inclusion(&hash, i, LEAVES, &proof, &root, NULL) == 0)
                fail_msg("bit %zu of hash %zu", bit, (size_t)i);
            flip(&hash, bit);
        }
    }
    assert_int_equal(flipped, LEAVES * 256);
}

/* Tiles above the leaves are what roots and consistency are read from. */
static void finds_each_bit_of_a_tile_above(void **state)
{
    struct signed_log *log = *state;
    struct cg_merkle_source source = memory_tree_source(log->tree);
    struct cg_merkle_hash right = memory_tree_root(log->tree, LEAVES);
    for (size_t i = 0; i < log->tree->counts[8]; i++)
        for (size_t bit = 0; bit < 256; bit++) {
            struct cg_merkle_range range;
            struct cg_merkle_hash root;
            flip(&log->tree->levels[8][i], bit);
            /* 1,000 leaves are three such nodes and a rest; the first two are read as the one above them. */
            struct cg_merkle_hash kept = log->tree->levels[9][0];
            assert_int_equal(cg_merkle_hash_node(log->tree->hasher, &log->tree->levels[8][0], &log->tree->levels[8][1],
                                                 &log->tree->levels[9][0], NULL),
                             0);
            assert_int_equal(cg_merkle_range_read(&source, LEAVES, &range, NULL), 0);
            assert_int_equal(cg_merkle_range_root(&range, log->tree->hasher, &root, NULL), 0);
            assert_false(cg_merkle_hash_equal(&root, &right));
            log->tree->levels[9][0] = kept;
            flip(&log->tree->levels[8][i], bit);
        }
}

static void finds_each_bit_of_a_proof_of_growth(void **state)
{
    struct signed_log *log = *state;
    struct cg_merkle_source source = memory_tree_source(log->tree);
    struct cg_merkle_hash new_root = memory_tree_root(log->tree, LEAVES);
    for (uint64_t old_size = 1; old_size < LEAVES; old_size += 97) {
        struct cg_merkle_proof proof;
        struct cg_merkle_hash old_root = memory_tree_root(log->tree, old_size);
        assert_int_equal(cg_merkle_prove_consistency(&source, old_size, LEAVES, &proof, NULL), 0);
        for (size_t bit = 0; bit < 8 * proof.count * sizeof *proof.hashes; bit++) {
            flip(proof.hashes, bit);
            assert_int_equal(cg_merkle_verify_consistency(old_size, &old_root, LEAVES, &new_root, &proof, NULL), -1);
            flip(proof.hashes, bit);
        }
        assert_int_equal(cg_merkle_verify_consistency(old_size, &old_root, LEAVES, &new_root, &proof, NULL), 0);
    }
}

static bool file_verifies(const struct signed_log *log, const struct cg_bytes *text)
{
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    return cg_tlog_proof_parse(text->data, text->size, &proof, NULL) == 0 &&
           cg_tlog_proof_verify(&proof, &log->policy, NULL, 0, &checkpoint, NULL, NULL) == 0;
}

/* All of a .tlog-proof counts: leaf, index, hashes, checkpoint, signatures of log and witness, and the marks between.
 */
static void finds_each_bit_of_a_proof_file(void **state)
{
    struct signed_log *log = *state;
    struct cg_merkle_source source = memory_tree_source(log->tree);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {.index = 613, .has_extra = true};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    signed_log_leaf(613, &proof.extra);
    signed_log_cosigned(log, LEAVES, 1700000000, &proof.checkpoint);
    assert_int_equal(cg_merkle_prove_inclusion(&source, 613, LEAVES, &proof.path, NULL), 0);
    assert_int_equal(cg_tlog_proof_format(&proof, &text, NULL), 0);
    assert_true(file_verifies(log, &text));
    for (size_t bit = 0; bit < 8 * text.size; bit++) {
        flip(text.data, bit);
        if (file_verifies(log, &text))
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        flip(text.data, bit);
    }
    /* Cut short, or with something after it, it is not believed either. */
    for (size_t size = 0; size < text.size; size++) {
        struct cg_bytes cut = {.data = text.data, .size = size};
        assert_false(file_verifies(log, &cut));
    }
    cg_bytes_append(&text, "\n", 1, NULL);
    assert_false(file_verifies(log, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_bit_of_a_leaf),       cmocka_unit_test(finds_each_bit_of_a_tile),
        cmocka_unit_test(finds_each_bit_of_a_tile_above), cmocka_unit_test(finds_each_bit_of_a_proof_of_growth),
        cmocka_unit_test(finds_each_bit_of_a_proof_file),
    };
    return cmocka_run_group_tests_name("tampered", tests, setup, teardown);
}
