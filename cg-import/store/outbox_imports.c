/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The imports that a hub's record tells of, each settled by the build of the trail that it is. */
#include "store/import_rows.h"
#include "store/outbox.h"
#include "store/provenance_rows.h"
#include "store/transaction.h"

/* --- which is next ----------------------------------------------------------------------------------------------- */

static const struct pg_statement next_open = {
    "next_hub_import", "SELECT i.line, i.position, i.build_id, i.tries, extract(epoch FROM now() - i.known_at)::float8,"
                       " extract(epoch FROM (e.event ->> 'time')::timestamptz)::float8,"
                       " e.event FROM hub_imports i JOIN hub_events e USING (hub, line, position)"
                       " WHERE i.hub = $1 AND i.build_key IS NULL AND i.due_at <= now() ORDER BY i.due_at, i.position"
                       " LIMIT 1"};

struct settling {
    const char *hub;
    struct store_outbox_import *next;
    const struct store_outbox_import *import;
    const struct store_found_build *found;
    unsigned delay_ms;
    const char *trouble;
};

static int next_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct settling *s = context;
    store_outbox_import_finish(s->next);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, s->hub);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &next_open, &params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    s->next->line = (int)pg_get_int(&row);
    s->next->position = pg_get_int(&row);
    s->next->build_id = pg_get_int(&row);
    s->next->tries = (unsigned)pg_get_int(&row);
    s->next->age_s = pg_get_double(&row);
    s->next->at = pg_get_double(&row);
    pg_get_json(&row, &s->next->event);
    return pg_row_end(&row, err) != 0 ? -1 : 1;
}

int store_outbox_next(struct store *store, const char *hub, struct store_outbox_import *import, struct cg_error *err)
{
    struct settling s = {.hub = hub, .next = import};
    return pg_transaction(store, PG_READ, next_work, &s, err);
}

void store_outbox_import_finish(struct store_outbox_import *import)
{
    json_decref(import->event);
    *import = (struct store_outbox_import){0};
}

/* --- whose it is ------------------------------------------------------------------------------------------------- */

/*
 * One snapshot: an import of this service ends in a transaction of its own. By the upload directory it is our own, and
 * settled when it has ended as that build; else it is a build that is known by its id and was no other event's: brought
 * in by a backfill with these metadata, or one that this service found on its hub.
 */
static const struct pg_statement match = {
    "match_hub_import",
    "SELECT CASE WHEN i.state = 'imported' AND i.build_id = $4 THEN b.build_key END,"
    " i.state NOT IN ('imported', 'rejected', 'canceled') FROM import_directories d JOIN imports i ON i.id = "
    "d.import_id"
    " LEFT JOIN provenance_builds b ON b.import_id = i.id WHERE d.hub = $1 AND d.directory = $5"
    " UNION ALL (SELECT b.build_key, false FROM provenance_builds b WHERE b.hub = $1 AND b.build_id = $4"
    " AND b.imported_at IS NOT NULL AND (b.import_id IS NOT NULL OR b.metadata_sha256 IS NULL OR $6::text IS NULL"
    " OR b.metadata_sha256 = $6) AND NOT EXISTS (SELECT 1 FROM hub_imports h WHERE h.build_key = b.build_key"
    " AND (h.line, h.position) <> ($2, $3)) ORDER BY b.build_key LIMIT 1)"};
static const struct pg_statement settle = {
    "settle_hub_import", "UPDATE hub_imports SET build_key = $4, trouble = NULL WHERE hub = $1 AND line = $2"
                         " AND position = $3"};

static void put_name(struct pg_params *params, const char *hub, const struct store_outbox_import *import)
{
    pg_put_text(params, hub);
    pg_put_int(params, import->line);
    pg_put_int(params, import->position);
}

static int settle_by(struct pg_connection *connection, const char *hub, const struct store_outbox_import *import,
                     int64_t build_key, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    put_name(&params, hub, import);
    pg_put_int(&params, build_key);
    return pg_run(connection, &settle, &params, NULL, err) < 0 ? -1 : 0;
}

/* An enum store_outbox_owner, STORE_OUTBOX_KNOWN being written down. */
static int find_owner(struct pg_connection *connection, const char *hub, const struct store_outbox_import *import,
                      struct cg_error *err)
{
    const json_t *event = import->event;
    PG_AUTO_PARAMS struct pg_params params = {0};
    put_name(&params, hub, import);
    pg_put_int(&params, import->build_id);
    pg_put_text(&params, json_string_value(json_object_get(json_object_get(event, "detail"), "directory")));
    pg_put_text(&params, json_string_value(json_object_get(event, "metadata_sha256")));
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &match, &params, &rows, err);
    bool on_a_way = false;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        int64_t key = pg_get_int(&row);
        on_a_way |= pg_get_bool(&row);
        if (key > 0)
            return settle_by(connection, hub, import, key, err) != 0 ? -1 : STORE_OUTBOX_KNOWN;
    }
    return count < 0 ? -1 : on_a_way ? STORE_OUTBOX_ON_A_WAY : STORE_OUTBOX_OTHERS;
}

static int match_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct settling *s = context;
    if (build_lock(connection, s->hub, s->import->build_id, err) != 0)
        return -1;
    return find_owner(connection, s->hub, s->import, err);
}

int store_outbox_match(struct store *store, const char *hub, const struct store_outbox_import *import,
                       struct cg_error *err)
{
    struct settling s = {.hub = hub, .import = import};
    return pg_transaction(store, PG_WRITE, match_work, &s, err);
}

/* --- settling ---------------------------------------------------------------------------------------------------- */

static int settle_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct settling *s = context;
    int64_t key = 0;
    if (build_lock(connection, s->found->hub, s->import->build_id, err) != 0)
        return -1;
    int owner = find_owner(connection, s->found->hub, s->import, err);
    if (owner != STORE_OUTBOX_OTHERS)
        return owner;
    if (provenance_add(connection, s->found, &key, err) != 0 ||
        settle_by(connection, s->found->hub, s->import, key, err) != 0)
        return -1;
    return STORE_OUTBOX_OTHERS;
}

int store_outbox_settle(struct store *store, const struct store_outbox_import *import,
                        const struct store_found_build *found, struct cg_error *err)
{
    struct settling s = {.import = import, .found = found};
    return pg_transaction(store, PG_WRITE, settle_work, &s, err);
}

static const struct pg_statement put_off = {
    "put_off_hub_import", "UPDATE hub_imports SET due_at = now() + $4::float8 * interval '1 ms', tries = tries + 1,"
                          " trouble = $5 WHERE hub = $1 AND line = $2 AND position = $3"};

static int put_off_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct settling *s = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    put_name(&params, s->hub, s->import);
    pg_put_int(&params, s->delay_ms);
    pg_put_text(&params, s->trouble);
    return pg_run(connection, &put_off, &params, NULL, err) < 0 ? -1 : 0;
}

int store_outbox_put_off(struct store *store, const char *hub, const struct store_outbox_import *import,
                         unsigned delay_ms, const char *trouble, struct cg_error *err)
{
    struct settling s = {.hub = hub, .import = import, .delay_ms = delay_ms, .trouble = trouble};
    return pg_transaction(store, PG_WRITE, put_off_work, &s, err) < 0 ? -1 : 0;
}
