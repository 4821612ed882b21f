/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/locks.h"

#include "cg/auto.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * FNV-1a, 64 bits. Two names with one number wait for each other without need and do no harm, so it need not be strong;
 * it must never change while hub processes of two versions run.
 */
int64_t lock_number(enum lock_kind kind, const char *name)
{
    static const char *const kinds[] = {"cgimport key ", "cgimport reservation ", "cgimport nvr ", "cgimport seal ",
                                        "cgimport answers "};
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *p = kinds[kind]; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    for (const char *p = name; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    return (int64_t)hash;
}

int lock_take(const struct database *database, enum lock_kind kind, const char *name, struct cg_error *err)
{
    char number[32];
    const char *values[] = {number};
    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    snprintf(number, sizeof number, "%" PRId64, lock_number(kind, name));
    return database_run(database, "SELECT pg_advisory_xact_lock(%s::bigint)::text", values, 1, &rows, err);
}
