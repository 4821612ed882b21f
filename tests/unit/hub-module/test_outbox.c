/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "hub_database.h"
#include "postgres.h"

#include "cg/auto.h"
#include "logic/outbox.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { WRITERS = 6, ROUNDS = 30, LOOKS = 4 };

static const struct outbox_event an_import = {
    .kind = "import",
    .build_id = 1,
    .content_generator = "osbs",
    .user_id = "10",
    .user_name = "builder",
    .session_id = "77",
    .metadata_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .detail = "{\"outputs\": []}",
};

static void want_postgres(void)
{
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
}

static void write_event(struct hub_connection *connection, const struct outbox_event *event)
{
    struct cg_error err = {0};
    assert_int_equal(outbox_write(hub_connection_database(connection), event, &err), 0);
    assert_string_equal(err.message, "");
}

/* A state event of build 1 that says who wrote it. */
static void write_mark(struct hub_connection *connection, int mark)
{
    char detail[32];
    snprintf(detail, sizeof detail, "{\"mark\": %d}", mark);
    write_event(connection, &(struct outbox_event){.kind = "state", .build_id = 1, .detail = detail});
}

/* The events after a position, as one JSON array. */
static json_t *read_events(struct hub_connection *connection, int64_t after, int64_t limit)
{
    struct cg_error err = {0};
    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    json_t *events = json_array();
    assert_int_equal(outbox_read(hub_connection_database(connection), after, limit, &rows, &err), 0);
    assert_string_equal(err.message, "");
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(events, json_loads(database_cell(&rows, i, 0), 0, NULL));
    assert_string_equal(hub_commit(connection), "");
    return events;
}

static int64_t position_of(const json_t *events, size_t i)
{
    return json_integer_value(json_object_get(json_array_get(events, i), "position"));
}

static int mark_of(const json_t *events, size_t i)
{
    const json_t *detail = json_object_get(json_array_get(events, i), "detail");
    return (int)json_integer_value(json_object_get(detail, "mark"));
}

static const char *text_of(const json_t *events, size_t i, const char *member)
{
    const char *text = json_string_value(json_object_get(json_array_get(events, i), member));
    return text ? text : "";
}

static void an_import_is_told(void **state)
{
    (void)state;
    want_postgres();
    struct hub_connection *hub = hub_connect(hub_database_create());
    struct cg_error err = {0};
    assert_int_equal(outbox_ready(hub_connection_database(hub), &err), 1);
    write_event(hub, &an_import);
    assert_string_equal(hub_commit(hub), "");
    CG_AUTO_JSON json_t *events = read_events(hub, 0, 10);
    assert_int_equal(json_array_size(events), 1);
    assert_int_equal(position_of(events, 0), 1);
    assert_string_equal(text_of(events, 0, "kind"), "import");
    assert_string_equal(text_of(events, 0, "nvr"), "pkg-1-1");
    assert_string_equal(text_of(events, 0, "content_generator"), "osbs");
    assert_string_equal(text_of(events, 0, "user_name"), "builder");
    assert_string_equal(text_of(events, 0, "metadata_sha256"), an_import.metadata_sha256);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 0), "user_id")), 10);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 0), "session_id")), 77);
    assert_true(json_is_array(json_object_get(json_object_get(json_array_get(events, 0), "detail"), "outputs")));
    assert_int_equal(strlen(text_of(events, 0, "time")), strlen("2026-11-23T19:40:23.067895Z"));
    hub_disconnect(hub);
}

/* Build 4 came without a content generator: only its import would be told, and what follows one. */
static void other_builds_are_not_recorded(void **state)
{
    (void)state;
    want_postgres();
    struct hub_connection *hub = hub_connect(hub_database_create());
    struct outbox_event event = {.kind = "tag", .build_id = 4, .detail = "{}"};
    write_event(hub, &event);
    assert_string_equal(hub_commit(hub), "");
    CG_AUTO_JSON json_t *none = read_events(hub, 0, 10);
    assert_int_equal(json_array_size(none), 0);
    write_event(hub,
                &(struct outbox_event){.kind = "import", .build_id = 4, .content_generator = "osbs", .detail = "{}"});
    write_event(hub, &event);
    assert_string_equal(hub_commit(hub), "");
    CG_AUTO_JSON json_t *events = read_events(hub, 0, 10);
    assert_int_equal(json_array_size(events), 2);
    assert_string_equal(text_of(events, 0, "content_generator"), "osbs");
    assert_string_equal(text_of(events, 1, "kind"), "tag");
    hub_disconnect(hub);
}

static void what_is_rolled_back_was_not(void **state)
{
    (void)state;
    want_postgres();
    struct hub_connection *hub = hub_connect(hub_database_create());
    write_mark(hub, 1);
    hub_rollback(hub);
    write_mark(hub, 2);
    assert_string_equal(hub_commit(hub), "");
    CG_AUTO_JSON json_t *events = read_events(hub, 0, 10);
    assert_int_equal(json_array_size(events), 1);
    assert_int_equal(position_of(events, 0), 1);
    assert_int_equal(mark_of(events, 0), 2);
    hub_disconnect(hub);
}

/* Who writes first and commits last comes last: a reader that saw the other misses nothing. */
static void the_order_is_that_of_commits(void **state)
{
    (void)state;
    want_postgres();
    const char *conninfo = hub_database_create();
    struct hub_connection *slow = hub_connect(conninfo);
    struct hub_connection *fast = hub_connect(conninfo);
    write_mark(slow, 1);
    write_mark(slow, 2);
    write_mark(fast, 3);
    assert_string_equal(hub_commit(fast), "");
    CG_AUTO_JSON json_t *before = read_events(fast, 0, 10);
    assert_int_equal(json_array_size(before), 1);
    assert_int_equal(mark_of(before, 0), 3);
    assert_string_equal(hub_commit(slow), "");
    CG_AUTO_JSON json_t *after = read_events(fast, position_of(before, 0), 10);
    assert_int_equal(json_array_size(after), 2);
    assert_int_equal(mark_of(after, 0), 1);
    assert_int_equal(mark_of(after, 1), 2);
    assert_int_equal(position_of(after, 1), 3);
    hub_disconnect(slow);
    hub_disconnect(fast);
}

static void readings_have_a_limit(void **state)
{
    (void)state;
    want_postgres();
    struct hub_connection *hub = hub_connect(hub_database_create());
    struct cg_error err = {0};
    struct database_rows rows = {0};
    for (int i = 0; i < 3; i++)
        write_mark(hub, i);
    assert_string_equal(hub_commit(hub), "");
    CG_AUTO_JSON json_t *two = read_events(hub, 0, 2);
    assert_int_equal(json_array_size(two), 2);
    CG_AUTO_JSON json_t *rest = read_events(hub, 2, OUTBOX_LIMIT_MOST);
    assert_int_equal(json_array_size(rest), 1);
    const struct database *database = hub_connection_database(hub);
    assert_int_equal(outbox_read(database, 0, 0, &rows, &err), -1);
    assert_error(&err, CG_E_USAGE, "the limit 0 makes no sense, expected 1 to 1000");
    assert_int_equal(outbox_read(database, 0, OUTBOX_LIMIT_MOST + 1, &rows, &err), -1);
    assert_error(&err, CG_E_USAGE, "the limit 1001 makes no sense, expected 1 to 1000");
    hub_disconnect(hub);
}

/* Not by the hub's role, which may only add, nor by the owner of the table by mistake. */
static void nobody_changes_the_record(void **state)
{
    (void)state;
    want_postgres();
    const char *conninfo = hub_database_create();
    struct hub_connection *hub = hub_connect(conninfo);
    write_mark(hub, 1);
    assert_string_equal(hub_commit(hub), "");
    static const char *const changes[] = {"UPDATE cgimport.event SET nvr = 'x'", "DELETE FROM cgimport.event",
                                          "TRUNCATE cgimport.event", "UPDATE cgimport.event SET position = 7"};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(database_run(hub_connection_database(hub), changes[i], NULL, 0, NULL, &err), -1);
        assert_error(&err, CG_E_HUB_FAULT, "the hub's database: permission denied for table event");
        hub_rollback(hub);
        const char *said = postgres_sql(conninfo, changes[i]);
        if (!strstr(said, "the record of imports is never changed"))
            fail_msg("%s: %s", changes[i], said);
    }
    struct cg_error err = {0};
    assert_int_equal(
        database_run(hub_connection_database(hub), "UPDATE cgimport.head SET position = 0", NULL, 0, NULL, &err), -1);
    assert_error(&err, CG_E_HUB_FAULT, "the hub's database: permission denied for table head");
    hub_disconnect(hub);
}

static void a_database_that_is_not_prepared_is_told(void **state)
{
    (void)state;
    want_postgres();
    struct hub_connection *hub = hub_connect(hub_database_create_bare());
    struct cg_error err = {0};
    struct database_rows rows = {0};
    assert_int_equal(outbox_ready(hub_connection_database(hub), &err), 0);
    assert_int_equal(outbox_read(hub_connection_database(hub), 0, 1, &rows, &err), -1);
    assert_error(&err, CG_E_UNSUPPORTED, "this hub keeps no record of imports: its database is not prepared");
    assert_string_equal(hub_commit(hub), ""); /* the transaction is as good as before */
    hub_disconnect(hub);
}

/* --- many at once ------------------------------------------------------------------------------------------------- */

struct crowd {
    const char *conninfo;
    atomic_uint committed; /* events */
    atomic_uint left;      /* writers at work */
    atomic_uint looks;     /* of the reader meanwhile */
};

/* Each writes one to three events a transaction, and takes every fifth back; the waits differ. None ends before the
 * reader has come to look some times. */
static void *write_many(void *context)
{
    struct crowd *crowd = context;
    struct hub_connection *hub = hub_connect(crowd->conninfo);
    unsigned number = atomic_fetch_sub(&crowd->left, 1);
    atomic_fetch_add(&crowd->left, 1);
    for (unsigned round = 0; round < ROUNDS || atomic_load(&crowd->looks) < LOOKS; round++) {
        unsigned events = 1 + (round + number) % 3;
        for (unsigned i = 0; i < events; i++)
            write_mark(hub, (int)round);
        const struct timespec wait = {0, (long)((round * 7 + number * 13) % 5) * 300000};
        nanosleep(&wait, NULL);
        if (round % 5 == 4) {
            hub_rollback(hub);
            continue;
        }
        assert_string_equal(hub_commit(hub), "");
        atomic_fetch_add(&crowd->committed, events);
    }
    hub_disconnect(hub);
    atomic_fetch_sub(&crowd->left, 1);
    return NULL;
}

/* What is new must begin right after what was seen, at every look, however the commits fall. Reads up to the end. */
static int64_t look(struct hub_connection *reader, int64_t seen)
{
    for (size_t count = OUTBOX_LIMIT_MOST; count == OUTBOX_LIMIT_MOST;) {
        CG_AUTO_JSON json_t *events = read_events(reader, seen, OUTBOX_LIMIT_MOST);
        count = json_array_size(events);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(position_of(events, i), ++seen);
    }
    return seen;
}

static void a_reader_misses_nothing_of_a_crowd(void **state)
{
    (void)state;
    want_postgres();
    struct crowd crowd = {.conninfo = hub_database_create(), .left = WRITERS};
    struct hub_connection *reader = hub_connect(crowd.conninfo);
    pthread_t writers[WRITERS];
    int64_t seen = 0;
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_many, &crowd), 0);
    while (atomic_load(&crowd.left) > 0) {
        seen = look(reader, seen);
        atomic_fetch_add(&crowd.looks, 1);
    }
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    seen = look(reader, seen);
    assert_int_equal(seen, atomic_load(&crowd.committed));
    hub_disconnect(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_is_told),
        cmocka_unit_test(other_builds_are_not_recorded),
        cmocka_unit_test(what_is_rolled_back_was_not),
        cmocka_unit_test(the_order_is_that_of_commits),
        cmocka_unit_test(readings_have_a_limit),
        cmocka_unit_test(nobody_changes_the_record),
        cmocka_unit_test(a_database_that_is_not_prepared_is_told),
        cmocka_unit_test(a_reader_misses_nothing_of_a_crowd),
    };
    return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}
