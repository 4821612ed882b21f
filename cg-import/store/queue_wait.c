/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for work: a connection that listens, the stop pipe and the next due time, whichever comes first. */
#include "store/listen.h"
#include "store/queue.h"
#include "store/transaction.h"

/* Least wait when something is due already that another owner is just taking, and after a failure, ms. */
#define WAIT_LEAST_MS 20
#define WAIT_FAILED_MS 1000U
/* Most of all: a lost notification costs no more than this. */
#define WAIT_MOST_MS 60000U

/* Milliseconds until the first row is due, of each hub not before its circuit lets a probe through. */
static const struct pg_statement next_due = {
    "next_due",
    "SELECT ceil(extract(epoch FROM min(greatest(q.due_at, c.open_until)) - clock_timestamp()) * 1000)::bigint"
    " FROM turns t LEFT JOIN circuits c ON c.hub = t.hub CROSS JOIN LATERAL (SELECT due_at FROM queue"
    " WHERE content_generator = t.content_generator AND hub = t.hub ORDER BY due_at LIMIT 1) q"};

/* A connection that listens, of the store's; NULL when all are in use. */
static struct pg_connection *take(struct store *store)
{
    struct pg_connection *found = NULL;
    pthread_mutex_lock(&store->lock);
    for (unsigned i = 0; i < store->options.connections; i++) {
        if (store->waiting[i] || (found && !store->waiters[i].conn))
            continue;
        found = &store->waiters[i];
        if (found->conn)
            break;
    }
    if (found)
        store->waiting[found - store->waiters] = true;
    pthread_mutex_unlock(&store->lock);
    return found;
}

static void give(struct store *store, struct pg_connection *waiter)
{
    if (waiter->conn && (PQstatus(waiter->conn) == CONNECTION_BAD || PQtransactionStatus(waiter->conn) != PQTRANS_IDLE))
        pg_disconnect(waiter);
    pthread_mutex_lock(&store->lock);
    store->waiting[waiter - store->waiters] = false;
    pthread_mutex_unlock(&store->lock);
}

static int listen_on(struct store *store, struct pg_connection *waiter, struct cg_error *err)
{
    if (waiter->conn)
        return 0;
    if (pg_connect(waiter, &store->options, err) != 0)
        return -1;
    if (pg_command(waiter, "listen", "LISTEN cg_import_queue", err) == 0)
        return 0;
    pg_disconnect(waiter);
    return -1;
}

/* How long to wait, ms; -1 failed. */
static int64_t time_to_wait(struct pg_connection *waiter, unsigned most_ms, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(waiter, &next_due, NULL, &rows, err) < 0)
        return -1;
    if (PQgetisnull(rows, 0, 0))
        return most_ms;
    struct pg_row row = pg_row(rows, 0);
    int64_t due_ms = pg_get_int(&row);
    if (due_ms < WAIT_LEAST_MS)
        due_ms = WAIT_LEAST_MS;
    return due_ms < most_ms ? due_ms : most_ms;
}

static int wait_listening(struct store *store, struct pg_connection *waiter, const struct stop *stop, unsigned most_ms,
                          struct cg_error *err)
{
    if (listen_on(store, waiter, err) != 0)
        return -1;
    int64_t wait_ms = time_to_wait(waiter, most_ms, err);
    return wait_ms < 0 ? -1 : listen_wait(waiter, stop, wait_ms, err);
}

int store_queue_wait(struct store *store, const struct stop *stop, unsigned most_ms, struct cg_error *err)
{
    if (most_ms > WAIT_MOST_MS)
        most_ms = WAIT_MOST_MS;
    struct pg_connection *waiter = take(store);
    if (!waiter)
        return stop_sleep(stop, most_ms < WAIT_FAILED_MS ? most_ms : WAIT_FAILED_MS);
    int result = wait_listening(store, waiter, stop, most_ms, err);
    give(store, waiter);
    /* Who waits in a loop does not hammer a database that is away. */
    if (result < 0 && stop_sleep(stop, most_ms < WAIT_FAILED_MS ? most_ms : WAIT_FAILED_MS) == 1)
        return 1;
    return result;
}
