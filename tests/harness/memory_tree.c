/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory_tree.h"

#include "unit.h"

static int keep(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash, struct cg_error *err)
{
    (void)err;
    struct memory_tree *tree = context;
    assert_true(tree->counts[level] == index);
    size_t count = tree->counts[level]++;
    if ((count & (count - 1)) == 0) {
        tree->levels[level] = realloc(tree->levels[level], (count ? 2 * count : 1) * sizeof *hash);
        assert_non_null(tree->levels[level]);
    }
    tree->levels[level][index] = *hash;
    return 0;
}

static int give(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err)
{
    struct memory_tree *tree = context;
    if (index >= tree->counts[level])
        return cg_fail(err, CG_E_INTERNAL, "node %u/%zu is not in the tree", level, (size_t)index);
    *hash = tree->levels[level][index];
    return 0;
}

struct memory_tree *memory_tree_create(void)
{
    struct memory_tree *tree = calloc(1, sizeof *tree);
    assert_non_null(tree);
    tree->hasher = cg_merkle_hasher_create(NULL);
    assert_non_null(tree->hasher);
    return tree;
}

void memory_tree_append(struct memory_tree *tree, const void *leaf, size_t size)
{
    struct cg_error err = {0};
    struct cg_merkle_hash hash;
    struct cg_merkle_sink sink = {keep, tree};
    assert_int_equal(cg_merkle_hash_leaf(tree->hasher, leaf, size, &hash, &err), 0);
    assert_int_equal(cg_merkle_range_append(&tree->range, tree->hasher, &hash, &sink, &err), 0);
}

struct memory_tree *memory_tree_numbers(uint64_t size)
{
    struct memory_tree *tree = memory_tree_create();
    for (uint64_t i = 0; i < size; i++) {
        char leaf[24];
        memory_tree_append(tree, leaf, (size_t)snprintf(leaf, sizeof leaf, "%zu", (size_t)i));
    }
    return tree;
}

struct cg_merkle_source memory_tree_source(struct memory_tree *tree)
{
    return (struct cg_merkle_source){give, tree};
}

struct cg_merkle_hash memory_tree_root(struct memory_tree *tree, uint64_t size)
{
    struct cg_error err = {0};
    struct cg_merkle_source source = memory_tree_source(tree);
    struct cg_merkle_range range;
    struct cg_merkle_hash root;
    assert_int_equal(cg_merkle_range_read(&source, size, &range, &err), 0);
    assert_int_equal(cg_merkle_range_root(&range, tree->hasher, &root, &err), 0);
    return root;
}

void memory_tree_destroy(struct memory_tree *tree)
{
    for (size_t level = 0; level < CG_MERKLE_LEVELS; level++)
        free(tree->levels[level]);
    cg_merkle_hasher_destroy(tree->hasher);
    free(tree);
}
