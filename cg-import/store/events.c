/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what happened. Events are written where the changes are, in the same transaction. */
#include "store/import_rows.h"
#include "store/transaction.h"

#define EVENT_COLUMNS "event_id, import_id, extract(epoch FROM at)::float8, type, actor, detail"

/* Whoever writes events of one import holds its row, so their ids are committed in order. */
static const struct pg_statement events_of_one = {"events_of_one", "SELECT " EVENT_COLUMNS
                                                                   " FROM events WHERE import_id = $1 AND event_id > $2"
                                                                   " ORDER BY event_id LIMIT $3"};
static const struct pg_statement events_of_all = {
    "events_of_all", "SELECT " EVENT_COLUMNS " FROM events WHERE event_id > $1 ORDER BY event_id LIMIT $2"};
/* Of all imports, ids may be committed out of order. This lock is had when every transaction that has written an event
 * is over; whoever writes one later gets a higher id. */
#define LOCK_SQL "LOCK TABLE events IN SHARE MODE"

struct reading {
    const char *id;
    int64_t after;
    unsigned limit;
    struct store_event *events;
    size_t count;
};

static int query(struct pg_connection *connection, const struct reading *r, PGresult **rows, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    if (r->id)
        pg_put_text(&params, r->id);
    else if (pg_command(connection, "events lock", LOCK_SQL, err) != 0)
        return -1;
    pg_put_int(&params, r->after);
    pg_put_int(&params, r->limit);
    return pg_run(connection, r->id ? &events_of_one : &events_of_all, &params, rows, err);
}

static int read_event(struct pg_row *row, struct store_event *event, struct cg_error *err)
{
    event->event_id = pg_get_int(row);
    pg_get_id(row, event->import_id);
    event->at = pg_get_double(row);
    pg_get_copy(row, &event->type);
    pg_get_copy(row, &event->actor);
    pg_get_json(row, &event->detail);
    return pg_row_end(row, err);
}

static int read_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct reading *r = context;
    store_events_free(r->events, r->count);
    r->events = NULL;
    r->count = 0;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = query(connection, r, &rows, err);
    if (count <= 0)
        return count;
    r->events = calloc((size_t)count, sizeof *r->events);
    if (!r->events)
        return cg_fail_memory(err);
    r->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (read_event(&row, &r->events[i], err) != 0)
            return -1;
    }
    return 0;
}

int store_event_list(struct store *store, const char *id, int64_t after, unsigned limit, struct store_event **events,
                     size_t *count, struct cg_error *err)
{
    *events = NULL;
    *count = 0;
    if (id && !store_is_id(id))
        return 0;
    struct reading reading = {.id = id, .after = after, .limit = limit};
    /* Not PG_READ: its snapshot is taken with the first statement, which would be before the lock is had. */
    if (pg_transaction(store, id ? PG_READ : PG_SET, read_work, &reading, err) != 0) {
        store_events_free(reading.events, reading.count);
        return -1;
    }
    *events = reading.events;
    *count = reading.count;
    return 0;
}

void store_events_free(struct store_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(events[i].type);
        free(events[i].actor);
        json_decref(events[i].detail);
    }
    free(events);
}
