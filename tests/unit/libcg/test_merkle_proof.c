/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "memory_tree.h"

/* Trees small enough to try everything about them. */
enum { SMALL = 40 };

static void proves_and_verifies_a_leaf(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct memory_tree *tree = memory_tree_numbers(100);
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_proof proof;
    struct cg_merkle_hash root = memory_tree_root(tree, 100), other = memory_tree_root(tree, 99);
    assert_int_equal(cg_merkle_prove_inclusion(&source, 42, 100, &proof, &err), 0);
    assert_int_equal(proof.count, 7);
    assert_int_equal(cg_merkle_verify_inclusion(&tree->levels[0][42], 42, 100, &proof, &root, &err), 0);
    assert_int_equal(cg_merkle_verify_inclusion(&tree->levels[0][41], 42, 100, &proof, &root, &err), -1);
    assert_error(&err, CG_E_PROOF, "leaf 42 is not in this tree of 100 leaves");
    assert_int_equal(cg_merkle_verify_inclusion(&tree->levels[0][42], 42, 100, &proof, &other, &err), -1);
    assert_error(&err, CG_E_PROOF, "leaf 42 is not in this tree of 100 leaves");
    memory_tree_destroy(tree);
}

static void proves_and_verifies_growth(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct memory_tree *tree = memory_tree_numbers(100);
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_proof proof;
    struct cg_merkle_hash old_root = memory_tree_root(tree, 42), new_root = memory_tree_root(tree, 100);
    assert_int_equal(cg_merkle_prove_consistency(&source, 42, 100, &proof, &err), 0);
    assert_int_equal(cg_merkle_verify_consistency(42, &old_root, 100, &new_root, &proof, &err), 0);
    assert_int_equal(cg_merkle_verify_consistency(42, &new_root, 100, &new_root, &proof, &err), -1);
    assert_error(&err, CG_E_PROOF, "the tree of 100 leaves does not continue this one of 42");
    memory_tree_destroy(tree);
}

/* Property, over all small trees: every proof made is right, for no other place, size or root. */
static void verifies_each_leaf_of_small_trees_at_its_place_only(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(SMALL);
    struct cg_merkle_source source = memory_tree_source(tree);
    for (uint64_t size = 1; size <= SMALL; size++) {
        struct cg_merkle_hash root = memory_tree_root(tree, size);
        for (uint64_t index = 0; index < size; index++) {
            struct cg_merkle_proof proof;
            assert_int_equal(cg_merkle_prove_inclusion(&source, index, size, &proof, NULL), 0);
            for (uint64_t place = 0; place < size; place++)
                assert_int_equal(cg_merkle_verify_inclusion(&tree->levels[0][index], place, size, &proof, &root, NULL),
                                 place == index ? 0 : -1);
        }
    }
    memory_tree_destroy(tree);
}

static void verifies_each_growth_of_small_trees_for_its_sizes_only(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(SMALL);
    struct cg_merkle_source source = memory_tree_source(tree);
    for (uint64_t new_size = 0; new_size <= SMALL; new_size++) {
        struct cg_merkle_hash new_root = memory_tree_root(tree, new_size);
        for (uint64_t old_size = 0; old_size <= new_size; old_size++) {
            struct cg_merkle_proof proof;
            struct cg_merkle_hash old_root = memory_tree_root(tree, old_size), bad_root = old_root;
            assert_int_equal(cg_merkle_prove_consistency(&source, old_size, new_size, &proof, NULL), 0);
            assert_int_equal(cg_merkle_verify_consistency(old_size, &old_root, new_size, &new_root, &proof, NULL), 0);
            bad_root.bytes[31] ^= 1;
            assert_int_equal(cg_merkle_verify_consistency(old_size, &bad_root, new_size, &new_root, &proof, NULL), -1);
            if (old_size > 0)
                assert_int_equal(
                    cg_merkle_verify_consistency(old_size - 1, &old_root, new_size, &new_root, &proof, NULL), -1);
        }
    }
    memory_tree_destroy(tree);
}

static void refuses_proofs_of_another_length(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(SMALL);
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_hash root = memory_tree_root(tree, 7), old_root = memory_tree_root(tree, 3);
    struct cg_merkle_proof inclusion, consistency;
    assert_int_equal(cg_merkle_prove_inclusion(&source, 2, 7, &inclusion, NULL), 0);
    assert_int_equal(cg_merkle_prove_consistency(&source, 3, 7, &consistency, NULL), 0);
    size_t right_inclusion = inclusion.count, right_consistency = consistency.count;
    for (size_t count = 0; count <= CG_MERKLE_PROOF_MAX + 1; count++) {
        struct cg_error err = {0};
        char message[120];
        snprintf(message, sizeof message, "the proof has %zu hashes, which is not what trees of these sizes need",
                 count);
        inclusion.count = consistency.count = count;
        if (count != right_inclusion) {
            assert_int_equal(cg_merkle_verify_inclusion(&tree->levels[0][2], 2, 7, &inclusion, &root, &err), -1);
            assert_error(&err, CG_E_PROOF, message);
        }
        if (count != right_consistency) {
            assert_int_equal(cg_merkle_verify_consistency(3, &old_root, 7, &root, &consistency, &err), -1);
            assert_error(&err, CG_E_PROOF, message);
            assert_int_equal(cg_merkle_verify_consistency(7, &root, 7, &root, &consistency, &err), count ? -1 : 0);
            cg_error_clear(&err);
        }
    }
    memory_tree_destroy(tree);
}

static int no_node(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err)
{
    (void)context;
    (void)level;
    (void)index;
    (void)hash;
    return cg_fail(err, CG_E_IO, "no node");
}

static int empty_node(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err)
{
    (void)err;
    *hash = (struct cg_merkle_hash){{(unsigned char)level, (unsigned char)index}};
    ++*(unsigned *)context;
    return 0;
}

static void keeps_the_limits_of_sizes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsigned asked = 0;
    struct cg_merkle_source source = {empty_node, &asked};
    struct cg_merkle_proof proof;
    struct cg_merkle_hash hash = {{0}}, root;
    const uint64_t most = CG_MERKLE_SIZE_MAX;
    static const char too_large[] = "a tree of 4611686018427387905 leaves, at most 4611686018427387904 are handled";

    assert_int_equal(cg_merkle_prove_inclusion(&source, most - 1, most, &proof, &err), 0);
    assert_int_equal(proof.count, 62);
    assert_int_equal(cg_merkle_inclusion_root(&hash, most - 1, most, &proof, &root, &err), 0);
    assert_int_equal(cg_merkle_prove_consistency(&source, most / 2 + 1, most, &proof, &err), 0);
    assert_true(proof.count <= CG_MERKLE_PROOF_MAX && proof.count >= 62);

    assert_int_equal(cg_merkle_prove_inclusion(&source, 0, most + 1, &proof, &err), -1);
    assert_error(&err, CG_E_LIMIT, too_large);
    assert_int_equal(cg_merkle_prove_inclusion(&source, 5, 5, &proof, &err), -1);
    assert_error(&err, CG_E_LIMIT, "leaf 5 is not in a tree of 5 leaves");
    assert_int_equal(cg_merkle_prove_consistency(&source, 0, most + 1, &proof, &err), -1);
    assert_error(&err, CG_E_LIMIT, too_large);
    assert_int_equal(cg_merkle_prove_consistency(&source, 6, 5, &proof, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a tree of 5 leaves does not continue one of 6");
    assert_int_equal(cg_merkle_inclusion_root(&hash, 0, most + 1, &proof, &root, &err), -1);
    assert_error(&err, CG_E_LIMIT, too_large);
    assert_int_equal(cg_merkle_inclusion_root(&hash, 5, 5, &proof, &root, &err), -1);
    assert_error(&err, CG_E_PROOF, "leaf 5 is not in a tree of 5 leaves");
    assert_int_equal(cg_merkle_verify_consistency(most + 1, &hash, most + 1, &hash, &proof, &err), -1);
    assert_error(&err, CG_E_LIMIT, too_large);
    assert_int_equal(cg_merkle_verify_consistency(6, &hash, 5, &hash, &proof, &err), -1);
    assert_error(&err, CG_E_PROOF, "a tree of 5 leaves does not continue one of 6");
}

static void says_why_trees_without_a_proof_differ(void **state)
{
    (void)state;
    struct cg_error err = {0};
    const struct cg_merkle_proof none = {0};
    struct cg_merkle_hash empty, one = {{1}}, two = {{2}};
    cg_merkle_empty_root(&empty);
    assert_int_equal(cg_merkle_verify_consistency(0, &empty, 5, &one, &none, &err), 0);
    assert_int_equal(cg_merkle_verify_consistency(0, &one, 5, &one, &none, &err), -1);
    assert_error(&err, CG_E_PROOF, "the root of the empty tree is not SHA-256 of nothing");
    assert_int_equal(cg_merkle_verify_consistency(5, &one, 5, &two, &none, &err), -1);
    assert_error(&err, CG_E_PROOF, "two trees of 5 leaves have different roots");
}

static void fails_as_the_source_does(void **state)
{
    (void)state;
    struct cg_error err = {0};
    const struct cg_merkle_source source = {no_node, NULL};
    struct cg_merkle_proof proof = {.count = 5};
    assert_int_equal(cg_merkle_prove_inclusion(&source, 0, 2, &proof, &err), -1);
    assert_error(&err, CG_E_IO, "no node");
    assert_int_equal(cg_merkle_prove_consistency(&source, 1, 2, &proof, &err), -1);
    assert_error(&err, CG_E_IO, "no node");
    assert_int_equal(proof.count, 5);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(9);
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_hash root = memory_tree_root(tree, 9), old_root = memory_tree_root(tree, 5);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_merkle_proof one, other;
        allocation_fail_at(n);
        bool good = cg_merkle_prove_inclusion(&source, 3, 9, &one, &err) == 0 &&
                    cg_merkle_verify_inclusion(&tree->levels[0][3], 3, 9, &one, &root, &err) == 0 &&
                    cg_merkle_prove_consistency(&source, 5, 9, &other, &err) == 0 &&
                    cg_merkle_verify_consistency(5, &old_root, 9, &root, &other, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good);
            break;
        }
        if (!good)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_INTERNAL);
    }
    memory_tree_destroy(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_and_verifies_a_leaf),
        cmocka_unit_test(proves_and_verifies_growth),
        cmocka_unit_test(verifies_each_leaf_of_small_trees_at_its_place_only),
        cmocka_unit_test(verifies_each_growth_of_small_trees_for_its_sizes_only),
        cmocka_unit_test(refuses_proofs_of_another_length),
        cmocka_unit_test(keeps_the_limits_of_sizes),
        cmocka_unit_test(says_why_trees_without_a_proof_differ),
        cmocka_unit_test(fails_as_the_source_does),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("merkle_proof", tests, NULL, NULL);
}
