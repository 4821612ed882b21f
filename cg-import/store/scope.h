/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_SCOPE_H
#define STORE_SCOPE_H

/*
 * For this room only: globs as PostgreSQL can match them, so that what a caller may not see is never fetched.
 *
 * A glob means what fnmatch(3) without flags says. It becomes a regular expression that is a parameter of the
 * statement, not a part of it.
 */

#include "cg/bytes.h"
#include "store/imports.h"
#include "store/postgres.h"

/* Longest glob, bytes. */
#define GLOB_SIZE_MAX 512

/* Appends the regular expression of `glob`. 0, or -1 with CG_E_LIMIT, CG_E_MEMORY. */
int glob_pattern(const char *glob, struct cg_bytes *out, struct cg_error *err);

/* The condition on alias i that belongs to two parameters put by scope_put. */
#define SCOPE_SQL(content_generators, packages)                                                                        \
    "(" content_generators "::text[] IS NULL OR i.content_generator ~ ANY (" content_generators                        \
    "::text[])) AND (" packages "::text[] IS NULL OR i.package ~ ANY (" packages "::text[]))"

/* Zero-initialise. Texts of the parameters. */
struct scope_texts {
    struct cg_bytes content_generators, packages;
};
#define SCOPE_AUTO CG_AUTO(scope_texts_finish)

/* Puts the two parameters; a NULL scope sees all. 0 or -1. */
int scope_put(struct pg_params *params, struct scope_texts *texts, const struct store_scope *scope,
              struct cg_error *err);
void scope_texts_finish(struct scope_texts *texts);

#endif
