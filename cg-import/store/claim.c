/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking the import that is due, and keeping it: see queue.h. */
#include "store/circuit.h"
#include "store/import_rows.h"
#include "store/queue.h"
#include "store/transaction.h"

#include <stdio.h>
#include <string.h>

/*
 * Which generator and hub has something due and was not served for longest. Generators come first, so that one with
 * two hubs gets no more turns than one with one.
 */
static const struct pg_statement due_turns = {
    "due_turns", "SELECT t.content_generator, t.hub FROM turns t LEFT JOIN circuits c ON c.hub = t.hub"
                 " WHERE (c.open_until IS NULL OR c.open_until <= now())"
                 " AND EXISTS (SELECT 1 FROM queue q WHERE q.content_generator = t.content_generator"
                 " AND q.hub = t.hub AND q.due_at <= now())"
                 " ORDER BY (SELECT max(u.served_at) FROM turns u WHERE u.content_generator = t.content_generator),"
                 " t.served_at, t.content_generator"};
static const struct pg_statement take = {
    "take", "UPDATE queue SET fence = nextval('queue_fence'), owner = $3,"
            " due_at = clock_timestamp() + $4::float8 * interval '1 ms'"
            " WHERE import_id = (SELECT import_id FROM queue WHERE content_generator = $1 AND hub = $2"
            " AND due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING import_id, fence, cancel_asked"};
/* Whoever else serves this generator at the same moment marks the turn just as well. */
static const struct pg_statement mark_turn = {
    "mark_turn", "UPDATE turns SET served_at = clock_timestamp() WHERE (content_generator, hub) IN"
                 " (SELECT content_generator, hub FROM turns WHERE content_generator = $1 AND hub = $2"
                 " FOR UPDATE SKIP LOCKED)"};
/* A running import that is taken lost its lease: then who had it is told. */
static const struct pg_statement set_running = {
    "set_running", "UPDATE imports i SET state = 'running', attempts = attempts + 1, updated_at = now()"
                   " FROM (SELECT id, state FROM imports WHERE id = $1 FOR UPDATE) was WHERE i.id = was.id"
                   " RETURNING was.state, i.attempts, i.journal"};

struct claiming {
    const char *owner;
    unsigned lease_ms;
    struct store_claim *claim;
};

static void release(struct store_claim *claim)
{
    store_import_finish(&claim->import);
    json_decref(claim->journal);
    *claim = (struct store_claim){0};
}

/* Makes the row that was taken a claim. 1 or -1. */
static int start(struct pg_connection *connection, struct claiming *c, const PGresult *taken, struct cg_error *err)
{
    char id[STORE_ID_SIZE];
    struct pg_row row = pg_row(taken, 0);
    pg_get_id(&row, id);
    c->claim->fence = pg_get_int(&row);
    c->claim->cancel_asked = pg_get_bool(&row);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &set_running, &params, &rows, err) < 0)
        return -1;
    row = pg_row(rows, 0);
    const char *was = pg_get_text(&row);
    int64_t attempts = pg_get_int(&row);
    pg_get_json(&row, &c->claim->journal);
    if (!c->claim->journal)
        c->claim->journal = json_null();
    if (pg_row_end(&row, err) != 0)
        return -1;
    const char *reason = strcmp(was, "running") == 0 ? "the lease of the owner before ran out" : "due";
    json_t *detail = json_pack("{s:I, s:I, s:s}", "fence", (json_int_t)c->claim->fence, "attempt", (json_int_t)attempts,
                               "because", reason);
    if (event_put(connection, id, "claimed", c->owner, detail, err) != 0)
        return -1;
    return import_load(connection, id, &c->claim->import, err);
}

/* Tries one generator and hub. 1 claimed, 0 others were faster, PG_AGAIN when the hub's probe went to another, -1. */
static int claim_of(struct pg_connection *connection, struct claiming *c, const char *generator, const char *hub,
                    struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, generator);
    pg_put_text(&params, hub);
    PG_AUTO_PARAMS struct pg_params taking = {0};
    pg_put_text(&taking, generator);
    pg_put_text(&taking, hub);
    pg_put_text(&taking, c->owner);
    pg_put_int(&taking, c->lease_ms);
    PG_AUTO_ROWS PGresult *taken = NULL;
    int count = pg_run(connection, &take, &taking, &taken, err);
    if (count <= 0)
        return count;
    int allowed = circuit_pass(connection, hub, c->lease_ms, err);
    if (allowed <= 0)
        return allowed < 0 ? -1 : PG_AGAIN;
    if (pg_run(connection, &mark_turn, &params, NULL, err) < 0)
        return -1;
    return start(connection, c, taken, err);
}

static int claim_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct claiming *c = context;
    release(c->claim);
    PG_AUTO_ROWS PGresult *turns = NULL;
    int count = pg_run(connection, &due_turns, NULL, &turns, err);
    int claimed = count < 0 ? -1 : 0;
    for (int i = 0; i < count && claimed == 0; i++)
        claimed = claim_of(connection, c, PQgetvalue(turns, i, 0), PQgetvalue(turns, i, 1), err);
    return claimed;
}

/* Looks without writing, so that an idle worker costs the database nothing. */
static int look_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    (void)context;
    return pg_run(connection, &due_turns, NULL, NULL, err);
}

int store_claim_next(struct store *store, const char *owner, unsigned lease_ms, struct store_claim *claim,
                     struct cg_error *err)
{
    *claim = (struct store_claim){0};
    int due = pg_transaction(store, PG_READ, look_work, NULL, err);
    if (due <= 0)
        return due;
    struct claiming claiming = {.owner = owner, .lease_ms = lease_ms, .claim = claim};
    int claimed = pg_transaction(store, PG_WRITE, claim_work, &claiming, err);
    if (claimed <= 0)
        release(claim);
    else
        snprintf(claim->owner, sizeof claim->owner, "%s", owner);
    return claimed;
}

void store_claim_finish(struct store_claim *claim)
{
    release(claim);
}

/* --- heartbeat --------------------------------------------------------------------------------------------------- */

static const struct pg_statement beat = {
    "beat", "UPDATE queue SET due_at = greatest(due_at, clock_timestamp() + $3::float8 * interval '1 ms')"
            " WHERE import_id = $1 AND fence = $2 AND owner IS NOT NULL RETURNING cancel_asked"};

struct beating {
    struct store_claim *claim;
    unsigned lease_ms;
};

static int beat_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct beating *b = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, b->claim->import.id);
    pg_put_int(&params, b->claim->fence);
    pg_put_int(&params, b->lease_ms);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int ours = pg_run(connection, &beat, &params, &rows, err);
    if (ours <= 0)
        return ours;
    struct pg_row row = pg_row(rows, 0);
    b->claim->cancel_asked = pg_get_bool(&row);
    return 1;
}

int store_claim_heartbeat(struct store *store, struct store_claim *claim, unsigned lease_ms, struct cg_error *err)
{
    struct beating beating = {.claim = claim, .lease_ms = lease_ms};
    return pg_transaction(store, PG_SET, beat_work, &beating, err);
}
