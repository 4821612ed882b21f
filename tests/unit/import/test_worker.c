/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker_test.h"

#include "import/worker_log.h"
#include "store/import_log.h"

#include "koji/content_generator.h"

#include <pthread.h>

static void imports_what_is_queued(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char ids[3][STORE_ID_SIZE];
    post(&scene, "sandbox", "queued.1", "one", "{}", ids[0]);
    struct worker *worker = start(&scene);
    post(&scene, "sandbox", "queued.2", "two", "{'reserve': true}", ids[1]);
    post(&scene, "sandbox", "queued.3", "three", "{'tag': 'test-candidate'}", ids[2]);
    for (size_t i = 0; i < 3; i++) {
        struct store_import import = wait_for(&scene, ids[i], STORE_IMPORTED);
        assert_true(import.build_id > 0);
        assert_non_null(strstr(import.url, "/buildinfo?buildID="));
        assert_int_equal(import.attempts, 1);
        store_import_finish(&import);
    }
    assert_int_equal(sandbox_calls("CGImport"), 3);
    assert_int_equal(sandbox_calls("CGInitBuild"), 1);
    /* One session for all: it is logged in once. */
    assert_int_equal(sandbox_calls("sslLogin"), 1);
    assert_string_equal(postgres_sql(scene.database, "SELECT count(*) FROM imports WHERE journal IS NOT NULL"), "0");
    worker_drain(worker);
    assert_int_equal(sandbox_calls("logout"), 1);
    close_scene(&scene);
}

/* The text of the first line of the import's log that begins so, or NULL; owned by `log`. */
static const char *find_line(const json_t *log, const char *begin)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(log, "lines"), i, line)
    {
        const char *text = json_string_value(json_object_get(line, "text"));
        if (strncmp(text, begin, strlen(begin)) == 0)
            return text;
    }
    return NULL;
}

static void keeps_log_lines_with_the_import(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    open_scene_with_hub(&scene);
    struct worker *worker = start(&scene);
    post(&scene, "sandbox", "logged", "one", "{'reserve': true}", id);
    expect_state(&scene, id, STORE_IMPORTED);
    worker_drain(worker);
    CG_AUTO_JSON json_t *log = NULL;
    assert_int_equal(store_log_get(scene.store, id, &log, &err), 0);
    assert_string_equal(find_line(log, "import began"), "import began request=request-1 nvr=test-container-logged-1"
                                                        " hub=sandbox attempt=1 replica=replica-1");
    assert_non_null(find_line(log, "reserved test-container-logged-1 as build "));
    assert_non_null(find_line(log, "import ended request=request-1 nvr=test-container-logged-1 end=imported"));
    assert_int_equal(json_integer_value(json_object_get(log, "dropped")), 0);
    close_scene(&scene);
}

/* Lines that came while the database did not take them are there later; of too many the number. */
static void log_lines_wait_for_the_database(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct cg_error err = {0};
    char id[STORE_ID_SIZE], text[40];
    open_scene(&scene);
    post(&scene, "sandbox", "waits", "one", "{}", id);
    postgres_sql(scene.database, "ALTER TABLE import_lines RENAME TO import_lines_away");
    struct worker_log *kept = worker_log_start(scene.store, NULL, &err);
    assert_non_null(kept);
    for (unsigned i = 0; i < 4100; i++) {
        snprintf(text, sizeof text, "line %u", i);
        log_line(worker_log_branch(kept), LOG_INFO, text, "import", id, NULL);
        log_line(worker_log_branch(kept), LOG_INFO, text, "import", "no id", NULL);
    }
    postgres_sql(scene.database, "ALTER TABLE import_lines_away RENAME TO import_lines");
    worker_log_stop(kept);
    CG_AUTO_JSON json_t *log = NULL;
    assert_int_equal(store_log_get(scene.store, id, &log, &err), 0);
    const json_t *lines = json_object_get(log, "lines");
    assert_int_equal(json_array_size(lines), 500);
    assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 499), "text")), "line 4095");
    assert_int_equal(json_integer_value(json_object_get(log, "dropped")), 3600);
    close_scene(&scene);
}

static void leaves_nothing_laid_out(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char id[STORE_ID_SIZE];
    /* What a killed worker left is recognised by its lock, which nobody holds. */
    char left[64];
    snprintf(left, sizeof left, "%s/work/worker-killed/.lock", scene.directory);
    scratch_write(left, "");
    snprintf(left, sizeof left, "%s/work/worker-killed/build/x86_64.log", scene.directory);
    scratch_write(left, "left");
    post(&scene, "sandbox", "clean", "one", "{}", id);
    struct worker *worker = start(&scene);
    assert_int_equal(access(scene_path(&scene, "work/worker-killed"), F_OK), -1);
    expect_state(&scene, id, STORE_IMPORTED);
    worker_drain(worker);
    assert_int_equal(rmdir(scene_path(&scene, "work")), 0);
    close_scene(&scene);
}

static void tells_refusals_of_the_hub(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    sandbox_steer("options", "{\"denied_packages\": {\"test-*\": \"not today\"}}");
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "denied", "one", "{'reserve': true}", id);
    struct worker *worker = start(&scene);
    struct store_import import = wait_for(&scene, id, STORE_REJECTED);
    assert_string_equal(import.error_name, "CG_E_DENIED");
    assert_non_null(strstr(import.error_message, "not today"));
    store_import_finish(&import);
    sandbox_steer("options", "{\"denied_packages\": {}}");
    worker_drain(worker);
    close_scene(&scene);
}

static void tries_again_what_may_pass(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "later", "one", "{}", id);
    /* The profile would have a call repeated for long; the worker leaves that to the queue. */
    scene.profile->max_retries = 1000;
    sandbox_steer("faults", "{\"method\": \"multiCall\", \"action\": \"status\", \"status\": 503, \"times\": 6}");
    struct worker *worker = start(&scene);
    struct store_import import = wait_for(&scene, id, STORE_IMPORTED);
    assert_true(import.attempts > 1);
    store_import_finish(&import);
    assert_true(count_events(&scene, id, "later") > 0);
    assert_int_equal(sandbox_calls("CGImport"), 1);
    worker_drain(worker);
    assert_int_equal(scene.profile->max_retries, 1000);
    close_scene(&scene);
}

/* A reply that was lost is asked for again by the next attempt, in the session and with the number of the first. */
static void asks_what_became_of_an_import(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "lost", "one", "{'reserve': true}", id);
    sandbox_steer("faults", "{\"method\": \"CGImport\", \"action\": \"lose-after\", \"times\": 3}");
    struct worker *worker = start(&scene);
    struct store_import import = wait_for(&scene, id, STORE_IMPORTED);
    store_import_finish(&import);
    worker_drain(worker);
    close_scene(&scene);
}

static void holds_what_a_person_must_decide(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char ids[4][STORE_ID_SIZE];
    char path[600];
    struct worker *worker = start(&scene);
    post(&scene, "sandbox", "taken", "one", "{}", ids[0]);
    expect_state(&scene, ids[0], STORE_IMPORTED);

    post(&scene, "again", "taken", "other bytes", "{}", ids[0]);
    expect_held(&scene, ids[0], STORE_HELD_CONFLICT);

    snprintf(path, sizeof path, "%s/packages/test-container/stray", sandbox_topdir());
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/packages/test-container/stray/1", sandbox_topdir());
    assert_int_equal(mkdir(path, 0777), 0);
    post(&scene, "sandbox", "stray", "one", "{}", ids[1]);
    expect_held(&scene, ids[1], STORE_HELD_STRAY_FILES);

    post(&scene, "sandbox", "untagged", "one", "{'tag': 'no-such-tag'}", ids[2]);
    struct store_import import = wait_for(&scene, ids[2], STORE_HELD);
    assert_string_equal(store_held_name(import.held), "tag");
    snprintf(path, sizeof path, "when the tag is mended: cg-import release %s", ids[2]);
    assert_string_equal(import.error_hint, path);
    store_import_finish(&import);

    struct worker_hub *hub = &scene.hubs[1];
    hub->name = "renamed";
    post(&scene, "again", "nowhere", "one", "{}", ids[3]);
    expect_held(&scene, ids[3], STORE_HELD_CREDENTIALS);
    worker_drain(worker);
    close_scene(&scene);
}

static void release(struct scene *scene, const char *id, const char *decision)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *detail = metadata_document_value(decision);
    assert_int_equal(store_import_release(scene->store, id, "operator", detail, NULL, &err), 1);
    assert_string_equal(err.message, "");
}

static void does_what_a_person_decided(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char first[STORE_ID_SIZE];
    char id[STORE_ID_SIZE];
    char path[600];
    struct worker *worker = start(&scene);
    snprintf(path, sizeof path, "%s/packages/test-container/cured", sandbox_topdir());
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/packages/test-container/cured/1", sandbox_topdir());
    assert_int_equal(mkdir(path, 0777), 0);
    post(&scene, "sandbox", "cured", "one", "{}", id);
    expect_held(&scene, id, STORE_HELD_STRAY_FILES);
    release(&scene, id, "{'action': 'retry'}");
    expect_held(&scene, id, STORE_HELD_STRAY_FILES);
    release(&scene, id, "{'action': 'cure-stray'}");
    expect_state(&scene, id, STORE_IMPORTED);

    post(&scene, "sandbox", "marked", "one", "{}", first);
    struct store_import import = wait_for(&scene, first, STORE_IMPORTED);
    int64_t build_id = import.build_id;
    store_import_finish(&import);
    post(&scene, "again", "marked", "other bytes", "{}", id);
    expect_held(&scene, id, STORE_HELD_CONFLICT);
    release(&scene, id, "{'action': 'mark-imported', 'build_id': 999999}");
    expect_held(&scene, id, STORE_HELD_CONFLICT);
    char decision[100];
    snprintf(decision, sizeof decision, "{'action': 'mark-imported', 'build_id': %lld}", (long long)build_id);
    /* A build whose NVR goes on where the import's ends is another. */
    postgres_sql(scene.database, "UPDATE imports SET nvr = 'test-container-mark' WHERE hub = 'again'");
    release(&scene, id, decision);
    expect_held(&scene, id, STORE_HELD_CONFLICT);
    postgres_sql(scene.database, "UPDATE imports SET nvr = 'test-container-marked-1' WHERE hub = 'again'");
    release(&scene, id, decision);
    import = wait_for(&scene, id, STORE_IMPORTED);
    assert_int_equal(import.build_id, build_id);
    store_import_finish(&import);
    worker_drain(worker);
    close_scene(&scene);
}

static void holds_what_lost_its_content(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    struct cg_error err = {0};
    struct cg_digests gone;
    char ids[2][STORE_ID_SIZE];
    post(&scene, "sandbox", "gone", "that will be gone", "{}", ids[0]);
    keep_content(&scene, "that will be gone", &gone);
    assert_int_equal(spool_content_remove(scene.spool, gone.sha256, 0, &err), 0);

    post(&scene, "sandbox", "damaged", "that will be damaged", "{}", ids[1]);
    keep_content(&scene, "that will be damaged", &gone);
    char path[600];
    snprintf(path, sizeof path, "%s/contents/%.2s/%s", scene_path(&scene, "spool"), gone.sha256, gone.sha256 + 2);
    assert_int_equal(chmod(path, 0600), 0);
    CG_AUTO_FD int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, "T", 1), 1);

    struct worker *worker = start(&scene);
    expect_held(&scene, ids[0], STORE_HELD_CONTENT_LOST);
    expect_held(&scene, ids[1], STORE_HELD_CONTENT_LOST);
    assert_int_equal(sandbox_calls("CGImport"), 0);
    worker_drain(worker);
    close_scene(&scene);
}

/* Returns when the lease of the only import was extended. */
static void await_beat(const struct scene *scene)
{
    char query[100];
    snprintf(query, sizeof query, "SELECT due_at > '%s' FROM queue",
             postgres_sql(scene->database, "SELECT due_at FROM queue"));
    postgres_await(scene->database, query, "t");
}

static void cancels_a_running_import(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct cg_error err = {0};
    open_scene_with_hub(&scene);
    scene.options.lease_ms = 6000;
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "canceled", "one", "{'reserve': true}", id);
    sandbox_steer("faults", "{\"method\": \"CGInitBuild\", \"action\": \"pause\"}");
    struct worker *worker = start(&scene);
    sandbox_wait_met("paused");
    assert_int_equal(store_import_cancel(scene.store, id, "builder", NULL, &err), 1);
    /* The second beat comes after the worker was told what the first one heard. */
    await_beat(&scene);
    await_beat(&scene);
    sandbox_steer("faults", NULL);
    expect_state(&scene, id, STORE_CANCELED);
    assert_int_equal(sandbox_calls("CGRefundBuild"), 1);
    assert_int_equal(sandbox_calls("CGImport"), 0);
    worker_drain(worker);
    close_scene(&scene);
}

static void *drain(void *worker)
{
    worker_drain(worker);
    return NULL;
}

static void waits_for_a_running_import_when_draining(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char id[STORE_ID_SIZE];
    pthread_t draining;
    post(&scene, "sandbox", "drained", "one", "{}", id);
    sandbox_steer("faults", "{\"method\": \"CGImport\", \"action\": \"pause\"}");
    struct worker *worker = start(&scene);
    sandbox_wait_met("paused");
    assert_int_equal(pthread_create(&draining, NULL, drain, worker), 0);
    pause_ms(300);
    expect_state(&scene, id, STORE_RUNNING);
    sandbox_steer("faults", NULL);
    pthread_join(draining, NULL);
    expect_state(&scene, id, STORE_IMPORTED);
    close_scene(&scene);
}

static void leaves_a_running_import_to_another_when_pressed(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct cg_error err = {0};
    struct stop pressed;
    open_scene_with_hub(&scene);
    assert_int_equal(stop_init(&pressed, &err), 0);
    scene.options.stop = &pressed;
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "pressed", "one", "{'reserve': true}", id);
    sandbox_steer("faults", "{\"method\": \"CGImport\", \"action\": \"pause\"}");
    struct worker *worker = start(&scene);
    sandbox_wait_met("paused");
    stop_request(&pressed);
    stop_request(&pressed);
    worker_drain(worker);
    assert_string_equal(postgres_sql(scene.database, "SELECT state, journal->'importing' IS NOT NULL FROM imports"),
                        "queued|t");

    scene.options.stop = NULL;
    scene.options.replica = "replica-2";
    sandbox_steer("faults", NULL);
    worker = start(&scene);
    expect_state(&scene, id, STORE_IMPORTED);
    /* The second owner sent the first one's call again and did not reserve anew. */
    assert_int_equal(sandbox_calls("CGInitBuild"), 1);
    assert_int_equal(sandbox_calls("CGImport"), 2);
    worker_drain(worker);
    stop_finish(&pressed);
    close_scene(&scene);
}

/* The lease is taken away in the middle: the first owner writes nothing more and the second imports. */
static void gives_way_when_the_lease_is_lost(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    scene.options.lease_ms = 6000;
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "lease", "one", "{'reserve': true}", id);
    sandbox_steer("faults", "{\"method\": \"CGImport\", \"action\": \"pause\"}");
    struct worker *first = start(&scene);
    sandbox_wait_met("paused");
    postgres_sql(scene.database, "UPDATE queue SET fence = nextval('queue_fence'), owner = 'thief',"
                                 " due_at = now() + interval '1 hour'");
    postgres_await(scene.database, "SELECT count(*) FROM import_lines WHERE text LIKE 'lease lost: %'", "1");
    worker_drain(first);
    /* It did not wait for the answer. */
    assert_int_equal(sandbox_unanswered("CGImport"), 1);
    assert_string_equal(postgres_sql(scene.database, "SELECT state FROM imports"), "running");
    assert_string_equal(postgres_sql(scene.database, "SELECT owner FROM queue"), "thief");
    assert_int_equal(sandbox_calls("CGRefundBuild"), 0);

    postgres_sql(scene.database, "UPDATE queue SET due_at = now()");
    sandbox_steer("faults", NULL);
    scene.options.replica = "replica-2";
    struct worker *second = start(&scene);
    expect_state(&scene, id, STORE_IMPORTED);
    assert_int_equal(sandbox_calls("CGInitBuild"), 1);
    worker_drain(second);
    close_scene(&scene);
}

/* The database refuses to keep a reservation that was made; the session does another import before it is asked about.
 */
static void asks_about_a_call_whose_answer_could_not_be_kept(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    scene.options.retry_first_ms = scene.options.retry_most_ms = 3600000;
    char ids[2][STORE_ID_SIZE];
    post(&scene, "sandbox", "unkept", "one", "{'reserve': true}", ids[0]);
    postgres_sql(scene.database,
                 "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$");
    postgres_sql(scene.database, "CREATE TRIGGER refuse BEFORE UPDATE ON imports FOR EACH ROW"
                                 " WHEN (NEW.journal->'reservation' IS NOT NULL) EXECUTE FUNCTION refuse()");
    struct worker *worker = start(&scene);
    while (count_events(&scene, ids[0], "later") == 0)
        pause_ms(20);
    postgres_sql(scene.database, "DROP TRIGGER refuse ON imports");
    post(&scene, "sandbox", "between", "two", "{'reserve': true}", ids[1]);
    expect_state(&scene, ids[1], STORE_IMPORTED);
    assert_int_equal(look_state(&scene, ids[0]), STORE_QUEUED);
    postgres_sql(scene.database, "UPDATE queue SET due_at = now(); NOTIFY cg_import_queue");
    expect_state(&scene, ids[0], STORE_IMPORTED);
    worker_drain(worker);
    close_scene(&scene);
}

/* A call that could not be announced is not sent, and no later record says that it was. */
static void announces_nothing_that_it_did_not_send(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    char id[STORE_ID_SIZE];
    post(&scene, "sandbox", "unannounced", "one", "{'reserve': true}", id);
    postgres_sql(scene.database, "CREATE SEQUENCE refusals");
    /* Once: the reservation can be given back right after it. */
    postgres_sql(scene.database, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                 " IF nextval('refusals') = 1 THEN RAISE 'no'; END IF; RETURN NEW; END $$");
    postgres_sql(scene.database, "CREATE TRIGGER refuse BEFORE UPDATE ON imports FOR EACH ROW"
                                 " WHEN (NEW.journal->'importing' IS NOT NULL) EXECUTE FUNCTION refuse()");
    struct worker *worker = start(&scene);
    expect_state(&scene, id, STORE_IMPORTED);
    assert_int_equal(count_events(&scene, id, "later"), 1);
    assert_int_equal(sandbox_calls("CGImport"), 1);
    worker_drain(worker);
    close_scene(&scene);
}

static void two_replicas_share_the_queue(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene_with_hub(&scene);
    enum { IMPORTS = 12 };
    char ids[IMPORTS][STORE_ID_SIZE];
    scene.options.threads = 2;
    struct worker *first = start(&scene);
    scene.options.replica = "replica-2";
    struct worker *second = start(&scene);
    for (int i = 0; i < IMPORTS; i++) {
        char version[20];
        snprintf(version, sizeof version, "shared.%d", i);
        post(&scene, "sandbox", version, version, "{}", ids[i]);
    }
    for (int i = 0; i < IMPORTS; i++)
        expect_state(&scene, ids[i], STORE_IMPORTED);
    assert_int_equal(sandbox_calls("CGImport"), IMPORTS);
    worker_drain(first);
    worker_drain(second);
    close_scene(&scene);
}

static int setup(void **state)
{
    return scratch_create(state) == 0 && postgres_start(state) == 0 ? sandbox_start(state) : -1;
}

static int teardown(void **state)
{
    sandbox_stop(state);
    postgres_stop(state);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_what_is_queued),
        cmocka_unit_test(keeps_log_lines_with_the_import),
        cmocka_unit_test(log_lines_wait_for_the_database),
        cmocka_unit_test(leaves_nothing_laid_out),
        cmocka_unit_test(tells_refusals_of_the_hub),
        cmocka_unit_test(tries_again_what_may_pass),
        cmocka_unit_test(asks_what_became_of_an_import),
        cmocka_unit_test(holds_what_a_person_must_decide),
        cmocka_unit_test(does_what_a_person_decided),
        cmocka_unit_test(holds_what_lost_its_content),
        cmocka_unit_test(cancels_a_running_import),
        cmocka_unit_test(waits_for_a_running_import_when_draining),
        cmocka_unit_test(leaves_a_running_import_to_another_when_pressed),
        cmocka_unit_test(gives_way_when_the_lease_is_lost),
        cmocka_unit_test(asks_about_a_call_whose_answer_could_not_be_kept),
        cmocka_unit_test(announces_nothing_that_it_did_not_send),
        cmocka_unit_test(two_replicas_share_the_queue),
    };
    return cmocka_run_group_tests_name("worker", tests, setup, teardown);
}
