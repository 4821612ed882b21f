/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/overview.h"

#include "store/scope.h"
#include "store/transaction.h"

#define SEEN SCOPE_SQL("$1", "$2")

/* One object made by PostgreSQL. Hours are read from the indexes that were made for them. */
static const struct pg_statement overview = {
    "overview",
    "WITH begins AS MATERIALIZED"
    " (SELECT date_trunc('hour', now(), 'UTC') - ($3::integer - 1) * interval '1 hour' AS hour),"
    " hours AS (SELECT generate_series(begins.hour, now(), interval '1 hour') AS hour FROM begins),"
    " accepted AS (SELECT date_trunc('hour', i.created_at, 'UTC') AS hour, count(*) AS n,"
    " sum(i.output_bytes) AS posted, sum(i.known_bytes) AS known FROM imports i"
    " WHERE i.created_at >= (SELECT hour FROM begins) AND " SEEN " GROUP BY 1),"
    " ended AS (SELECT date_trunc('hour', i.finished_at, 'UTC') AS hour,"
    " count(*) FILTER (WHERE i.state = 'imported') AS imported,"
    " count(*) FILTER (WHERE i.state = 'rejected') AS rejected,"
    " count(*) FILTER (WHERE i.state = 'canceled') AS canceled FROM imports i"
    " WHERE i.finished_at >= (SELECT hour FROM begins) AND " SEEN " GROUP BY 1),"
    " live AS (SELECT i.state, count(*) AS n, min(i.created_at) AS oldest FROM imports i"
    " WHERE i.state NOT IN ('imported', 'rejected', 'canceled') AND " SEEN " GROUP BY 1),"
    /* Of all there ever were: first by what a scope is about, of which there is little, then what the scope shows. */
    " ever AS (SELECT * FROM (SELECT * FROM imports_ever OFFSET 0) i WHERE " SEEN ")"
    " SELECT json_build_object('now', rfc3339(now()),"
    " 'queue', (SELECT json_object_agg(s, coalesce((SELECT n FROM live WHERE state = s), 0))"
    " FROM unnest(array['receiving', 'queued', 'running', 'held']) s),"
    " 'oldest_unfinished_at', (SELECT rfc3339(min(oldest)) FROM live),"
    " 'hours', (SELECT json_agg(json_build_object('hour', rfc3339(h.hour), 'accepted', coalesce(a.n, 0),"
    " 'imported', coalesce(e.imported, 0), 'rejected', coalesce(e.rejected, 0), 'canceled', coalesce(e.canceled, 0),"
    " 'bytes_posted', coalesce(a.posted, 0), 'bytes_deduplicated', coalesce(a.known, 0)) ORDER BY h.hour)"
    " FROM hours h LEFT JOIN accepted a ON a.hour = h.hour LEFT JOIN ended e ON e.hour = h.hour),"
    " 'totals', (SELECT json_build_object('imports', coalesce(sum(imports), 0), 'imported', coalesce(sum(imported), 0),"
    " 'bytes_kept', coalesce(sum(posted_bytes - known_bytes), 0), 'bytes_deduplicated',"
    " coalesce(sum(known_bytes), 0)) FROM ever),"
    " 'circuits', (SELECT coalesce(json_object_agg(hub, json_build_object('state',"
    " CASE WHEN open_until IS NULL THEN 'closed' WHEN probing OR open_until <= now() THEN 'half-open' ELSE 'open' END,"
    " 'since', rfc3339(opened_at), 'reason', message)), '{}') FROM circuits))"};

struct asking {
    const struct store_scope *scope;
    json_t *overview;
};

static int overview_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct asking *asking = context;
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    PG_AUTO_ROWS PGresult *rows = NULL;
    json_decref(asking->overview);
    asking->overview = NULL;
    if (scope_put(&params, &texts, asking->scope, err) != 0)
        return -1;
    pg_put_int(&params, STORE_OVERVIEW_HOURS);
    if (pg_run(connection, &overview, &params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    pg_get_json(&row, &asking->overview);
    return pg_row_end(&row, err);
}

int store_overview(struct store *store, const struct store_scope *scope, json_t **told, struct cg_error *err)
{
    struct asking asking = {.scope = scope};
    int result = pg_transaction(store, PG_READ, overview_work, &asking, err);
    *told = result == 0 ? CG_STEAL(asking.overview) : NULL;
    json_decref(asking.overview);
    return result < 0 ? -1 : 0;
}
