/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_TLOG_PROOF_H
#define CG_TLOG_PROOF_H

/*
 * C2SP tlog-proof: one file that proves offline that a leaf is in a log.
 *
 * It holds the leaf's index, the inclusion proof and the checkpoint. Our logs put the leaf's bytes into the "extra"
 * line: that line is not signed, but the leaf taken from it is hashed and held against the proof, so a file that
 * verifies speaks of this leaf and no other.
 */

#include "cg/checkpoint.h"
#include "cg/merkle_proof.h"

/* Bytes of a file: the largest leaf in base64, the proof, the largest note. */
#define CG_TLOG_PROOF_SIZE_MAX (2U * 1024U * 1024U)

/* Zero-initialise; release with cg_tlog_proof_finish. */
struct cg_tlog_proof {
    struct cg_bytes extra; /* the leaf's bytes */
    bool has_extra;        /* an empty leaf is a leaf */
    uint64_t index;
    struct cg_merkle_proof path;
    struct cg_bytes checkpoint; /* the signed note, verbatim */
};

#define CG_AUTO_TLOG_PROOF CG_AUTO(cg_tlog_proof_finish)

/* Appends the file. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_tlog_proof_format(const struct cg_tlog_proof *proof, struct cg_bytes *text, struct cg_error *err);

/* Reads a file, verifying nothing. 0, or -1 with CG_E_FORM, CG_E_LIMIT, CG_E_MEMORY; *proof is unchanged then. */
CG_API int cg_tlog_proof_parse(const char *text, size_t size, struct cg_tlog_proof *proof, struct cg_error *err);

/*
 * Is `leaf` in the log at the proof's index, under this policy? `leaf` NULL: the leaf in the file. `checkpoint` gets
 * what was signed, `cosigned` (may be NULL) the witnesses. 0; -1 with what cg_checkpoint_open fails with, CG_E_PROOF,
 * or CG_E_FORM when there is no leaf.
 */
CG_API int cg_tlog_proof_verify(const struct cg_tlog_proof *proof, const struct cg_checkpoint_policy *policy,
                                const void *leaf, size_t leaf_size, struct cg_checkpoint *checkpoint, size_t *cosigned,
                                struct cg_error *err);

/* Releases and zeroes. */
CG_API void cg_tlog_proof_finish(struct cg_tlog_proof *proof);

#endif
