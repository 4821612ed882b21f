/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_TRANSACTION_H
#define STORE_TRANSACTION_H

/*
 * For this room only: the pool of connections, and one transaction that happens exactly once.
 *
 * A transaction that is known not to have committed is run again: rolled back by the server (serialization failure,
 * deadlock) or its connection lost before COMMIT was sent. When COMMIT was sent and not answered, nobody may guess.
 * Each PG_WRITE therefore begins by inserting an id of its own into the table `changes`. Run again, it inserts the same
 * id: that waits until the first transaction has ended one way or the other, and inserts nothing when it had committed.
 */

#include "store/postgres.h"

#include <pthread.h>

struct store {
    struct store_options options; /* conninfo owned */
    pthread_mutex_t lock;
    pthread_cond_t returned;   /* a connection came back; waits by CLOCK_MONOTONIC, which nobody sets */
    struct pg_connection *all; /* options.connections of them */
    bool *busy;
    struct pg_connection *waiters; /* connections that listen, see queue_wait.c; as many again */
    bool *waiting;
    int64_t events_final; /* under the lock: no event up to this id can appear any more, see events.c */
    json_t *schema;       /* by which documents are judged: members of leaves, see audit_leaf.h */
};

enum pg_mode {
    PG_READ,  /* one snapshot, changes nothing */
    PG_WRITE, /* exactly once */
    PG_SET,   /* a write that comes to the same when it is made twice: no row in `changes` */
};

/* What a unit of work returns besides 0 and more (commit, and handed to the caller) and -1 (roll back, failed). */
#define PG_AGAIN (-2) /* roll back and begin anew */

/*
 * The work of a transaction, run once or more: it sets its results anew each time, and lets them be when it is not run
 * again because the first run had committed after all.
 */
typedef int pg_work(struct pg_connection *connection, void *context, struct cg_error *err);

/* What `work` returned when its transaction committed, or -1. CG_E_BUSY when the database is gone for longer than
 * store_options.patience_ms, or the pool is used up. */
int pg_transaction(struct store *store, enum pg_mode mode, pg_work *work, void *context, struct cg_error *err);

/* Takes a connection that stands, gives it back. NULL with CG_E_BUSY, CG_E_CONFIG, CG_E_UNSUPPORTED, CG_E_MEMORY. */
struct pg_connection *pool_take(struct store *store, struct cg_error *err);
void pool_give(struct store *store, struct pg_connection *connection);

#endif
