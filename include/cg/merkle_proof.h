/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_MERKLE_PROOF_H
#define CG_MERKLE_PROOF_H

/*
 * Proofs over the Merkle tree of merkle.h: that a leaf is in it, that a tree continues another; made and verified.
 *
 * Implements RFC 9162 sections 2.1.3 and 2.1.4; hashes stand in the order of those sections. Verifying needs nothing
 * but what is passed; which root to trust is a matter of checkpoint.h.
 */

#include "cg/merkle.h"

/* Hashes a proof may have: one a level of the largest tree, and one more of a consistency proof. */
#define CG_MERKLE_PROOF_MAX 64

/* On the caller's memory; nothing to release. */
struct cg_merkle_proof {
    size_t count;
    struct cg_merkle_hash hashes[CG_MERKLE_PROOF_MAX];
};

/*
 * The proof that leaf `index` is in the tree of `size` leaves. 0; -1 with CG_E_LIMIT (index not below size, or size
 * above CG_MERKLE_SIZE_MAX), CG_E_INTERNAL, CG_E_MEMORY, or the source's error.
 */
CG_API int cg_merkle_prove_inclusion(const struct cg_merkle_source *source, uint64_t index, uint64_t size,
                                     struct cg_merkle_proof *proof, struct cg_error *err);

/*
 * The proof that the tree of `new_size` leaves continues that of `old_size`. It is empty when the sizes are equal or
 * `old_size` is 0. 0; -1 as above, CG_E_LIMIT when `old_size` is above `new_size`.
 */
CG_API int cg_merkle_prove_consistency(const struct cg_merkle_source *source, uint64_t old_size, uint64_t new_size,
                                       struct cg_merkle_proof *proof, struct cg_error *err);

/*
 * The root that the proof leads to from the hash of leaf `index`. 0; -1 with CG_E_PROOF (index not below size, another
 * number of hashes than such a proof has), CG_E_LIMIT (size), CG_E_INTERNAL or CG_E_MEMORY.
 */
CG_API int cg_merkle_inclusion_root(const struct cg_merkle_hash *leaf, uint64_t index, uint64_t size,
                                    const struct cg_merkle_proof *proof, struct cg_merkle_hash *root,
                                    struct cg_error *err);

/* 0 when the leaf is proved to be in the tree with this root; -1 as above, CG_E_PROOF also for another root. */
CG_API int cg_merkle_verify_inclusion(const struct cg_merkle_hash *leaf, uint64_t index, uint64_t size,
                                      const struct cg_merkle_proof *proof, const struct cg_merkle_hash *root,
                                      struct cg_error *err);

/*
 * 0 when the new tree is proved to continue the old one; -1 with CG_E_PROOF (either root, the sizes or the number of
 * hashes), CG_E_LIMIT, CG_E_INTERNAL, CG_E_MEMORY. Any tree continues the empty one, if that has the empty root.
 */
CG_API int cg_merkle_verify_consistency(uint64_t old_size, const struct cg_merkle_hash *old_root, uint64_t new_size,
                                        const struct cg_merkle_hash *new_root, const struct cg_merkle_proof *proof,
                                        struct cg_error *err);

#endif
