/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_DSSE_H
#define CG_DSSE_H

/*
 * DSSE (secure-systems-lab/dsse protocol.md, version 1): a signed payload with its type, as in-toto uses it.
 *
 * Ed25519 only; signatures by other keys are passed over. What the payload means is not looked at.
 */

#include "cg/bytes.h"
#include "cg/ed25519.h"

/* Bytes of an envelope, and signatures it may have. */
#define CG_DSSE_SIZE_MAX (16U * 1024U * 1024U)
#define CG_DSSE_SIGNATURES_MAX 16U

/* Appends the pre-authentication encoding, which is what is signed. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_dsse_pae(const char *payload_type, const void *payload, size_t size, struct cg_bytes *pae,
                       struct cg_error *err);

/*
 * Appends the envelope, one line of JSON without a newline. `key_id` is an unsigned hint for verifiers, NULL for none.
 * 0, or -1 with CG_E_MEMORY, CG_E_INTERNAL, CG_E_FORM (payload_type or key_id not UTF-8).
 */
CG_API int cg_dsse_sign(const struct cg_ed25519 *key, const char *key_id, const char *payload_type, const void *payload,
                        size_t size, struct cg_bytes *envelope, struct cg_error *err);

/* A public key whose signature is believed. */
struct cg_dsse_key {
    unsigned char public_key[CG_ED25519_PUBLIC_SIZE];
};

/*
 * Reads an envelope that one of the keys signed, for this payload type; appends the payload. 0; -1 with CG_E_FORM (not
 * an envelope, another payload type), CG_E_LIMIT, CG_E_SIGNATURE (none of the keys signed it), CG_E_MEMORY.
 */
CG_API int cg_dsse_verify(const char *envelope, size_t envelope_size, const struct cg_dsse_key *keys, size_t count,
                          const char *payload_type, struct cg_bytes *payload, struct cg_error *err);

#endif
