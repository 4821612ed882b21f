/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_MERKLE_H
#define CG_MERKLE_H

/*
 * The Merkle tree of a transparency log: hashing, and growing a tree of which only its right edge is kept.
 *
 * Implements RFC 9162 section 2.1.1 (as RFC 6962 section 2.1) with SHA-256. A node is named by (level, index): it is
 * the root of the perfect tree over the leaves [index << level, (index + 1) << level). Proofs are merkle_proof.h, how
 * nodes are kept in files is tile.h. Stores nothing; not for use by two threads at once.
 */

#include "cg/api.h"
#include "cg/auto.h"
#include "cg/error.h"

#include <stdbool.h>
#include <stdint.h>

#define CG_MERKLE_HASH_SIZE 32
/* Leaves a tree may have: larger sizes are refused, so no sum of two sizes overflows. */
#define CG_MERKLE_SIZE_MAX (UINT64_C(1) << 62)
/* Levels of nodes that the largest tree has, the leaves being level 0. */
#define CG_MERKLE_LEVELS 63

struct cg_merkle_hash {
    unsigned char bytes[CG_MERKLE_HASH_SIZE];
};

/* SHA-256 at work, made once and used for any number of hashes. */
struct cg_merkle_hasher;

#define CG_AUTO_MERKLE_HASHER CG_AUTO(cg_merkle_hasher_auto)

/*
 * A tree by its right edge: the roots of the perfect trees it is made of. Zero-initialised it is the empty tree. Copy
 * it to try an append. `edge[level]` is meant when bit `level` of `size` is set, and zero or stale otherwise.
 */
struct cg_merkle_range {
    uint64_t size; /* leaves */
    struct cg_merkle_hash edge[CG_MERKLE_LEVELS];
};

/* Told every node that an append completes, leaf first, then upwards. 0, or -1 with an error to stop the append. */
struct cg_merkle_sink {
    int (*node)(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash, struct cg_error *err);
    void *context;
};

/* Where nodes of a tree are read. Asked only for nodes that lie whole in a tree of the size in question. */
struct cg_merkle_source {
    int (*node)(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err);
    void *context;
};

/* NULL with CG_E_MEMORY, or CG_E_INTERNAL if OpenSSL has no SHA-256. */
CG_API struct cg_merkle_hasher *cg_merkle_hasher_create(struct cg_error *err);
/* NULL is allowed. */
CG_API void cg_merkle_hasher_destroy(struct cg_merkle_hasher *hasher);

/* Each writes `hash` and returns 0, or -1 with CG_E_INTERNAL. `hash` may be one of the children. */
CG_API int cg_merkle_hash_leaf(struct cg_merkle_hasher *hasher, const void *data, size_t size,
                               struct cg_merkle_hash *hash, struct cg_error *err);
CG_API int cg_merkle_hash_node(struct cg_merkle_hasher *hasher, const struct cg_merkle_hash *left,
                               const struct cg_merkle_hash *right, struct cg_merkle_hash *hash, struct cg_error *err);

/* The root of the empty tree: SHA-256 of nothing. */
CG_API void cg_merkle_empty_root(struct cg_merkle_hash *root);

CG_API bool cg_merkle_hash_equal(const struct cg_merkle_hash *one, const struct cg_merkle_hash *other);

/*
 * Appends the hash of a leaf. `sink` may be NULL. 0; or -1 with CG_E_LIMIT at CG_MERKLE_SIZE_MAX leaves, CG_E_INTERNAL
 * or what the sink failed with: then the range is as before, though the sink may have been told some nodes.
 */
CG_API int cg_merkle_range_append(struct cg_merkle_range *range, struct cg_merkle_hasher *hasher,
                                  const struct cg_merkle_hash *leaf, const struct cg_merkle_sink *sink,
                                  struct cg_error *err);

/* The root of the tree as it is. 0, or -1 with CG_E_INTERNAL. */
CG_API int cg_merkle_range_root(const struct cg_merkle_range *range, struct cg_merkle_hasher *hasher,
                                struct cg_merkle_hash *root, struct cg_error *err);

/* The range of a tree of `size` leaves, its edge read from `source`. 0; -1 with CG_E_LIMIT or the source's error. */
CG_API int cg_merkle_range_read(const struct cg_merkle_source *source, uint64_t size, struct cg_merkle_range *range,
                                struct cg_error *err);

static inline void cg_merkle_hasher_auto(struct cg_merkle_hasher **hasher)
{
    cg_merkle_hasher_destroy(*hasher);
}

#endif
