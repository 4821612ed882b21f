/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* syscall(2): the clock as the kernel has it. */
#define _GNU_SOURCE
/* A transaction that the server rolls back, or whose connection is lost before, in or after its COMMIT. */
#include "store_test.h"

#include "store/transaction.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

/* Seconds by which what is read of the time of day is behind, as before a clock is put forward. */
static _Atomic long behind_s;

/* In the place of libc's, for all of this program. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    long result = syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME)
        now->tv_sec -= behind_s;
    return (int)result;
}

#define PUT "INSERT INTO circuits (hub, failures, message) VALUES ('x', 0, 'x') ON CONFLICT (hub) DO NOTHING"
#define ADD "UPDATE circuits SET failures = failures + 1 WHERE hub = 'x'"
#define ADDED "SELECT failures FROM circuits WHERE hub = 'x'"
#define RAISE(state) "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '" state "'; END $$"

/* Adds one, and in the first `fails` runs then does what makes it fail. */
struct adding {
    const char *failure; /* SQL; NULL: our end of the connection hears nothing any more */
    unsigned fails, runs;
};

static int add(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct adding *adding = context;
    adding->runs++;
    if (pg_command(connection, "add", ADD, err) != 0)
        return -1;
    if (adding->runs > adding->fails)
        return 7;
    if (!adding->failure)
        return shutdown(PQsocket(connection->conn), SHUT_RD) == 0 ? 7 : -1;
    return pg_command(connection, "failure", adding->failure, err) == 0 ? 7 : -1;
}

static struct store *store_with_row(void)
{
    struct store *store = open_store();
    sql(PUT);
    return store;
}

static void runs_again_what_the_server_rolled_back(void **state)
{
    (void)state;
    static const char *const failures[] = {RAISE("40001"), RAISE("40P01"),
                                           "SELECT pg_terminate_backend(pg_backend_pid())"};
    struct store *store = store_with_row();
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct cg_error err = {0};
        struct adding adding = {.failure = failures[i], .fails = 3};
        sql("UPDATE circuits SET failures = 0");
        assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), 7);
        assert_string_equal(err.message, "");
        assert_int_equal(adding.runs, 4);
        assert_string_equal(sql(ADDED), "1");
    }
    store_close(store);
}

static void gives_up_after_many_rounds(void **state)
{
    (void)state;
    struct store *store = store_with_row();
    struct cg_error err = {0};
    struct adding adding = {.failure = RAISE("40001"), .fails = 1000};
    assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), -1);
    assert_int_equal(err.code, CG_E_BUSY);
    assert_int_equal(adding.runs, 20);
    assert_string_equal(sql(ADDED), "0");
    store_close(store);
}

static void does_not_repeat_what_is_wrong(void **state)
{
    (void)state;
    struct store *store = store_with_row();
    struct cg_error err = {0};
    struct adding adding = {.failure = RAISE("23514"), .fails = 1};
    assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), -1);
    assert_int_equal(adding.runs, 1);
    assert_string_equal(sql(ADDED), "0");
    store_close(store);
}

/* The answer to COMMIT does not come: what the server has says that it was committed, and it is not done again. */
static void a_commit_without_an_answer_is_found_out(void **state)
{
    (void)state;
    struct store *store = store_with_row();
    struct cg_error err = {0};
    for (int i = 1; i <= 20; i++) {
        struct adding adding = {.fails = 1};
        char expected[12];
        assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), 7);
        assert_string_equal(err.message, "");
        snprintf(expected, sizeof expected, "%d", i);
        assert_string_equal(sql(ADDED), expected);
    }
    store_close(store);
}

/* The server dies in COMMIT, before it is done: found out as well, and done again. */
static void a_commit_that_did_not_happen_is_done_again(void **state)
{
    (void)state;
    struct store *store = store_with_row();
    struct cg_error err = {0};
    sql("CREATE SEQUENCE commits;"
        "CREATE FUNCTION break_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('commits') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON circuits DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION break_first()");
    struct adding adding = {.fails = 0};
    assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), 7);
    assert_string_equal(err.message, "");
    assert_int_equal(adding.runs, 2);
    assert_string_equal(sql(ADDED), "1");
    store_close(store);
}

/* The server is at the COMMIT for longer than locks are waited for, and so is who asks what became of it. */
static void a_slow_commit_without_an_answer_is_found_out(void **state)
{
    (void)state;
    struct cg_error err = {0};
    store_close(store_with_row());
    struct store *store = store_open(&(struct store_options){.conninfo = database, .lock_timeout_ms = 20}, &err);
    sql("CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END"
        " $$;"
        "CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON circuits DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION dawdle()");
    struct adding adding = {.fails = 1};
    assert_int_equal(pg_transaction(store, PG_WRITE, add, &adding, &err), 7);
    assert_string_equal(err.message, "");
    assert_int_equal(adding.runs, 1);
    assert_string_equal(sql(ADDED), "1");
    store_close(store);
}

/* Two that lock two rows, each in its own order, and wait for each other after the first lock of their first run. */
struct locking {
    struct store *store;
    pthread_barrier_t *both;
    const char *first, *second;
    unsigned runs;
    int result;
};

static int lock_two(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct locking *locking = context;
    if (pg_command(connection, "first", locking->first, err) != 0)
        return -1;
    if (locking->runs++ == 0)
        pthread_barrier_wait(locking->both);
    return pg_command(connection, "second", locking->second, err);
}

static void *lock_on(void *context)
{
    struct locking *locking = context;
    struct cg_error err = {0};
    locking->result = pg_transaction(locking->store, PG_WRITE, lock_two, locking, &err);
    return NULL;
}

static void a_deadlock_ends_well_for_both(void **state)
{
    (void)state;
    static const char *const locks[] = {"UPDATE circuits SET failures = failures + 1 WHERE hub = 'x'",
                                        "UPDATE circuits SET failures = failures + 1 WHERE hub = 'y'"};
    struct store *store = store_with_row();
    sql("INSERT INTO circuits (hub, failures, message) VALUES ('y', 0, 'y')");
    pthread_barrier_t both;
    pthread_t threads[2];
    struct locking lockings[2];
    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 2; i++) {
        lockings[i] =
            (struct locking){.store = store, .both = &both, .first = locks[i], .second = locks[1 - i], .result = -1};
        assert_int_equal(pthread_create(&threads[i], NULL, lock_on, &lockings[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(lockings[0].result, 0);
    assert_int_equal(lockings[1].result, 0);
    assert_true(lockings[0].runs + lockings[1].runs > 2);
    assert_string_equal(sql("SELECT string_agg(failures::text, ' ') FROM circuits"), "2 2");
    pthread_barrier_destroy(&both);
    store_close(store);
}

static void no_statement_is_compiled(void **state)
{
    (void)state;
    static const struct pg_statement show = {"show_jit", "SHOW jit"};
    struct cg_error err = {0};
    struct store *store = open_store();
    struct pg_connection *connection = pool_take(store, &err);
    PG_AUTO_ROWS PGresult *rows = NULL;
    assert_int_equal(pg_run(connection, &show, NULL, &rows, &err), 1);
    assert_string_equal(PQgetvalue(rows, 0, 0), "off");
    pool_give(store, connection);
    store_close(store);
}

static _Atomic bool taking;

static void *take_one(void *store)
{
    struct cg_error err = {0};
    taking = true;
    return pool_take(store, &err);
}

/* How long it is waited for a connection has nothing to do with the time of day. */
static void waits_for_a_connection_when_the_clock_is_put_forward(void **state)
{
    (void)state;
    struct cg_error err = {0};
    pthread_t thread;
    void *taken = NULL;
    store_close(open_store());
    struct store *store = store_open(&(struct store_options){.conninfo = database, .connections = 1}, &err);
    struct pg_connection *only = pool_take(store, &err);
    behind_s = 3600;
    assert_int_equal(pthread_create(&thread, NULL, take_one, store), 0);
    while (!taking)
        ;
    nanosleep(&(struct timespec){.tv_nsec = 100000000L}, NULL);
    pool_give(store, only);
    pthread_join(thread, &taken);
    behind_s = 0;
    assert_ptr_equal(taken, only);
    pool_give(store, taken);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_again_what_the_server_rolled_back),
        cmocka_unit_test(gives_up_after_many_rounds),
        cmocka_unit_test(does_not_repeat_what_is_wrong),
        cmocka_unit_test(a_commit_without_an_answer_is_found_out),
        cmocka_unit_test(a_commit_that_did_not_happen_is_done_again),
        cmocka_unit_test(a_slow_commit_without_an_answer_is_found_out),
        cmocka_unit_test(a_deadlock_ends_well_for_both),
        cmocka_unit_test(no_statement_is_compiled),
        cmocka_unit_test(waits_for_a_connection_when_the_clock_is_put_forward),
    };
    return cmocka_run_group_tests_name("transaction", tests, postgres_start, postgres_stop);
}
