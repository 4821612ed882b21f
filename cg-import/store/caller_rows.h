/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CALLER_ROWS_H
#define STORE_CALLER_ROWS_H

/* For this room only: callers as rows, for the modules that find them. */

#include "store/callers.h"
#include "store/postgres.h"

/* Columns of `callers c` in the order of caller_read(). */
#define CALLER_COLUMNS                                                                                                 \
    "c.id, c.name, c.roles, c.content_generators, c.packages, extract(epoch FROM c.created_at)::float8,"               \
    " extract(epoch FROM c.expires_at)::float8, extract(epoch FROM c.revoked_at)::float8"
/* Its token counts. */
#define CALLER_COUNTS "c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > now())"

/* Takes the columns of a row; more may follow. 0, or -1 with CG_E_MEMORY. */
int caller_read(struct pg_row *row, struct store_caller *caller, struct cg_error *err);

#endif
