/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * A text that must not be seen: session keys, reservation tokens, passwords.
 *
 * A type of its own so that no printf takes it by accident; wiped before its memory is given back. The one way to the
 * text is secret_reveal(), so a search for that name finds every place where a secret leaves.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stdbool.h>

/* Zero-initialise: `struct secret key = {0};`. Release with secret_finish. */
struct secret {
    char *hidden_; /* owned, NULL when unset; only secret.c touches it */
};

#define AUTO_SECRET CG_AUTO(secret_finish)

/* Copies `text`, wiping what was there. 0, or -1 with CG_E_MEMORY. */
int secret_set(struct secret *secret, const char *text, struct cg_error *err);

/* Reads the first line of a file that nobody else may write. 0, or -1 with CG_E_IO, CG_E_CONFIG, CG_E_MEMORY. */
int secret_set_from_file(struct secret *secret, const char *path, struct cg_error *err);

int secret_copy(struct secret *to, const struct secret *from, struct cg_error *err);
bool secret_is_set(const struct secret *secret);

/* Makes `to` of `before`, the secret and `after`: a header line or an URL that holds it. 0, or -1 with CG_E_MEMORY. */
int secret_join(struct secret *to, const char *before, const struct secret *secret, const char *after,
                struct cg_error *err);

/* The text, borrowed, "" when unset. For putting it into a request or a private file and nothing else. */
const char *secret_reveal(const struct secret *secret);

/* Overwrites memory in a way that the compiler does not take away. NULL is allowed. */
void secret_wipe(void *memory, size_t size);

/* Wipes and frees; the secret may be set again. */
void secret_finish(struct secret *secret);

#endif
