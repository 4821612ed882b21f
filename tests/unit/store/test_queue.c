/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "base/clock.h"

#include <pthread.h>

static void takes_an_import_from_the_queue_to_its_end(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);

    struct store_claim claim;
    claim_one(store, "replica-1", &claim);
    assert_string_equal(claim.import.id, id);
    assert_string_equal(claim.owner, "replica-1");
    assert_int_equal(claim.import.state, STORE_RUNNING);
    assert_int_equal(claim.import.attempts, 1);
    assert_true(json_is_null(claim.journal));
    assert_false(claim.cancel_asked);

    assert_int_equal(store_claim_step(store, &claim, "upload", NULL, &err), 0);
    CG_AUTO_JSON json_t *journal = quoted_json("{'directory': 'cg-import/1'}");
    assert_int_equal(store_claim_journal(store, &claim, journal, &err), 0);
    assert_int_equal(store_claim_heartbeat(store, &claim, 60000, &err), 1);
    assert_int_equal(store_claim_imported(store, &claim, 42, "https://koji/42", NULL, &err), 0);
    assert_string_equal(err.message, "");
    store_claim_finish(&claim);

    struct store_import import;
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    assert_int_equal(import.state, STORE_IMPORTED);
    assert_int_equal(import.build_id, 42);
    assert_string_equal(import.url, "https://koji/42");
    assert_string_equal(import.step, "upload");
    assert_true(import.finished_at > 0);
    store_import_finish(&import);
    assert_int_equal(store_claim_next(store, "replica-1", 60000, &claim, &err), 0);

    struct store_event *events;
    size_t count;
    assert_int_equal(store_event_list(store, id, 0, 100, &events, &count, &err), 0);
    static const char *const types[] = {"accepted", "queued", "claimed", "step", "imported"};
    assert_int_equal(count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(events[i].type, types[i]);
    store_events_free(events, count);
    store_close(store);
}

static void write_all(struct store *store, const struct store_claim *claim, const char *expected)
{
    struct cg_error err = {0}, why = {0};
    cg_fail(&why, CG_E_HUB_REFUSED, "no");
    CG_AUTO_JSON json_t *journal = json_object();
    assert_int_equal(store_claim_step(store, claim, "import", NULL, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_journal(store, claim, journal, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_imported(store, claim, 1, "u", NULL, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_rejected(store, claim, &why, NULL, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_canceled(store, claim, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_held(store, claim, STORE_HELD_TAG, &why, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_claim_later(store, claim, 0, &why, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
}

static void refuses_every_write_once_the_lease_is_lost(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE], expected[200];
    struct store *store = open_store_with_import(id);
    struct store_claim slow, fast, none;
    claim_one(store, "slow", &slow);
    CG_AUTO_JSON json_t *journal = quoted_json("{'importing': true}");
    assert_int_equal(store_claim_journal(store, &slow, journal, &err), 0);
    assert_int_equal(store_claim_next(store, "fast", 60000, &none, &err), 0);
    /* The lease runs out while its owner sleeps. */
    sql("UPDATE queue SET due_at = now() - interval '1 ms'");
    claim_one(store, "fast", &fast);
    assert_true(fast.fence > slow.fence);
    assert_int_equal(fast.import.attempts, 2);
    assert_true(json_equal(fast.journal, journal));
    snprintf(expected, sizeof expected, "lease lost: import %s is no longer that of slow (fence %lld)", id,
             (long long)slow.fence);
    write_all(store, &slow, expected);
    assert_int_equal(store_claim_heartbeat(store, &slow, 60000, &err), 0);
    assert_int_equal(state_of(store, id), STORE_RUNNING);
    assert_string_equal(sql("SELECT detail->>'because' FROM events WHERE type = 'claimed' ORDER BY event_id"),
                        "due\nthe lease of the owner before ran out");

    assert_int_equal(store_claim_imported(store, &fast, 7, NULL, NULL, &err), 0);
    /* Neither may write when it has ended. */
    write_all(store, &slow, expected);
    snprintf(expected, sizeof expected, "lease lost: import %s is no longer that of fast (fence %lld)", id,
             (long long)fast.fence);
    write_all(store, &fast, expected);
    assert_int_equal(store_claim_heartbeat(store, &fast, 60000, &err), 0);
    assert_int_equal(state_of(store, id), STORE_IMPORTED);
    assert_string_equal(sql("SELECT journal IS NULL FROM imports"), "t");
    store_claim_finish(&slow);
    store_claim_finish(&fast);
    store_close(store);
}

static void keeps_a_lease_by_heartbeats(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store_claim claim;
    struct store *store = open_store_with_claim(id, &claim);
    sql("UPDATE queue SET due_at = now() - interval '1 s'");
    static const char left[] = "SELECT due_at - now() BETWEEN interval '50 min' AND interval '1 hour' FROM queue";
    assert_int_equal(store_claim_heartbeat(store, &claim, 3600000, &err), 1);
    assert_string_equal(sql(left), "t");
    /* A heartbeat does not shorten what is left. */
    assert_int_equal(store_claim_heartbeat(store, &claim, 1, &err), 1);
    assert_string_equal(sql(left), "t");
    assert_false(claim.cancel_asked);
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), 1);
    assert_int_equal(store_claim_heartbeat(store, &claim, 30000, &err), 1);
    assert_true(claim.cancel_asked);
    assert_int_equal(store_claim_canceled(store, &claim, &err), 0);
    assert_int_equal(state_of(store, id), STORE_CANCELED);
    store_claim_finish(&claim);
    store_close(store);
}

static void comes_back_later(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    char id[STORE_ID_SIZE];
    struct store_claim claim;
    struct store *store = open_store_with_claim(id, &claim);
    CG_AUTO_JSON json_t *journal = quoted_json("{'a': 1}");
    assert_int_equal(store_claim_journal(store, &claim, journal, &err), 0);
    cg_fail(&why, CG_E_OFFLINE, "the hub is offline, it says \xff");
    cg_hint(&why, "wait");
    assert_int_equal(store_claim_later(store, &claim, 3600000, &why, &err), 0);
    store_claim_finish(&claim);
    struct store_import import;
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    assert_int_equal(import.state, STORE_QUEUED);
    assert_string_equal(import.error_name, "CG_E_OFFLINE");
    assert_string_equal(import.error_message, "the hub is offline, it says ?");
    assert_string_equal(import.error_hint, "wait");
    assert_true(import.next_attempt_at > import.updated_at + 3500);
    store_import_finish(&import);
    assert_int_equal(store_claim_next(store, "w", 60000, &claim, &err), 0);
    /* One that is asked to be canceled is due at once, since it has been at the hub. */
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), 1);
    assert_int_equal(state_of(store, id), STORE_QUEUED);
    claim_one(store, "w", &claim);
    assert_true(claim.cancel_asked);
    assert_true(json_equal(claim.journal, journal));
    assert_int_equal(store_claim_later(store, &claim, 3600000, NULL, &err), 0);
    store_claim_finish(&claim);
    claim_one(store, "w", &claim);
    assert_true(claim.cancel_asked);
    store_claim_finish(&claim);
    store_close(store);
}

static void holds_with_the_reason(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store *store = open_store();
    cg_fail(&why, CG_E_UNKNOWN, "no answer");
    char id[STORE_ID_SIZE], nvr[32];
    for (int held = STORE_HELD_UNKNOWN_OUTCOME; held <= STORE_HELD_CONTENT_LOST; held++) {
        snprintf(nvr, sizeof nvr, "a-1-%d", held);
        struct store_new_import wanted = posted(nvr, 1);
        queue_import(store, &wanted, id);
        struct store_claim claim;
        claim_one(store, "w", &claim);
        assert_int_equal(store_claim_held(store, &claim, (enum store_held)held, &why, &err), 0);
        store_claim_finish(&claim);
        struct store_import import;
        assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
        assert_int_equal(import.state, STORE_HELD);
        assert_int_equal(import.held, held);
        assert_string_equal(import.error_message, "no answer");
        store_import_finish(&import);
    }
    store_close(store);
}

static void serves_content_generators_in_turn(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    char id[STORE_ID_SIZE], nvr[32];
    static const struct {
        const char *generator, *hub;
        int count;
    } posts[] = {{"flood", HUB, 20}, {"small", HUB, 3}, {"two-hubs", HUB, 3}, {"two-hubs", "stage", 3}};
    for (size_t p = 0; p < sizeof posts / sizeof posts[0]; p++) {
        for (int i = 0; i < posts[p].count; i++) {
            snprintf(nvr, sizeof nvr, "%s-1-%d", posts[p].generator, i);
            struct store_new_import wanted = posted(nvr, 1);
            wanted.content_generator = posts[p].generator;
            wanted.hub = posts[p].hub;
            queue_import(store, &wanted, id);
        }
    }
    /* Nine claims: three of each, whatever each has queued and on how many hubs; of each the oldest first. */
    int flood = 0, small = 0, two = 0;
    for (int i = 0; i < 9; i++) {
        struct store_claim claim;
        claim_one(store, "w", &claim);
        const char *generator = claim.import.content_generator;
        int *count = strcmp(generator, "flood") == 0 ? &flood : strcmp(generator, "small") == 0 ? &small : &two;
        if (count != &two) {
            snprintf(nvr, sizeof nvr, "%s-1-%d", generator, *count);
            assert_string_equal(claim.import.nvr, nvr);
        }
        ++*count;
        assert_true(flood <= i / 3 + 1 && small <= i / 3 + 1 && two <= i / 3 + 1);
        store_claim_finish(&claim);
    }
    assert_int_equal(flood, 3);
    assert_int_equal(small, 3);
    assert_int_equal(two, 3);
    assert_string_equal(err.message, "");
    store_close(store);
}

/* --- many owners ------------------------------------------------------------------------------------------------- */

struct owner {
    struct store *store;
    char name[16];
    unsigned done, failed;
};

static void *work_off(void *context)
{
    struct owner *owner = context;
    for (;;) {
        struct cg_error err = {0};
        struct store_claim claim;
        int claimed = store_claim_next(owner->store, owner->name, 60000, &claim, &err);
        if (claimed == 0)
            return NULL;
        if (claimed < 0 || store_claim_imported(owner->store, &claim, 1, NULL, NULL, &err) != 0)
            owner->failed++;
        else
            owner->done++;
        store_claim_finish(&claim);
        if (owner->failed > 10)
            return NULL;
    }
}

static void gives_each_import_to_one_owner(void **state)
{
    (void)state;
    struct store *store = open_store();
    char id[STORE_ID_SIZE], nvr[32];
    for (int i = 0; i < 200; i++) {
        snprintf(nvr, sizeof nvr, "a-1-%d", i);
        struct store_new_import wanted = posted(nvr, 1);
        queue_import(store, &wanted, id);
    }
    struct owner owners[4];
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) {
        owners[i] = (struct owner){.store = open_at(database)};
        snprintf(owners[i].name, sizeof owners[i].name, "w%u", i);
        pthread_create(&threads[i], NULL, work_off, &owners[i]);
    }
    unsigned done = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        done += owners[i].done;
        assert_int_equal(owners[i].failed, 0);
        store_close(owners[i].store);
    }
    assert_int_equal(done, 200);
    assert_string_equal(sql("SELECT count(*) FROM events WHERE type = 'claimed'"), "200");
    assert_string_equal(sql("SELECT count(*) FROM imports WHERE state = 'imported' AND attempts = 1"), "200");
    assert_string_equal(sql("SELECT count(*) FROM queue"), "0");
    store_close(store);
}

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static void fail_hub(struct store *store, const char *hub, int times)
{
    struct cg_error err = {0}, why = {0};
    cg_fail(&why, CG_E_OFFLINE, "away");
    for (int i = 0; i < times; i++)
        assert_int_equal(store_circuit_failed(store, hub, &why, &err), 0);
}

/* The seconds that the circuit stays open, as the statistics round it. */
static int open_seconds(void)
{
    return atoi(sql("SELECT round(extract(epoch FROM open_until - updated_at)) FROM circuits"));
}

static void lets_one_probe_through_to_a_failing_hub(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    char id[STORE_ID_SIZE], nvr[32];
    for (int i = 0; i < 4; i++) {
        snprintf(nvr, sizeof nvr, "a-1-%d", i);
        struct store_new_import wanted = posted(nvr, 1);
        queue_import(store, &wanted, id);
    }
    struct store_new_import elsewhere = posted("a-1-1", 1);
    elsewhere.hub = "stage";
    queue_import(store, &elsewhere, id);

    fail_hub(store, HUB, 4);
    struct store_claim claim, none;
    claim_one(store, "w", &claim);
    assert_string_equal(claim.import.hub, HUB);
    store_claim_finish(&claim);
    fail_hub(store, HUB, 1);
    assert_int_equal(open_seconds(), 5);
    sql("UPDATE circuits SET open_until = now() + interval '1 hour'");
    /* Others that were on their way do not open it further. */
    fail_hub(store, HUB, 3);
    assert_int_equal(atoi(sql("SELECT openings FROM circuits")), 1);
    /* Only the other hub is served. */
    claim_one(store, "w", &claim);
    assert_string_equal(claim.import.hub, "stage");
    store_claim_finish(&claim);
    assert_int_equal(store_claim_next(store, "w", 60000, &none, &err), 0);

    /* After its time one probe goes, no second; when it fails, the circuit stays open for twice as long. */
    sql("UPDATE circuits SET open_until = now() - interval '1 ms'");
    claim_one(store, "w", &claim);
    assert_string_equal(claim.import.hub, HUB);
    store_claim_finish(&claim);
    assert_int_equal(store_claim_next(store, "w", 60000, &none, &err), 0);
    fail_hub(store, HUB, 1);
    assert_int_equal(open_seconds(), 10);
    for (int i = 0; i < 8; i++) {
        sql("UPDATE circuits SET open_until = now() - interval '1 ms'");
        fail_hub(store, HUB, 1);
    }
    assert_int_equal(open_seconds(), 300);
    /* A success closes it. */
    assert_int_equal(store_circuit_ok(store, HUB, &err), 0);
    claim_one(store, "w", &claim);
    store_claim_finish(&claim);
    claim_one(store, "w", &claim);
    store_claim_finish(&claim);
    assert_int_equal(store_claim_next(store, "w", 60000, &none, &err), 0);
    assert_int_equal(store_circuit_ok(store, HUB, &err), 0);
    assert_string_equal(err.message, "");
    store_close(store);
}

/* --- waiting ----------------------------------------------------------------------------------------------------- */

struct sleeper {
    struct store *store;
    struct stop stop;
    int result;
    struct cg_error err;
};

static void *sleep_for_work(void *context)
{
    struct sleeper *sleeper = context;
    sleeper->result = store_queue_wait(sleeper->store, &sleeper->stop, 50000, &sleeper->err);
    return NULL;
}

/* Returns when the sleeper's connection listens and is idle. Whoever asked that before may be idle as well. */
static void await_listener(void)
{
    await("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
          " AND application_name = 'cg-import' AND query LIKE '%LATERAL%due_at%'",
          "1");
}

static void wakes_when_something_is_queued(void **state)
{
    (void)state;
    struct sleeper sleeper = {.store = open_store()};
    assert_int_equal(stop_init(&sleeper.stop, &sleeper.err), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_for_work, &sleeper);
    await_listener();
    uint64_t began = clock_monotonic_ms();
    struct store_new_import wanted = posted("a-1-1", 1);
    char id[STORE_ID_SIZE];
    queue_import(sleeper.store, &wanted, id);
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.result, 0);
    assert_true(clock_monotonic_ms() - began < 40000);

    /* Stopped. */
    struct store_claim claim;
    claim_one(sleeper.store, "w", &claim);
    store_claim_finish(&claim);
    sql("UPDATE queue SET due_at = now() + interval '1 hour'");
    pthread_create(&thread, NULL, sleep_for_work, &sleeper);
    stop_request(&sleeper.stop);
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.result, 1);
    stop_finish(&sleeper.stop);
    store_close(sleeper.store);
}

static void wakes_when_something_is_due(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    sql("UPDATE queue SET due_at = now() + interval '300 ms'");
    uint64_t began = clock_monotonic_ms();
    assert_int_equal(store_queue_wait(store, NULL, 50000, &err), 0);
    assert_true(clock_monotonic_ms() - began < 40000);
    struct store_claim claim;
    claim_one(store, "w", &claim);
    store_claim_finish(&claim);
    /* Not before the circuit of its hub lets a probe through, whatever is due. */
    sql("UPDATE queue SET due_at = now()");
    fail_hub(store, HUB, 5);
    sql("UPDATE circuits SET open_until = now() + interval '1 hour'");
    began = clock_monotonic_ms();
    assert_int_equal(store_queue_wait(store, NULL, 300, &err), 0);
    assert_true(clock_monotonic_ms() - began >= 300);
    store_close(store);
}

static void waits_a_little_when_the_database_is_away(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    assert_int_equal(store_queue_wait(store, NULL, 1, &err), 0);
    postgres_crash();
    uint64_t began = clock_monotonic_ms();
    assert_int_equal(store_queue_wait(store, NULL, 100, &err), -1);
    assert_int_equal(err.code, CG_E_BUSY);
    assert_true(clock_monotonic_ms() - began >= 100);
    postgres_restart();
    err = (struct cg_error){0};
    assert_int_equal(store_queue_wait(store, NULL, 1, &err), 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_import_from_the_queue_to_its_end),
        cmocka_unit_test(refuses_every_write_once_the_lease_is_lost),
        cmocka_unit_test(keeps_a_lease_by_heartbeats),
        cmocka_unit_test(comes_back_later),
        cmocka_unit_test(holds_with_the_reason),
        cmocka_unit_test(serves_content_generators_in_turn),
        cmocka_unit_test(gives_each_import_to_one_owner),
        cmocka_unit_test(lets_one_probe_through_to_a_failing_hub),
        cmocka_unit_test(wakes_when_something_is_queued),
        cmocka_unit_test(wakes_when_something_is_due),
        cmocka_unit_test(waits_a_little_when_the_database_is_away),
    };
    return cmocka_run_group_tests_name("queue", tests, postgres_start, postgres_stop);
}
