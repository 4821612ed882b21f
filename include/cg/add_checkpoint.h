/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_ADD_CHECKPOINT_H
#define CG_ADD_CHECKPOINT_H

/*
 * The body of a request to a witness (C2SP tlog-witness add-checkpoint): the size it has seen, the proof from there,
 * the checkpoint to cosign. Text only: what a witness makes of it is audit/witness.h.
 */

#include "cg/checkpoint.h"
#include "cg/merkle_proof.h"

/* Hashes that tlog-witness allows in a request. */
#define CG_ADD_CHECKPOINT_PROOF_MAX 63U
/* Bytes of a body: the proof and the largest note. */
#define CG_ADD_CHECKPOINT_SIZE_MAX (CG_NOTE_SIZE_MAX + 8192U)

/* Zero-initialise; on the caller's memory, nothing to release. */
struct cg_add_checkpoint {
    uint64_t old_size;
    struct cg_merkle_proof proof;
    const char *note; /* the checkpoint, borrowed: from the caller, or from the body that was read */
    size_t note_size;
};

/* Appends the body. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_add_checkpoint_format(const struct cg_add_checkpoint *request, struct cg_bytes *body,
                                    struct cg_error *err);

/* Reads a body; the checkpoint is not looked into. 0, or -1 with CG_E_FORM or CG_E_LIMIT; *request is unchanged then.
 */
CG_API int cg_add_checkpoint_parse(const char *body, size_t size, struct cg_add_checkpoint *request,
                                   struct cg_error *err);

#endif
