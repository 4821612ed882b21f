/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_WITNESS_H
#define AUDIT_WITNESS_H

/*
 * Being a witness: cosigns a checkpoint of a known log when it continues the last one cosigned (C2SP tlog-witness).
 *
 * For each log one file holds the last cosigned checkpoint, with our own cosignature, which is verified when it is
 * read: a state that was changed or is another witness's stops the witness from signing for that log. The file is
 * compared and replaced under a lock, and is on disk before the answer. Knows no HTTP.
 */

#include "cg/checkpoint.h"

/* Any number of threads may use one. */
struct witness;

#define AUTO_WITNESS CG_AUTO(witness_auto)

struct witness_options {
    const struct cg_note_signer *signer; /* of type CG_NOTE_COSIGNATURE; borrowed */
    const char *directory;               /* where the files are; made if need be; copied */
    const struct cg_note_verifier *logs; /* a log's origin is its key's name; it may have several keys; copied */
    size_t log_count;
};

/* What is answered to a request. Zero-initialise; release `body` with cg_bytes_finish. */
struct witness_answer {
    unsigned status;          /* 200, 400, 403, 404, 409, 422, 500 */
    const char *content_type; /* of the body; static */
    struct cg_bytes body;     /* signature lines (200), our size (409); empty otherwise: *err says why */
};

/* NULL with CG_E_CONFIG (a signer of another type, no logs), CG_E_IO, CG_E_MEMORY. */
struct witness *witness_create(const struct witness_options *options, struct cg_error *err);

/*
 * Judges a request of `size` bytes at `now_s` (seconds since the epoch), which is what is cosigned. The answer is
 * filled in any case. Returns 0 for 200, -1 otherwise with an error.
 */
int witness_add_checkpoint(struct witness *witness, const char *body, size_t size, uint64_t now_s,
                           struct witness_answer *answer, struct cg_error *err);

/* NULL is allowed. */
void witness_destroy(struct witness *witness);

static inline void witness_auto(struct witness **witness)
{
    witness_destroy(*witness);
}

#endif
