/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/store.h"

#include "base/clock.h"
#include "store/audit_leaf.h"
#include "store/transaction.h"

#include <string.h>

#define CONNECTIONS 8U
#define PATIENCE_MS 20000U

static struct store *allocate(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->options = *options;
    store->options.connections = options->connections ? options->connections : CONNECTIONS;
    store->options.patience_ms = options->patience_ms ? options->patience_ms : PATIENCE_MS;
    store->options.conninfo = strdup(options->conninfo);
    store->all = calloc(store->options.connections, sizeof *store->all);
    store->busy = calloc(store->options.connections, sizeof *store->busy);
    store->waiters = calloc(store->options.connections, sizeof *store->waiters);
    store->waiting = calloc(store->options.connections, sizeof *store->waiting);
    store->schema = audit_leaf_schema(NULL);
    pthread_mutex_init(&store->lock, NULL);
    clock_init_condition(&store->returned);
    if (store->options.conninfo && store->all && store->busy && store->waiters && store->waiting && store->schema)
        return store;
    store_close(store);
    return NULL;
}

struct store *store_open(const struct store_options *options, struct cg_error *err)
{
    struct store *store = allocate(options);
    if (!store) {
        cg_fail_memory(err);
        return NULL;
    }
    struct pg_connection *connection = pool_take(store, err);
    if (!connection) {
        store_close(store);
        return NULL;
    }
    pool_give(store, connection);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (unsigned i = 0; store->all && i < store->options.connections; i++)
        pg_disconnect(&store->all[i]);
    for (unsigned i = 0; store->waiters && i < store->options.connections; i++)
        pg_disconnect(&store->waiters[i]);
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->lock);
    free(store->all);
    free(store->busy);
    free(store->waiters);
    free(store->waiting);
    json_decref(store->schema);
    free((char *)store->options.conninfo);
    free(store);
}

static const struct pg_statement forget_changes = {"forget_changes",
                                                   "DELETE FROM changes WHERE at < now() - interval '1 day'"};
static const struct pg_statement forget_keys = {"forget_keys",
                                                "DELETE FROM idempotency_keys WHERE at < now() - interval '7 days'"};
static const struct pg_statement forget_sessions = {"forget_sessions",
                                                    "DELETE FROM sessions WHERE expires_at < now() - interval '1 day'"};

/* Two that do so at once take each row once, and lock the sums in one order. */
static const struct pg_statement add_up = {
    "add_up",
    "WITH taken AS (DELETE FROM import_totals_new RETURNING *)"
    " INSERT INTO import_totals AS t SELECT content_generator, package, sum(imports), sum(imported),"
    " sum(rejected), sum(canceled), sum(posted_bytes), sum(known_bytes) FROM taken GROUP BY 1, 2 ORDER BY 1, 2"
    " ON CONFLICT (content_generator, package) DO UPDATE SET imports = t.imports + excluded.imports,"
    " imported = t.imported + excluded.imported, rejected = t.rejected + excluded.rejected,"
    " canceled = t.canceled + excluded.canceled, posted_bytes = t.posted_bytes + excluded.posted_bytes,"
    " known_bytes = t.known_bytes + excluded.known_bytes"};

static int tidy(struct pg_connection *connection, void *context, struct cg_error *err)
{
    static const struct pg_statement *const deeds[] = {&forget_changes, &forget_keys, &forget_sessions, &add_up};
    (void)context;
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
        if (pg_run(connection, deeds[i], NULL, NULL, err) < 0)
            return -1;
    return 0;
}

int store_tidy(struct store *store, struct cg_error *err)
{
    return pg_transaction(store, PG_SET, tidy, NULL, err);
}
