/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/database.h"

#include "cg/auto.h"

int database_run(const struct database *database, const char *sql, const char *const *values, size_t count,
                 struct database_rows *rows, struct cg_error *err)
{
    return database->run(database->context, sql, values, count, rows, err);
}

const char *database_cell(const struct database_rows *rows, size_t row, size_t column)
{
    return row < rows->count && column < rows->columns ? rows->cells[row * rows->columns + column] : NULL;
}

int64_t database_number(const struct database_rows *rows, size_t row, size_t column)
{
    const char *cell = database_cell(rows, row, column);
    return cell ? strtoll(cell, NULL, 10) : 0;
}

void database_rows_finish(struct database_rows *rows)
{
    for (size_t i = 0; rows->cells && i < rows->count * rows->columns; i++)
        free(rows->cells[i]);
    free(rows->cells);
    *rows = (struct database_rows){0};
}

/* By the catalogue: to name a table that is not there would be an error, and an error spoils the transaction. */
int database_has(const struct database *database, const char *name, struct cg_error *err)
{
    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    if (database_run(
            database,
            "SELECT 1::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'cgimport' AND c.relname = %s AND has_schema_privilege(n.oid, 'USAGE')"
            " AND has_any_column_privilege(c.oid, 'INSERT')",
            &name, 1, &rows, err) < 0)
        return -1;
    return rows.count > 0 ? 1 : 0;
}
