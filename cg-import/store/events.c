/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what happened. Events are written where the changes are, in the same transaction. */
#include "store/import_rows.h"
#include "store/transaction.h"

#include "base/stop.h"

/* Last of the waits, which double, for writers that were under way: a second in all. */
#define WRITERS_MOST_MS 512U

#define EVENT_COLUMNS                                                                                                  \
    "e.event_id, e.import_id, extract(epoch FROM e.at)::float8, e.type, e.actor, e.detail, i.content_generator,"       \
    " i.package"
#define EVENT_TABLES " FROM events e JOIN imports i ON i.id = e.import_id"

/* Whoever writes events of one import holds its row, so their ids are committed in order. */
static const struct pg_statement events_of_one = {"events_of_one", "SELECT " EVENT_COLUMNS EVENT_TABLES
                                                                   " WHERE e.import_id = $1 AND e.event_id > $2"
                                                                   " ORDER BY e.event_id LIMIT $3"};
static const struct pg_statement events_of_all = {"events_of_all", "SELECT " EVENT_COLUMNS EVENT_TABLES
                                                                   " WHERE e.event_id > $1 AND e.event_id <= $2"
                                                                   " ORDER BY e.event_id LIMIT $3"};

/*
 * Of all imports, ids may be committed out of order. An INSERT locks its table in mode ROW EXCLUSIVE before it takes an
 * id from the sequence, and keeps the lock until its transaction is over and can be seen. So once those who had the
 * lock after the sequence stood at N are gone, no event up to N can appear any more: nobody is kept from writing, and
 * transactions on other tables and databases do not count.
 */
static const struct pg_statement last_event = {
    "last_event", "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_event_id_seq"};
#define WRITERS_SQL                                                                                                    \
    " FROM pg_locks WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock'"       \
    " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
static const struct pg_statement event_writers = {"event_writers", "SELECT array_agg(virtualtransaction)" WRITERS_SQL};
static const struct pg_statement event_writers_left = {
    "event_writers_left", "SELECT count(*)" WRITERS_SQL " AND virtualtransaction = ANY ($1::text[])"};

/* The one value that a statement tells. 0 or -1. */
static int ask(struct pg_connection *connection, const struct pg_statement *statement, const struct pg_params *params,
               int64_t *value, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, statement, params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    *value = pg_get_int(&row);
    return 0;
}

/* 1 when all who write are done, 0 when some are not within the time, -1. */
static int wait_for_writers(struct pg_connection *connection, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &event_writers, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    const char *writers = pg_get_text(&row);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, writers);
    int64_t left = writers ? 1 : 0;
    for (unsigned wait_ms = 1; left > 0 && wait_ms <= WRITERS_MOST_MS; wait_ms *= 2) {
        stop_sleep(NULL, wait_ms);
        if (ask(connection, &event_writers_left, &params, &left, err) != 0)
            return -1;
    }
    return left == 0;
}

/* The id up to which all events are there. A writer that stands still holds it where it was. */
static int find_final(struct store *store, struct pg_connection *connection, int64_t *final, struct cg_error *err)
{
    int64_t last;
    if (ask(connection, &last_event, NULL, &last, err) != 0)
        return -1;
    pthread_mutex_lock(&store->lock);
    *final = store->events_final;
    pthread_mutex_unlock(&store->lock);
    if (last == *final)
        return 0;
    /* Another thread was faster, or the database is one that was restored. */
    if (last < *final)
        *final = 0;
    int done = wait_for_writers(connection, err);
    if (done <= 0)
        return done;
    *final = last;
    pthread_mutex_lock(&store->lock);
    if (store->events_final < last)
        store->events_final = last;
    pthread_mutex_unlock(&store->lock);
    return 0;
}

struct reading {
    struct store *store;
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
    pg_put_int(&params, r->after);
    if (!r->id) {
        int64_t final;
        if (find_final(r->store, connection, &final, err) != 0)
            return -1;
        pg_put_int(&params, final);
    }
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
    pg_get_copy(row, &event->content_generator);
    pg_get_copy(row, &event->package);
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
    struct reading reading = {.store = store, .id = id, .after = after, .limit = limit};
    /* Not PG_READ: its snapshot is taken with the first statement, which would be before the writers are done. */
    if (pg_transaction(store, id ? PG_READ : PG_SET, read_work, &reading, err) != 0) {
        store_events_free(reading.events, reading.count);
        return -1;
    }
    *events = reading.events;
    *count = reading.count;
    return 0;
}

struct last {
    struct store *store;
    int64_t event_id;
};

static int last_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct last *last = context;
    return find_final(last->store, connection, &last->event_id, err);
}

int store_event_last(struct store *store, int64_t *event_id, struct cg_error *err)
{
    struct last last = {.store = store};
    if (pg_transaction(store, PG_SET, last_work, &last, err) != 0)
        return -1;
    *event_id = last.event_id;
    return 0;
}

void store_events_free(struct store_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(events[i].type);
        free(events[i].actor);
        free(events[i].content_generator);
        free(events[i].package);
        json_decref(events[i].detail);
    }
    free(events);
}
