/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pthread_timedjoin_np: so that a defect fails and does not hang. */
#define _GNU_SOURCE
#include "worker_test.h"

#include "base/tree.h"
#include "import/worker_private.h"
#include "quoted.h"
#include "syscalls.h"

#include <errno.h>

/* A worker without threads, and the one job that is in hand. */
struct hand {
    struct scene scene;
    struct worker worker;
    struct worker_thread thread;
    struct worker_job job;
    char id[STORE_ID_SIZE];
};

static void take(struct hand *hand, unsigned lease_ms)
{
    struct cg_error err = {0};
    hand->job = (struct worker_job){.thread = &hand->thread};
    assert_int_equal(store_claim_next(hand->scene.store, "replica-1", lease_ms, &hand->job.claim, &err), 1);
    assert_string_equal(hand->job.claim.import.id, hand->id);
}

static void open_hand(struct hand *hand)
{
    struct cg_error err = {0};
    *hand = (struct hand){0};
    open_scene(&hand->scene);
    hand->worker.options = hand->scene.options;
    hand->worker.options.retry_first_ms = 0;
    hand->worker.options.give_up_s = 100;
    hand->thread.worker = &hand->worker;
    assert_int_equal(stop_init(&hand->thread.stop, &err), 0);
}

static void lay_down(struct hand *hand)
{
    json_decref(hand->job.record);
    store_claim_finish(&hand->job.claim);
}

static void close_hand(struct hand *hand)
{
    stop_finish(&hand->thread.stop);
    close_scene(&hand->scene);
}

struct row {
    enum cg_code code;
    enum store_state state;
    enum store_held held;
    const char *record; /* the journal, quoted JSON; NULL: nothing was sent or reserved */
    enum { PLAIN, CANCELED, CONTENT_LOST, STORE_FAILED, TRIED_LONG, ON_HUB } with;
};

#define RESERVATION "{'reservation': {'build_id': 7, 'token': 'T'}}"
#define CALL "{'importing': {'session_id': 7}}"

static const struct row rows[] = {
    {CG_OK, STORE_IMPORTED, STORE_NOT_HELD, NULL, PLAIN},
    /* The caller's fault, or the hub's last word. */
    {CG_E_REFUSED, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_USAGE, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_LIMIT, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_MISMATCH, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_DENIED, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_HUB_REFUSED, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_UNSUPPORTED, STORE_REJECTED, STORE_NOT_HELD, NULL, PLAIN},
    /* A rejected import is forgotten: not while its reservation stands or its call may run. */
    {CG_E_HUB_REFUSED, STORE_QUEUED, STORE_NOT_HELD, RESERVATION, PLAIN},
    {CG_E_DENIED, STORE_QUEUED, STORE_NOT_HELD, CALL, PLAIN},
    /* A person decides. */
    {CG_E_CONFLICT, STORE_HELD, STORE_HELD_CONFLICT, NULL, PLAIN},
    {CG_E_MISMATCH, STORE_HELD, STORE_HELD_CONFLICT, NULL, ON_HUB},
    {CG_E_RESERVED, STORE_HELD, STORE_HELD_RESERVED, NULL, PLAIN},
    {CG_E_RESERVED, STORE_HELD, STORE_HELD_RESERVATION_LOST, RESERVATION, PLAIN},
    {CG_E_STRAY, STORE_HELD, STORE_HELD_STRAY_FILES, NULL, PLAIN},
    {CG_E_AUTH, STORE_HELD, STORE_HELD_CREDENTIALS, NULL, PLAIN},
    {CG_E_CONFIG, STORE_HELD, STORE_HELD_CREDENTIALS, NULL, PLAIN},
    {CG_E_TAG, STORE_HELD, STORE_HELD_TAG, NULL, ON_HUB},
    {CG_E_IO, STORE_HELD, STORE_HELD_CONTENT_LOST, NULL, CONTENT_LOST},
    /* May pass. */
    {CG_E_BUSY, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_OFFLINE, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_UNREACHABLE, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_TRANSFER, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_SESSION, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_HUB_FAULT, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_MEMORY, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_IO, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN},
    {CG_E_UNKNOWN, STORE_QUEUED, STORE_NOT_HELD, CALL, PLAIN},
    {CG_E_CONFLICT, STORE_QUEUED, STORE_NOT_HELD, NULL, STORE_FAILED},
    /* A hub that is away is waited for. */
    {CG_E_OFFLINE, STORE_QUEUED, STORE_NOT_HELD, NULL, TRIED_LONG},
    {CG_E_UNREACHABLE, STORE_QUEUED, STORE_NOT_HELD, NULL, TRIED_LONG},
    /* Did not pass. */
    {CG_E_BUSY, STORE_HELD, STORE_HELD_EXHAUSTED, NULL, TRIED_LONG},
    {CG_E_HUB_FAULT, STORE_HELD, STORE_HELD_EXHAUSTED, NULL, TRIED_LONG},
    {CG_E_UNKNOWN, STORE_HELD, STORE_HELD_UNKNOWN_OUTCOME, CALL, TRIED_LONG},
    /* A drain is no failure. */
    {CG_E_INTERRUPTED, STORE_QUEUED, STORE_NOT_HELD, NULL, TRIED_LONG},
    /* Canceled, where that leaves nothing on the hub. */
    {CG_E_INTERRUPTED, STORE_CANCELED, STORE_NOT_HELD, NULL, CANCELED},
    {CG_E_BUSY, STORE_CANCELED, STORE_NOT_HELD, NULL, CANCELED},
    {CG_E_INTERRUPTED, STORE_QUEUED, STORE_NOT_HELD, RESERVATION, CANCELED},
    {CG_E_UNKNOWN, STORE_QUEUED, STORE_NOT_HELD, CALL, CANCELED},
    {CG_OK, STORE_IMPORTED, STORE_NOT_HELD, NULL, CANCELED},
};

/* What the person is told who decides about a held import; # is its id. */
static const struct {
    enum store_held held;
    const char *hint;
} hints[] = {
    {STORE_HELD_UNKNOWN_OUTCOME, "when no import of it runs on the hub, to ask what became of it: cg-import release #"},
    {STORE_HELD_STRAY_FILES, "when it is sure that no import of this build runs, to have the hub remove the files:"
                             " cg-import release # --action cure-stray"},
    {STORE_HELD_RESERVED, "when the build on the hub was canceled or failed: cg-import release #"},
    {STORE_HELD_RESERVATION_LOST, "have the build canceled on the hub with koji cancel, then: cg-import release #"},
    {STORE_HELD_CONFLICT, "cancel this import or, if the hub's build is this very one: cg-import release #"
                          " --action mark-imported --build-id N"},
    {STORE_HELD_CREDENTIALS, "the cause's hint; when the login or the grant is mended: cg-import release #"},
    {STORE_HELD_TAG, "the cause's hint; when the tag is mended: cg-import release #"},
    {STORE_HELD_EXHAUSTED, "the cause's hint; when the cause is mended: cg-import release #"},
    {STORE_HELD_CONTENT_LOST, "to have the files asked for again by the next post of the build: cg-import release #"},
};

static void expect_hint(const struct store_import *import)
{
    const char *hint = "";
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].held == import->held)
            hint = hints[i].hint;
    const char *id = strchr(hint, '#');
    char expected[CG_ERROR_HINT_SIZE];
    assert_non_null(id);
    snprintf(expected, sizeof expected, "%.*s%s%s", (int)(id - hint), hint, import->id, id + 1);
    assert_string_equal(import->error_hint, expected);
}

static void end_row(struct hand *hand, const struct row *row)
{
    struct worker_job *job = &hand->job;
    struct import_result result = {.build_id = row->code == CG_OK || row->with == ON_HUB ? 12 : 0};
    struct cg_error failure = {0};
    if (row->code != CG_OK)
        cg_fail(&failure, row->code, "because of the test");
    cg_hint(&failure, "the cause's hint");
    job->record = row->record ? quoted_json(row->record) : NULL;
    atomic_init(&job->canceled, row->with == CANCELED);
    job->content_lost = row->with == CONTENT_LOST;
    job->store_failed = row->with == STORE_FAILED;
    if (row->with == TRIED_LONG)
        job->claim.import.attempts = 1000;
    worker_end(job, &result, &failure);
}

static void every_error_has_its_end(void **state)
{
    (void)state;
    struct hand hand;
    open_hand(&hand);
    hand.worker.options.retry_most_ms = 1000;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char version[20];
        snprintf(version, sizeof version, "end.%zu", i);
        hand.worker.options.retry_first_ms = rows[i].with == TRIED_LONG ? 1000 : 3600000;
        hand.worker.options.retry_most_ms = rows[i].with == TRIED_LONG ? 1000 : 3600000;
        post(&hand.scene, version, version, version, "{}", hand.id);
        take(&hand, 60000);
        end_row(&hand, &rows[i]);
        struct store_import import = look(&hand.scene, hand.id);
        if (import.state != rows[i].state || import.held != rows[i].held)
            fail_msg("%s (row %zu): %s %s, expected %s %s", cg_code_info(rows[i].code)->name, i,
                     store_state_name(import.state), store_held_name(import.held), store_state_name(rows[i].state),
                     store_held_name(rows[i].held));
        if (rows[i].code != CG_OK && import.state != STORE_CANCELED)
            assert_string_equal(import.error_message, "because of the test");
        if (import.state == STORE_HELD)
            expect_hint(&import);
        if (import.state == STORE_REJECTED)
            assert_string_equal(import.error_hint, "the cause's hint");
        if (import.state == STORE_QUEUED && import.error_hint)
            assert_string_equal(import.error_hint, "the service tries again by itself");
        store_import_finish(&import);
        postgres_sql(hand.scene.database, "DELETE FROM queue");
        lay_down(&hand);
    }
    close_hand(&hand);
}

/* What an owner that slept through its lease still has to say is not heard, and it is told to stop. */
static void a_lost_lease_cannot_finish(void **state)
{
    (void)state;
    struct hand hand;
    struct cg_error err = {0};
    open_hand(&hand);
    post(&hand.scene, "sandbox", "slept", "one", "{}", hand.id);
    take(&hand, 60000);
    postgres_sql(hand.scene.database, "UPDATE queue SET due_at = now()");
    struct store_claim second;
    assert_int_equal(store_claim_next(hand.scene.store, "replica-2", 60000, &second, &err), 1);

    struct import_result result = {.build_id = 12};
    struct cg_error none = {0};
    worker_end(&hand.job, &result, &none);
    assert_true(atomic_load(&hand.job.lost));
    assert_int_equal(stop_level(&hand.thread.stop), STOP_NOW);
    struct store_import import = look(&hand.scene, hand.id);
    assert_int_equal(import.state, STORE_RUNNING);
    assert_int_equal(import.build_id, 0);
    store_import_finish(&import);

    assert_int_equal(store_claim_imported(hand.scene.store, &second, 13, NULL, NULL, &err), 0);
    store_claim_finish(&second);
    lay_down(&hand);
    close_hand(&hand);
}

/* The record is under the lease: without it the request that it announces is not sent. */
static void a_lost_lease_cannot_write_the_journal(void **state)
{
    (void)state;
    struct hand hand;
    struct cg_error err = {0};
    open_hand(&hand);
    post(&hand.scene, "sandbox", "journal", "one", "{}", hand.id);
    take(&hand, 60000);
    struct import_journal_keeper keeper;
    worker_record_keeper(&hand.job, &keeper);
    AUTO_IMPORT_JOURNAL struct import_journal *journal = import_journal_open_with(&keeper, &err);
    CG_AUTO(koji_reservation_finish) struct koji_reservation reservation = {.build_id = 12};
    assert_int_equal(secret_set(&reservation.token, "TOKEN", &err), 0);
    assert_int_equal(import_journal_reserved(journal, &reservation, &err), 0);
    assert_string_equal(postgres_sql(hand.scene.database, "SELECT journal->'reservation'->>'token' FROM imports"),
                        "TOKEN");
    assert_true(worker_record_reserved(&hand.job));
    assert_int_equal(import_journal_confirm(journal, &err), 0);

    postgres_sql(hand.scene.database, "UPDATE queue SET fence = nextval('queue_fence')");
    assert_int_equal(import_journal_confirm(journal, &err), -1);
    assert_error_has(&err, CG_E_INTERRUPTED, "lease lost");
    assert_int_equal(stop_level(&hand.thread.stop), STOP_NOW);
    assert_int_equal(import_journal_unreserved(journal, &err), -1);
    assert_error(&err, CG_E_INTERRUPTED, "the lease of the import was lost");
    assert_string_equal(postgres_sql(hand.scene.database, "SELECT journal->'reservation'->>'token' FROM imports"),
                        "TOKEN");
    lay_down(&hand);
    close_hand(&hand);
}

/* What goes wrong on this machine while a build is laid out is tried again; neither the build nor its files are given
 * up for it. */
static void trouble_of_this_machine_passes(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        int error;
    } troubles[] = {{SYSCALLS_LINK, ENOSPC}, {SYSCALLS_MAKE, EDQUOT}, {SYSCALLS_OPEN, EMFILE}, {SYSCALLS_OPEN, EIO}};
    struct hand hand;
    struct cg_error failure = {0};
    open_hand(&hand);
    assert_int_equal(worker_directory_open(&hand.worker, &failure), 0);
    post(&hand.scene, "sandbox", "trouble", "bytes", "{}", hand.id);
    take(&hand, 60000);
    /* The output lies in a directory, for which the system is asked, too. */
    free(hand.job.claim.import.outputs[0].path);
    hand.job.claim.import.outputs[0].path = strdup("logs/x86_64.log");
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        for (unsigned long n = 1;; n++) {
            CG_AUTO_BYTES struct cg_bytes text = {0};
            CG_AUTO_FREE char *directory = NULL;
            struct cg_error err = {0};
            syscalls_fail_at(n, troubles[i].kind, troubles[i].error);
            int result = worker_lay_out(&hand.job, &text, &directory, &err);
            unsigned failed = syscalls_failed();
            syscalls_fail_at(0, 0, 0);
            tree_remove(directory);
            assert_int_equal(result, failed ? -1 : 0);
            assert_int_equal(err.code, failed ? CG_E_IO : CG_OK);
            assert_false(hand.job.content_lost);
            if (!failed)
                break;
        }
    assert_string_equal(postgres_sql(hand.scene.database, "SELECT count(*) FROM contents"), "2");
    worker_directory_close(&hand.worker);
    lay_down(&hand);
    close_hand(&hand);
}

static void *end_busy(void *context)
{
    static const struct row busy = {CG_E_BUSY, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN};
    end_row(context, &busy);
    return context;
}

/* A database that refuses the end is tried again and again, and holds no stop up that is meant. */
static void an_end_that_cannot_be_written_does_not_keep_the_service(void **state)
{
    (void)state;
    struct hand hand;
    pthread_t thread;
    struct timespec until;
    void *ended = NULL;
    open_hand(&hand);
    post(&hand.scene, "sandbox", "refused", "bytes", "{}", hand.id);
    take(&hand, 60000);
    postgres_sql(hand.scene.database, "ALTER TABLE events RENAME TO away");
    assert_int_equal(pthread_create(&thread, NULL, end_busy, &hand), 0);
    stop_request(&hand.thread.stop);
    stop_request(&hand.thread.stop);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 120;
    assert_int_equal(pthread_timedjoin_np(thread, &ended, &until), 0);
    assert_ptr_equal(ended, &hand);
    postgres_sql(hand.scene.database, "ALTER TABLE away RENAME TO events");
    assert_int_equal(look_state(&hand.scene, hand.id), STORE_RUNNING);
    lay_down(&hand);
    close_hand(&hand);
}

/* That the database does not tell what a person decided is no failure of the hub. */
static void a_decision_that_cannot_be_read_is_no_failure_of_the_hub(void **state)
{
    (void)state;
    struct hand hand;
    struct cg_error failure = {0};
    struct import_result result = {0};
    open_hand(&hand);
    post(&hand.scene, "sandbox", "decision", "bytes", "{}", hand.id);
    take(&hand, 60000);
    hand.scene.hubs[0].name = "sandbox";
    hand.scene.hubs[1].name = "again";
    postgres_sql(hand.scene.database, "ALTER TABLE events RENAME TO away");
    assert_int_equal(worker_import(&hand.job, &result, &failure), -1);
    postgres_sql(hand.scene.database, "ALTER TABLE away RENAME TO events");
    worker_end(&hand.job, &result, &failure);
    assert_int_equal(look_state(&hand.scene, hand.id), STORE_QUEUED);
    assert_string_equal(postgres_sql(hand.scene.database, "SELECT count(*) FROM circuits"), "0");
    lay_down(&hand);
    close_hand(&hand);
}

/* Failures of the hub open its circuit, so that the queue rests; an answer closes it. */
static void tells_the_circuit(void **state)
{
    (void)state;
    struct hand hand;
    open_hand(&hand);
    hand.worker.options.retry_first_ms = hand.worker.options.retry_most_ms = 1;
    static const struct row busy = {CG_E_UNREACHABLE, STORE_QUEUED, STORE_NOT_HELD, NULL, PLAIN};
    static const struct row fine = {CG_OK, STORE_IMPORTED, STORE_NOT_HELD, NULL, PLAIN};
    for (int i = 0; i < 3; i++) {
        char version[20];
        snprintf(version, sizeof version, "circuit.%d", i);
        post(&hand.scene, "sandbox", version, version, "{}", hand.id);
        take(&hand, 60000);
        end_row(&hand, i < 2 ? &busy : &fine);
        postgres_sql(hand.scene.database, "DELETE FROM queue");
        lay_down(&hand);
        assert_string_equal(postgres_sql(hand.scene.database, "SELECT coalesce(sum(failures), 0) FROM circuits"),
                            i == 0   ? "1"
                            : i == 1 ? "2"
                                     : "0");
    }
    close_hand(&hand);
}

static int setup(void **state)
{
    return scratch_create(state) == 0 ? postgres_start(state) : -1;
}

static int teardown(void **state)
{
    postgres_stop(state);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_end),
        cmocka_unit_test(a_lost_lease_cannot_finish),
        cmocka_unit_test(a_lost_lease_cannot_write_the_journal),
        cmocka_unit_test(trouble_of_this_machine_passes),
        cmocka_unit_test(an_end_that_cannot_be_written_does_not_keep_the_service),
        cmocka_unit_test(a_decision_that_cannot_be_read_is_no_failure_of_the_hub),
        cmocka_unit_test(tells_the_circuit),
    };
    return cmocka_run_group_tests_name("worker_end", tests, setup, teardown);
}
