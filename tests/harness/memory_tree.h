/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_MEMORY_TREE_H
#define TESTS_MEMORY_TREE_H

/* A Merkle tree whose every node is kept in memory: what proofs are made from in tests. */

#include "cg/merkle_proof.h"

struct memory_tree {
    struct cg_merkle_hasher *hasher;
    struct cg_merkle_range range;
    struct cg_merkle_hash *levels[CG_MERKLE_LEVELS]; /* the nodes of each level */
    size_t counts[CG_MERKLE_LEVELS];
};

/* An empty tree. Each of these fails the test if it cannot. */
struct memory_tree *memory_tree_create(void);
/* A tree of `size` leaves, the decimal numbers from 0 on. */
struct memory_tree *memory_tree_numbers(uint64_t size);
void memory_tree_append(struct memory_tree *tree, const void *leaf, size_t size);
/* For trees of any size up to the tree's. */
struct cg_merkle_source memory_tree_source(struct memory_tree *tree);
/* The root of the tree when it had `size` leaves. */
struct cg_merkle_hash memory_tree_root(struct memory_tree *tree, uint64_t size);
void memory_tree_destroy(struct memory_tree *tree);

#endif
