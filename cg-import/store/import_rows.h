/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_IMPORT_ROWS_H
#define STORE_IMPORT_ROWS_H

/* For this room only: imports and their outputs as rows, and the event that goes with every change. */

#include "store/imports.h"
#include "store/postgres.h"

/* The columns import_read takes, of alias i. */
#define IMPORT_COLUMNS                                                                                                 \
    "i.id, i.replaces, i.replaced_by, i.state, i.held, i.step, i.hub, i.nvr, i.content_generator, i.package,"          \
    " i.metadata_sha256, i.metadata_bytes, i.options, i.caller, i.request_id, i.attempts, i.build_id, i.url,"          \
    " i.error_name, i.error_message, i.error_hint, i.report, extract(epoch FROM i.created_at)::float8,"                \
    " extract(epoch FROM i.updated_at)::float8, extract(epoch FROM i.finished_at)::float8,"                            \
    " (SELECT extract(epoch FROM q.due_at)::float8 FROM queue q WHERE q.import_id = i.id AND i.state = 'queued')"

/* States in which no other import of the NVR may be accepted are all but these. */
#define DEAD_STATES "('rejected', 'canceled')"

/* Fills a zeroed import from the columns that come next. 0, or -1 with CG_E_MEMORY. */
int import_read(struct pg_row *row, struct store_import *import, struct cg_error *err);

/* Reads the import and its outputs into `import`, which is released first. 1, 0 when there is none, -1. */
int import_load(struct pg_connection *connection, const char *id, struct store_import *import, struct cg_error *err);

/* Writes down one change, as an event and as a leaf of the audit log. `detail` is stolen; NULL when it could not be
 * made (CG_E_MEMORY). 0 or -1. */
int event_put(struct pg_connection *connection, const char *id, const char *type, const char *actor, json_t *detail,
              struct cg_error *err);
/* The same with members that only the leaf has; borrowed. */
int event_put_with(struct pg_connection *connection, const char *id, const char *type, const char *actor,
                   json_t *detail, const json_t *more, struct cg_error *err);

/* Puts an import into the queue, due after `delay_ms`, and wakes who waits. The state is set by the caller. 0 or -1. */
int queue_put(struct pg_connection *connection, const char *id, unsigned delay_ms, struct cg_error *err);

/* Wakes who waits for the queue, when the transaction commits. 0 or -1. */
int queue_notify(struct pg_connection *connection, struct cg_error *err);

/* Counts the contents of an import that ends as used now, so that they stay for a retry. 0 or -1. */
int contents_touch(struct pg_connection *connection, const char *id, struct cg_error *err);

/* Locks the NVR of a hub against being accepted or made live otherwise until the transaction ends. 0 or -1. */
int nvr_lock(struct pg_connection *connection, const char *hub, const char *nvr, struct cg_error *err);

#endif
