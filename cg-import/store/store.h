/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * The service's memory in PostgreSQL (13 and later): connections, schema, and the words that all store modules share.
 *
 * The only room that speaks libpq and the only one with SQL; there is no general query function. A pool of connections
 * serves all threads; each function is one transaction and is safe to call from any thread and any replica. A
 * transaction that is known not to have committed is repeated (serialization failure, deadlock, connection lost
 * before COMMIT); one whose COMMIT got no answer is resolved by re-reading, never by guessing: each writes an id of its
 * own into the table `changes`, and whether that is there decides (transaction.h). So every write function of this room
 * happens once or not at all; only when the database stays away longer than patience_ms does it return CG_E_BUSY
 * without knowing which, and says so.
 *
 * Messages for callers have no SQL, no connection string and no data of other rows; what PostgreSQL said goes to
 * `trouble`, for the log.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Text form of a UUID (version 7: they sort by time) with its NUL. */
#define STORE_ID_SIZE 37

struct store;

/* Told what PostgreSQL said of a failure, from any thread: for the operator's log, not for callers. */
typedef void store_trouble(void *context, const char *text);

struct store_options {
    const char *conninfo;          /* libpq connection string; secrets may come by passfile */
    unsigned connections;          /* of the pool; 0: 8 */
    unsigned statement_timeout_ms; /* 0: 30,000 */
    unsigned lock_timeout_ms;      /* 0: 10,000 */
    unsigned connect_timeout_s;    /* 0: 10 */
    unsigned patience_ms;          /* for a database that went away in the middle of a COMMIT; 0: 20,000 */
    store_trouble *trouble;        /* NULL: not told */
    void *trouble_context;
};

/* Connects once to see that it can. NULL with CG_E_CONFIG, CG_E_BUSY (cannot be reached now), CG_E_UNSUPPORTED (older
 * than 13), CG_E_MEMORY. */
struct store *store_open(const struct store_options *options, struct cg_error *err);

/* Is the database there and its schema the one this program wants? 0; -1 with CG_E_BUSY, or CG_E_CONFIG that says
 * whether `cg-import migrate` or a newer program is wanted. */
int store_ready(struct store *store, struct cg_error *err);

/* Applies what is missing of schema/sql in order, each migration in a transaction, one replica at a time (advisory
 * lock). Forward only; a schema newer than this program is refused (CG_E_CONFIG). *applied counts. */
int store_migrate(struct store *store, unsigned *applied, struct cg_error *err);

/* Forgets what only a repetition within the hour or day needs: `changes` and sessions that ended after a day,
 * idempotency keys after a week; and adds up what imports added to the figures of all. Called now and then by any
 * replica. 0 or -1. */
int store_tidy(struct store *store, struct cg_error *err);

/* A new version 7 UUID. 0, or -1 with CG_E_IO when the system has no random bytes. */
int store_new_id(char id[STORE_ID_SIZE], struct cg_error *err);
/* Is this the text form of a UUID, lower case? */
bool store_is_id(const char *text);

/* NULL is allowed. Waits for no one: call it when no thread uses the store. */
void store_close(struct store *store);

#endif
