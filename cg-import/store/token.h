/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

/*
 * For this room only: random texts that let in whoever has them, and the digests by which the database knows them.
 *
 * A token has 256 random bits, so one round of sha256 keeps it as well as a slow hash would; and since the database is
 * asked for the digest, the time it takes tells nothing of the token.
 */

#include "base/secret.h"
#include "cg/digest.h"

/* `prefix` (at most 8 characters) and 43 random characters of base64url. 0, or -1 with CG_E_IO, CG_E_MEMORY. */
int token_make(const char *prefix, struct secret *token, struct cg_error *err);

/* digests->sha256 of the token. 0, or -1 with CG_E_MEMORY. */
int token_digest(const struct secret *token, struct cg_digests *digests, struct cg_error *err);

#endif
