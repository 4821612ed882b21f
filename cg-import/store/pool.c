/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/transaction.h"

#include "base/clock.h"

#include <errno.h>

/* How long a thread waits for another to give a connection back, milliseconds: the longest statement and some. */
#define TAKE_TIMEOUT_MS 35000U

/* The index of a connection that nobody has, one that stands before one that does not; -1 if there is none. */
static int find_free(const struct store *store)
{
    int found = -1;
    for (unsigned i = 0; i < store->options.connections; i++) {
        if (store->busy[i])
            continue;
        if (store->all[i].conn)
            return (int)i;
        found = found < 0 ? (int)i : found;
    }
    return found;
}

static struct pg_connection *reserve(struct store *store, struct cg_error *err)
{
    const struct timespec until = clock_after(TAKE_TIMEOUT_MS);
    pthread_mutex_lock(&store->lock);
    int found = find_free(store);
    int waited = 0;
    while (found < 0 && waited == 0) {
        waited = pthread_cond_timedwait(&store->returned, &store->lock, &until);
        found = find_free(store);
    }
    if (found >= 0)
        store->busy[found] = true;
    pthread_mutex_unlock(&store->lock);
    if (found >= 0)
        return &store->all[found];
    cg_fail(err, CG_E_BUSY, "all %u connections to the database are in use", store->options.connections);
    return NULL;
}

struct pg_connection *pool_take(struct store *store, struct cg_error *err)
{
    struct pg_connection *connection = reserve(store, err);
    if (!connection)
        return NULL;
    connection->failure = PG_FAILURE_NONE;
    connection->patience_ms = pg_patience_ms(&store->options);
    if (connection->conn || pg_connect(connection, &store->options, err) == 0)
        return connection;
    pool_give(store, connection);
    return NULL;
}

void pool_give(struct store *store, struct pg_connection *connection)
{
    /* A connection that is broken, or still in a transaction because a rollback failed, is not used again. */
    if (connection->conn &&
        (PQstatus(connection->conn) == CONNECTION_BAD || PQtransactionStatus(connection->conn) != PQTRANS_IDLE))
        pg_disconnect(connection);
    pthread_mutex_lock(&store->lock);
    store->busy[connection - store->all] = false;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}
