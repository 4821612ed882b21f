/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "memory_tree.h"

#include "cg/bytes.h"

static void assert_hex(const struct cg_merkle_hash *hash, const char *expected)
{
    char hex[65];
    cg_hex(hex, hash->bytes, sizeof hash->bytes);
    assert_string_equal(hex, expected);
}

/* RFC 6962's own tree of seven leaves, as everybody tests it. */
static void grows_a_tree(void **state)
{
    (void)state;
    static const struct {
        const char *leaf;
        size_t size;
        const char *root;
    } steps[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    };
    struct cg_error err = {0};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    struct cg_merkle_range range = {0};
    struct cg_merkle_hash hash, root;
    assert_int_equal(cg_merkle_range_root(&range, hasher, &root, &err), 0);
    assert_hex(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(cg_merkle_hash_leaf(hasher, steps[i].leaf, steps[i].size, &hash, &err), 0);
        assert_int_equal(cg_merkle_range_append(&range, hasher, &hash, NULL, &err), 0);
        assert_int_equal(cg_merkle_range_root(&range, hasher, &root, &err), 0);
        assert_hex(&root, steps[i].root);
        assert_true(range.size == i + 1);
    }
}

static void hashes_a_node_over_one_of_its_children(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    struct cg_merkle_hash left = {{1}}, right = {{2}}, made;
    assert_int_equal(cg_merkle_hash_node(hasher, &left, &right, &made, &err), 0);
    assert_false(cg_merkle_hash_equal(&made, &left));
    assert_int_equal(cg_merkle_hash_node(hasher, &left, &right, &left, &err), 0);
    assert_true(cg_merkle_hash_equal(&made, &left));
}

/* Property: the sink gets each perfect tree's root once, in order of completion, and a range read of them is the one
 * that was grown. */
static void tells_every_node_it_completes(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(300);
    for (unsigned level = 0; level < 10; level++)
        assert_int_equal(tree->counts[level], 300U >> level);
    struct cg_error err = {0};
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_range read;
    struct cg_merkle_hash node;
    assert_int_equal(cg_merkle_hash_node(tree->hasher, &tree->levels[3][4], &tree->levels[3][5], &node, &err), 0);
    assert_true(cg_merkle_hash_equal(&node, &tree->levels[4][2]));
    assert_int_equal(cg_merkle_range_read(&source, 300, &read, &err), 0);
    struct cg_merkle_hash one, other;
    assert_int_equal(cg_merkle_range_root(&read, tree->hasher, &one, &err), 0);
    assert_int_equal(cg_merkle_range_root(&tree->range, tree->hasher, &other, &err), 0);
    assert_true(cg_merkle_hash_equal(&one, &other));
    memory_tree_destroy(tree);
}

static int refuse_level(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                        struct cg_error *err)
{
    (void)index;
    (void)hash;
    return level == *(const unsigned *)context ? cg_fail(err, CG_E_IO, "no place for level %u", level) : 0;
}

static void stays_as_it_was_when_the_sink_fails(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(7);
    struct cg_merkle_range before = tree->range;
    struct cg_merkle_hash leaf = {{7}};
    for (unsigned level = 0; level <= 3; level++) {
        struct cg_error err = {0};
        struct cg_merkle_sink sink = {refuse_level, &level};
        char message[40];
        snprintf(message, sizeof message, "no place for level %u", level);
        assert_int_equal(cg_merkle_range_append(&tree->range, tree->hasher, &leaf, &sink, &err), -1);
        assert_error(&err, CG_E_IO, message);
        assert_memory_equal(&tree->range, &before, sizeof before);
    }
    memory_tree_destroy(tree);
}

static int any_node(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err)
{
    (void)err;
    uint64_t *asked = context;
    *asked |= UINT64_C(1) << level;
    *hash = (struct cg_merkle_hash){{(unsigned char)level, (unsigned char)index}};
    return 0;
}

static void keeps_the_limit_of_leaves(void **state)
{
    (void)state;
    struct cg_error err = {0};
    uint64_t asked = 0;
    struct cg_merkle_source source = {any_node, &asked};
    struct cg_merkle_range range;
    struct cg_merkle_hash leaf = {{0}};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    assert_int_equal(cg_merkle_range_read(&source, CG_MERKLE_SIZE_MAX - 1, &range, &err), 0);
    assert_true(asked == CG_MERKLE_SIZE_MAX - 1);
    assert_int_equal(cg_merkle_range_append(&range, hasher, &leaf, NULL, &err), 0);
    assert_true(range.size == CG_MERKLE_SIZE_MAX);
    assert_int_equal(cg_merkle_range_append(&range, hasher, &leaf, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a tree has at most 4611686018427387904 leaves");
    assert_int_equal(cg_merkle_range_read(&source, CG_MERKLE_SIZE_MAX, &range, &err), 0);
    assert_int_equal(cg_merkle_range_read(&source, CG_MERKLE_SIZE_MAX + 1, &range, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a tree of 4611686018427387905 leaves, at most 4611686018427387904 are handled");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_merkle_hash hash;
        allocation_fail_at(n);
        CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
        int result = hasher ? cg_merkle_hash_leaf(hasher, "leaf", 4, &hash, &err) : -1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 2 || !allocation_can_fail());
            return;
        }
        /* OpenSSL gets by without some of what it asks for. */
        if (result < 0)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_a_tree),
        cmocka_unit_test(hashes_a_node_over_one_of_its_children),
        cmocka_unit_test(tells_every_node_it_completes),
        cmocka_unit_test(stays_as_it_was_when_the_sink_fails),
        cmocka_unit_test(keeps_the_limit_of_leaves),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
