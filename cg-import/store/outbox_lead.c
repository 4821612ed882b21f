/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who follows a hub's record, and how it stands. */
#include "store/outbox.h"
#include "store/transaction.h"

#include <string.h>

static const struct pg_statement take_lease = {
    "lead_outbox",
    "INSERT INTO followed_hubs AS f (hub, owner, leased_until) VALUES ($1, $2,"
    " clock_timestamp() + $3::float8 * interval '1 ms') ON CONFLICT (hub) DO UPDATE SET owner = excluded.owner,"
    " leased_until = excluded.leased_until WHERE f.owner = excluded.owner OR f.leased_until < clock_timestamp()"
    " RETURNING line, position, digest"};
static const struct pg_statement end_lease = {
    "let_outbox_go", "UPDATE followed_hubs SET leased_until = '-infinity' WHERE hub = $1 AND owner = $2"};

struct leading {
    const char *hub, *owner;
    unsigned lease_ms;
    struct store_outbox_reach *reach;
};

static int lead_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct leading *l = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, l->hub);
    pg_put_text(&params, l->owner);
    pg_put_int(&params, l->lease_ms);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int got = pg_run(connection, &take_lease, &params, &rows, err);
    if (got <= 0)
        return got;
    struct pg_row row = pg_row(rows, 0);
    l->reach->line = (int)pg_get_int(&row);
    l->reach->position = pg_get_int(&row);
    snprintf(l->reach->digest, sizeof l->reach->digest, "%s", pg_get_text(&row));
    return 1;
}

int store_outbox_lead(struct store *store, const char *hub, const char *owner, unsigned lease_ms,
                      struct store_outbox_reach *reach, struct cg_error *err)
{
    struct leading l = {.hub = hub, .owner = owner, .lease_ms = lease_ms, .reach = reach};
    return pg_transaction(store, PG_SET, lead_work, &l, err);
}

static int let_go_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct leading *l = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, l->hub);
    pg_put_text(&params, l->owner);
    return pg_run(connection, &end_lease, &params, NULL, err) < 0 ? -1 : 0;
}

int store_outbox_let_go(struct store *store, const char *hub, const char *owner, struct cg_error *err)
{
    struct leading l = {.hub = hub, .owner = owner};
    return pg_transaction(store, PG_SET, let_go_work, &l, err);
}

/* --- how it stands ----------------------------------------------------------------------------------------------- */

static const struct pg_statement tell = {
    "tell_outbox", "UPDATE followed_hubs SET state = $2, message = $3, errors = errors + $4,"
                   " current_at = CASE WHEN $2 = 'followed' THEN clock_timestamp() ELSE current_at END WHERE hub = $1"};

struct telling {
    const char *hub;
    enum store_outbox_state state;
    const struct cg_error *why;
};

static int tell_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    static const char *const names[] = {"followed", "absent", "denied", "failed"};
    const struct telling *t = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, t->hub);
    pg_put_text(&params, names[t->state]);
    pg_put_text(&params, t->why ? t->why->message : NULL);
    pg_put_int(&params, t->state == STORE_OUTBOX_FAILED);
    return pg_run(connection, &tell, &params, NULL, err) < 0 ? -1 : 0;
}

int store_outbox_tell(struct store *store, const char *hub, enum store_outbox_state state, const struct cg_error *why,
                      struct cg_error *err)
{
    struct telling t = {.hub = hub, .state = state, .why = why};
    return pg_transaction(store, PG_WRITE, tell_work, &t, err) < 0 ? -1 : 0;
}

static const struct pg_statement standing = {
    "outbox_standing",
    "SELECT coalesce(json_agg(json_build_object('hub', f.hub, 'state', f.state, 'message', f.message, 'line', f.line,"
    " 'position', f.position, 'lag_s', extract(epoch FROM clock_timestamp() - f.current_at)::float8, 'open',"
    " (SELECT count(*) FROM hub_imports i WHERE i.hub = f.hub AND i.build_key IS NULL), 'errors', f.errors)"
    " ORDER BY f.hub), '[]') FROM followed_hubs f"};

static int standing_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    json_t **out = context;
    json_decref(*out);
    *out = NULL;
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &standing, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    pg_get_json(&row, out);
    return pg_row_end(&row, err);
}

int store_outbox_standing(struct store *store, json_t **out, struct cg_error *err)
{
    *out = NULL;
    return pg_transaction(store, PG_READ, standing_work, out, err);
}
