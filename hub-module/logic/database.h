/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_DATABASE_H
#define CG_HUB_DATABASE_H

/*
 * Statements in the hub's database, as far as the logic of the module knows of one: a function that runs them.
 *
 * On the hub it is the connection and transaction of the request (cursor.h); tests bring their own. Values go in and
 * cells come out as text, NULL for SQL's NULL; a statement casts what is to be another type. Not a connection: nothing
 * here begins, commits or rolls back.
 */

#include "cg/error.h"

#include <stddef.h>
#include <stdint.h>

/* What a statement answered. Zero-initialise; release with database_rows_finish. */
struct database_rows {
    char **cells; /* owned: `count` rows of `columns` each, one row after the other */
    size_t count;
    size_t columns;
};

#define AUTO_DATABASE_ROWS CG_AUTO(database_rows_finish)

struct database {
    /*
     * Runs `sql`, in which each "%s" stands for the next of `count` values. `rows` may be NULL. 0, or -1 with
     * CG_E_HUB_FAULT (the database refused it: the transaction is lost), CG_E_MEMORY.
     */
    int (*run)(void *context, const char *sql, const char *const *values, size_t count, struct database_rows *rows,
               struct cg_error *err);
    void *context;
};

int database_run(const struct database *database, const char *sql, const char *const *values, size_t count,
                 struct database_rows *rows, struct cg_error *err);

/* A cell, NULL for SQL's NULL and for one that is not there. Borrowed from `rows`. */
const char *database_cell(const struct database_rows *rows, size_t row, size_t column);

/* The same as a number, 0 if it is none. */
int64_t database_number(const struct database_rows *rows, size_t row, size_t column);

void database_rows_finish(struct database_rows *rows);

/*
 * Is the module's table `name` ("event") there, and may this role write to it? 1, 0 (schema/hub-sql was not applied, or
 * without grants), or -1. Never spoils the transaction.
 */
int database_has(const struct database *database, const char *name, struct cg_error *err);

#endif
