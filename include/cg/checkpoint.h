/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_CHECKPOINT_H
#define CG_CHECKPOINT_H

/*
 * C2SP tlog-checkpoint: what a log signs, and whom to believe about it.
 *
 * A checkpoint is a signed note whose text names the log, its size and its root. A policy says which log, whose
 * signatures, and how many witnesses. Not about whether two checkpoints agree: merkle_proof.h.
 */

#include "cg/merkle.h"
#include "cg/note.h"

/* Bytes of an origin, without the NUL. */
#define CG_CHECKPOINT_ORIGIN_MAX 255U

/* Zero-initialise; release with cg_checkpoint_finish. */
struct cg_checkpoint {
    char origin[CG_CHECKPOINT_ORIGIN_MAX + 1];
    uint64_t size;
    struct cg_merkle_hash root;
    char *extension; /* extension lines, each with its newline; NULL when there are none; owned */
};

#define CG_AUTO_CHECKPOINT CG_AUTO(cg_checkpoint_finish)

/* Whom to believe. Arrays are borrowed. */
struct cg_checkpoint_policy {
    const char *origin; /* the log's origin; NULL: the name of the key that signed */
    const struct cg_note_verifier
        *logs;        /* the log's keys (several while one is being replaced): one must have signed */
    size_t log_count; /* at least 1 */
    const struct cg_note_verifier *witnesses; /* keys of type CG_NOTE_COSIGNATURE */
    size_t witness_count;
    size_t quorum; /* witnesses that must have signed, counted by public key; 0: none */
};

/* Appends the text to be signed. 0, or -1 with CG_E_FORM (origin, extension), CG_E_MEMORY. */
CG_API int cg_checkpoint_format(const struct cg_checkpoint *checkpoint, struct cg_bytes *text, struct cg_error *err);

/* Reads a note's text. 0, or -1 with CG_E_FORM, CG_E_LIMIT (size above CG_MERKLE_SIZE_MAX), CG_E_MEMORY. */
CG_API int cg_checkpoint_parse(const char *text, size_t size, struct cg_checkpoint *checkpoint, struct cg_error *err);

/*
 * Appends the whole note: the text and a signature of each signer. 0, or -1 with CG_E_FORM, CG_E_MEMORY, CG_E_INTERNAL.
 */
CG_API int cg_checkpoint_sign(const struct cg_checkpoint *checkpoint, const struct cg_note_signer *const *signers,
                              size_t count, struct cg_bytes *note, struct cg_error *err);

/*
 * Reads a checkpoint as signed note and believes it only under the policy. `cosigned` (may be NULL) gets the number of
 * witnesses that signed. 0; -1 with CG_E_FORM, CG_E_SIGNATURE (no key of the log signed, or a known key's signature is
 * wrong), CG_E_FORK (another log's origin), CG_E_QUORUM, CG_E_LIMIT, CG_E_MEMORY; *checkpoint is unchanged then.
 */
CG_API int cg_checkpoint_open(const char *note, size_t size, const struct cg_checkpoint_policy *policy,
                              struct cg_checkpoint *checkpoint, size_t *cosigned, struct cg_error *err);

/*
 * A size or an index as all texts of a log write it: decimal, no leading zeroes, below 2^64; `text` is nothing but the
 * number. 0, or -1 with CG_E_FORM.
 */
CG_API int cg_checkpoint_parse_number(const char *text, size_t size, uint64_t *number, struct cg_error *err);

/* Frees and zeroes. */
CG_API void cg_checkpoint_finish(struct cg_checkpoint *checkpoint);

#endif
