/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema: which migrations this program has (schema/sql, built in) and which the database had. */
#include "store/transaction.h"

#include <stdio.h>
#include <string.h>

struct migration {
    const char *name; /* "0001_imports" */
    const char *sql;
};

#include "migrations.h"

#define MIGRATION_COUNT ((int)(sizeof migrations / sizeof migrations[0]))

/* An advisory lock of our own: any number that no other program of the database uses. A migration may take long, and
 * who waits for one, too. */
#define LOCK_SQL                                                                                                       \
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(7164110298514371949)"
#define TABLE_SQL                                                                                                      \
    "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL,"                    \
    " applied_at timestamptz NOT NULL DEFAULT now())"

static const struct pg_statement last_number = {"last_number",
                                                "SELECT coalesce(max(number), 0) FROM schema_migrations"};
static const struct pg_statement have_table = {"have_table", "SELECT to_regclass('schema_migrations') IS NOT NULL"};
static const struct pg_statement put_number = {"put_number",
                                               "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)"};

/* Number of the last migration that the database had; -1. */
static int read_last(struct pg_connection *connection, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &last_number, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    return (int)pg_get_int(&row);
}

static int refuse_newer(int last, struct cg_error *err)
{
    cg_fail(err, CG_E_CONFIG, "the database has schema %d, newer than schema %d of this program", last,
            MIGRATION_COUNT);
    return cg_hint(err, "start a newer cg-import; a schema is never taken back");
}

static int look(struct pg_connection *connection, void *context, struct cg_error *err)
{
    (void)context;
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &have_table, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    return pg_get_bool(&row) ? read_last(connection, err) : 0;
}

int store_ready(struct store *store, struct cg_error *err)
{
    int last = pg_transaction(store, PG_READ, look, NULL, err);
    if (last < 0)
        return -1;
    if (last > MIGRATION_COUNT)
        return refuse_newer(last, err);
    if (last == MIGRATION_COUNT)
        return 0;
    cg_fail(err, CG_E_CONFIG, "the database has schema %d, older than schema %d of this program", last,
            MIGRATION_COUNT);
    return cg_hint(err, "run: cg-import migrate");
}

static int apply(struct pg_connection *connection, int number, struct cg_error *err)
{
    const struct migration *migration = &migrations[number - 1];
    if (pg_command(connection, migration->name, migration->sql, err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, number);
    pg_put_text(&params, migration->name);
    return pg_run(connection, &put_number, &params, NULL, err);
}

/* One step: what is the next migration, and apply it, all under the lock. Number of the one applied, 0 for none. A
 * commit that was not answered is found out by itself: the step run again sees the number. */
static int step(struct pg_connection *connection, void *context, struct cg_error *err)
{
    (void)context;
    connection->patience_ms = 0;
    if (pg_command(connection, "migration lock", LOCK_SQL, err) != 0 ||
        pg_command(connection, "migration table", TABLE_SQL, err) != 0)
        return -1;
    int last = read_last(connection, err);
    if (last < 0)
        return -1;
    if (last > MIGRATION_COUNT)
        return refuse_newer(last, err);
    if (last == MIGRATION_COUNT)
        return 0;
    return apply(connection, last + 1, err) < 0 ? -1 : last + 1;
}

int store_migrate(struct store *store, unsigned *applied, struct cg_error *err)
{
    *applied = 0;
    for (;;) {
        int done = pg_transaction(store, PG_SET, step, NULL, err);
        if (done <= 0)
            return done;
        ++*applied;
    }
}
