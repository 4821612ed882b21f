/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_ED25519_H
#define CG_ED25519_H

/*
 * Ed25519 (RFC 8032), by OpenSSL: a private key from its seed, signatures, their verification.
 *
 * Signing is deterministic, so no randomness is needed; a new seed comes from outside. Key files and names are note.h.
 */

#include "cg/api.h"
#include "cg/auto.h"
#include "cg/error.h"

#define CG_ED25519_SEED_SIZE 32
#define CG_ED25519_PUBLIC_SIZE 32
#define CG_ED25519_SIGNATURE_SIZE 64

/* A private key. OpenSSL wipes it when it is destroyed. Cannot be printed. */
struct cg_ed25519;

#define CG_AUTO_ED25519 CG_AUTO(cg_ed25519_auto)

/* The key of a seed; the caller wipes the seed. NULL with CG_E_MEMORY, or CG_E_INTERNAL if OpenSSL refuses. */
CG_API struct cg_ed25519 *cg_ed25519_create(const unsigned char seed[CG_ED25519_SEED_SIZE], struct cg_error *err);

CG_API void cg_ed25519_public(const struct cg_ed25519 *key, unsigned char public_key[CG_ED25519_PUBLIC_SIZE]);

/* 0, or -1 with CG_E_MEMORY or CG_E_INTERNAL. */
CG_API int cg_ed25519_sign(const struct cg_ed25519 *key, const void *message, size_t size,
                           unsigned char signature[CG_ED25519_SIGNATURE_SIZE], struct cg_error *err);

/* 0 when the key signed the message; -1 with CG_E_SIGNATURE when not, CG_E_MEMORY, CG_E_INTERNAL. */
CG_API int cg_ed25519_verify(const unsigned char public_key[CG_ED25519_PUBLIC_SIZE], const void *message, size_t size,
                             const unsigned char signature[CG_ED25519_SIGNATURE_SIZE], struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_ed25519_destroy(struct cg_ed25519 *key);

static inline void cg_ed25519_auto(struct cg_ed25519 **key)
{
    cg_ed25519_destroy(*key);
}

#endif
