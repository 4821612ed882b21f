/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "base/clock.h"

static const char *const put_event =
    "INSERT INTO events (import_id, type, actor, detail) SELECT id, 'test', 'test', '{}' FROM imports LIMIT 1;";

/* How many events of all imports there are behind `after`; the last one's id is written to `after`. */
static size_t read_on(struct store *store, int64_t *after)
{
    struct cg_error err = {0};
    struct store_event *events;
    size_t count;
    assert_int_equal(store_event_list(store, NULL, *after, 1000, &events, &count, &err), 0);
    assert_string_equal(err.message, "");
    for (size_t i = 0; i < count; i++) {
        assert_true(events[i].event_id > *after);
        *after = events[i].event_id;
    }
    store_events_free(events, count);
    return count;
}

/* A session that reads commands from us. */
static FILE *session(void)
{
    char line[700];
    snprintf(line, sizeof line, "%s/psql -X -q -d '%s' >/dev/null 2>&1", postgres_programs(), database);
    FILE *psql = popen(line, "w"); /* NOLINT(cert-env33-c) */
    assert_non_null(psql);
    return psql;
}

static void tell(FILE *psql, const char *command)
{
    assert_true(fprintf(psql, "%s\n", command) > 0);
    assert_int_equal(fflush(psql), 0);
}

/* A session that has written an event and not committed it. */
static FILE *slow_writer(void)
{
    FILE *psql = session();
    tell(psql, "BEGIN;");
    tell(psql, put_event);
    await("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE mode = 'RowExclusiveLock'"
          " AND relation = 'events'::regclass AND state = 'idle in transaction'",
          "1");
    return psql;
}

static void keeps_events_as_they_were_written(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    static const char *const attempts[] = {"UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events"};
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(sql(attempts[i]), "rows of events are never changed or removed"));
    sql("CREATE ROLE anyone LOGIN");
    char stranger[500];
    snprintf(stranger, sizeof stranger, "%s user=anyone", database);
    assert_non_null(
        strstr(postgres_sql(stranger, "INSERT INTO events (import_id) VALUES (NULL)"), "permission denied"));

    struct store_event *events;
    size_t count;
    assert_int_equal(store_event_list(store, NULL, 0, 10, &events, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(events[0].type, "accepted");
    assert_string_equal(events[0].actor, "builder");
    assert_string_equal(events[0].import_id, id);
    assert_string_equal(events[0].content_generator, GENERATOR);
    assert_string_equal(events[0].package, "pkg");
    assert_string_equal(json_string_value(json_object_get(events[0].detail, "request")), "r1");
    int64_t first = events[0].event_id;
    assert_true(events[1].event_id > first);
    store_events_free(events, count);
    assert_int_equal(store_event_list(store, id, first, 10, &events, &count, &err), 0);
    assert_int_equal(count, 1);
    store_events_free(events, count);
    assert_int_equal(store_event_list(store, id, 0, 1, &events, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(events[0].event_id, first);
    store_events_free(events, count);
    store_close(store);
}

static void knows_the_last_event(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    int64_t last = -1;
    assert_int_equal(store_event_last(store, &last, &err), 0);
    assert_int_equal(last, 0);
    struct store_new_import wanted = posted("a-1-1", 1);
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    assert_int_equal(store_event_last(store, &last, &err), 0);
    assert_int_equal(last, 2);
    store_close(store);
}

/* Its event has a lower id than what is committed after it: a reader that went past it would never tell it. */
static void does_not_go_past_a_write_under_way_and_keeps_nobody_from_writing(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    int64_t after = 0, last;
    assert_int_equal(read_on(store, &after), 2);
    FILE *writer = slow_writer();
    struct store_new_import wanted = posted("b-1-1", 2);
    queue_import(store, &wanted, id);
    assert_int_equal(read_on(store, &after), 0);
    assert_int_equal(store_event_last(store, &last, &err), 0);
    assert_int_equal(last, 2);
    /* Those of one import need not wait: its writers wait for each other. */
    struct store_event *events;
    size_t count;
    assert_int_equal(store_event_list(store, id, 0, 10, &events, &count, &err), 0);
    assert_int_equal(count, 2);
    store_events_free(events, count);

    tell(writer, "COMMIT;");
    assert_int_equal(pclose(writer), 0);
    assert_int_equal(read_on(store, &after), 3);
    assert_int_equal(after, 5);
    /* What was rolled back leaves a hole that nothing waits for. */
    writer = slow_writer();
    tell(writer, "ROLLBACK;");
    assert_int_equal(pclose(writer), 0);
    sql(put_event);
    assert_int_equal(read_on(store, &after), 1);
    assert_int_equal(after, 7);
    store_close(store);
}

/* The transactions that a reader has to wait for are those that write events, not any that last. */
static void does_not_wait_for_others(void **state)
{
    (void)state;
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    FILE *other = session();
    tell(other, "BEGIN; INSERT INTO circuits (hub, failures, message) VALUES ('x', 1, 'x'); SELECT * FROM events;");
    /* Its last command, not the first: between two it is idle in the transaction as well. */
    await("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
          " AND query = 'SELECT * FROM events;'",
          "1");
    int64_t after = 0;
    assert_int_equal(read_on(store, &after), 2);
    tell(other, "ROLLBACK;");
    assert_int_equal(pclose(other), 0);
    store_close(store);
}

static void goes_on_in_a_database_that_was_restored(void **state)
{
    (void)state;
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    int64_t after = 0;
    assert_int_equal(read_on(store, &after), 2);
    sql("ALTER TABLE events DISABLE TRIGGER ALL; TRUNCATE events RESTART IDENTITY; ALTER TABLE events ENABLE TRIGGER"
        " ALL");
    sql(put_event);
    after = 0;
    assert_int_equal(read_on(store, &after), 1);
    store_close(store);
}

#define WRITERS 4
#define EVENTS_EACH 60

/* Writers commit in any order; who reads on behind what it has read gets every event. */
static void tells_every_event_of_many_writers(void **state)
{
    (void)state;
    char id[STORE_ID_SIZE], count[24];
    struct store *store = open_store_with_import(id);
    FILE *writers[WRITERS];
    for (int w = 0; w < WRITERS; w++)
        writers[w] = session();
    for (int w = 0; w < WRITERS; w++) {
        for (int i = 0; i < EVENTS_EACH; i++)
            fprintf(writers[w], "BEGIN; %s SELECT pg_sleep(random() * 0.004); COMMIT;\n", put_event);
        assert_int_equal(fflush(writers[w]), 0);
    }
    int64_t after = 0;
    size_t seen = 0;
    uint64_t deadline_ms = clock_monotonic_ms() + 60000;
    while (seen < WRITERS * EVENTS_EACH + 2 && clock_monotonic_ms() < deadline_ms)
        seen += read_on(store, &after);
    for (int w = 0; w < WRITERS; w++)
        assert_int_equal(pclose(writers[w]), 0);
    seen += read_on(store, &after);
    snprintf(count, sizeof count, "%zu", seen);
    assert_string_equal(sql("SELECT count(*) FROM events"), count);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_events_as_they_were_written),
        cmocka_unit_test(knows_the_last_event),
        cmocka_unit_test(does_not_go_past_a_write_under_way_and_keeps_nobody_from_writing),
        cmocka_unit_test(does_not_wait_for_others),
        cmocka_unit_test(goes_on_in_a_database_that_was_restored),
        cmocka_unit_test(tells_every_event_of_many_writers),
    };
    return cmocka_run_group_tests_name("events", tests, postgres_start, postgres_stop);
}
