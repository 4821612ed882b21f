/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures for /metrics: one statement, one JSON object made by PostgreSQL. */
#include "store/imports.h"
#include "store/transaction.h"

static const struct pg_statement statistics = {
    "statistics",
    "WITH live AS (SELECT state, count(*) AS n FROM imports WHERE state NOT IN ('imported', 'rejected', 'canceled')"
    " GROUP BY state),"
    " ended AS (SELECT coalesce(sum(imported), 0) AS imported, coalesce(sum(rejected), 0) AS rejected,"
    " coalesce(sum(canceled), 0) AS canceled FROM imports_ever),"
    " states AS (SELECT s AS state, coalesce(n, 0) AS n FROM unnest(array['receiving', 'queued', 'running', 'held']) s"
    " LEFT JOIN live ON live.state = s UNION ALL SELECT 'imported', imported FROM ended"
    " UNION ALL SELECT 'rejected', rejected FROM ended UNION ALL SELECT 'canceled', canceled FROM ended)"
    " SELECT json_build_object('imports', (SELECT json_object_agg(state, n) FROM states),"
    "'held', (SELECT coalesce(json_object_agg(held, n), '{}') FROM"
    " (SELECT held, count(*) AS n FROM imports WHERE state = 'held' GROUP BY held) h),"
    "'oldest_queued_s', (SELECT extract(epoch FROM now() - min(created_at))::float8 FROM imports"
    " WHERE state = 'queued'),"
    "'oldest_unfinished_s', (SELECT extract(epoch FROM now() - min(created_at))::float8 FROM imports"
    " WHERE state NOT IN ('imported', 'rejected', 'canceled')),"
    "'contents', (SELECT json_build_object('count', count(*), 'bytes', coalesce(sum(size_bytes), 0)) FROM contents),"
    "'components', (SELECT count(*) FROM components),"
    "'circuits', (SELECT coalesce(json_agg(json_build_object('hub', hub, 'failures', failures, 'open_s',"
    " greatest(0, extract(epoch FROM open_until - now())::float8), 'message', message) ORDER BY hub), '[]')"
    " FROM circuits))"};

static int statistics_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    json_t **out = context;
    json_decref(*out);
    *out = NULL;
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &statistics, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    pg_get_json(&row, out);
    return pg_row_end(&row, err);
}

int store_statistics(struct store *store, json_t **out, struct cg_error *err)
{
    *out = NULL;
    return pg_transaction(store, PG_READ, statistics_work, out, err);
}
