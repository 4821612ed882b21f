/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/circuit.h"

#include "store/import_rows.h"
#include "store/queue.h"
#include "store/transaction.h"

/* Failures in a row that open a hub's circuit, and for how long: the first time and at most, seconds. */
#define THRESHOLD 5
#define OPEN_FIRST_S 5
#define OPEN_MOST_S 300

static const struct pg_statement take_probe = {
    "take_probe", "UPDATE circuits SET probing = true, open_until = clock_timestamp() + $2::float8 * interval '1 ms'"
                  " WHERE hub = $1 AND open_until <= now()"};
static const struct pg_statement is_open = {"is_open",
                                            "SELECT 1 FROM circuits WHERE hub = $1 AND open_until IS NOT NULL"};

int circuit_pass(struct pg_connection *connection, const char *hub, unsigned lease_ms, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, hub);
    int open = pg_run(connection, &is_open, &params, NULL, err);
    if (open <= 0)
        return open < 0 ? -1 : 1;
    pg_put_int(&params, lease_ms);
    return pg_run(connection, &take_probe, &params, NULL, err);
}

/* Opens at the threshold and after a failed probe. Others that were on their way while it is open only count. */
#define OPENS                                                                                                          \
    "c.failures + 1 >= $3::integer AND (c.open_until IS NULL OR c.probing OR c.open_until <= clock_timestamp())"
static const struct pg_statement put_failure = {
    "put_failure",
    "INSERT INTO circuits AS c (hub, failures, message) VALUES ($1, 1, $2) ON CONFLICT (hub) DO UPDATE SET"
    " failures = c.failures + 1, message = $2, updated_at = now(), probing = c.probing AND NOT (" OPENS "),"
    " opened_at = CASE WHEN " OPENS " THEN coalesce(c.opened_at, clock_timestamp()) ELSE c.opened_at END,"
    " openings = c.openings + CASE WHEN " OPENS " THEN 1 ELSE 0 END,"
    " open_until = CASE WHEN " OPENS " THEN clock_timestamp() +"
    " least($4::float8 * 2 ^ least(c.openings, 20), $5::float8) * interval '1 s' ELSE c.open_until END"};
static const struct pg_statement put_ok = {"put_ok", "DELETE FROM circuits WHERE hub = $1"};
static const struct pg_statement have_circuit = {"have_circuit", "SELECT 1 FROM circuits WHERE hub = $1"};

struct outcome {
    const char *hub;
    const char *message;
};

static int failed_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct outcome *outcome = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, outcome->hub);
    pg_put_text(&params, outcome->message);
    pg_put_int(&params, THRESHOLD);
    pg_put_int(&params, OPEN_FIRST_S);
    pg_put_int(&params, OPEN_MOST_S);
    return pg_run(connection, &put_failure, &params, NULL, err) < 0 ? -1 : 0;
}

int store_circuit_failed(struct store *store, const char *hub, const struct cg_error *why, struct cg_error *err)
{
    struct outcome outcome = {.hub = hub, .message = why->message};
    return pg_transaction(store, PG_WRITE, failed_work, &outcome, err);
}

static int look_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct outcome *outcome = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, outcome->hub);
    return pg_run(connection, &have_circuit, &params, NULL, err);
}

/* Closes, and wakes those who waited for the circuit. */
static int ok_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct outcome *outcome = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, outcome->hub);
    if (pg_run(connection, &put_ok, &params, NULL, err) < 0)
        return -1;
    return queue_notify(connection, err);
}

int store_circuit_ok(struct store *store, const char *hub, struct cg_error *err)
{
    struct outcome outcome = {.hub = hub};
    int there = pg_transaction(store, PG_READ, look_work, &outcome, err);
    return there <= 0 ? there : pg_transaction(store, PG_SET, ok_work, &outcome, err);
}
