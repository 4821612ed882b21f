/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include <pthread.h>
#include <signal.h>

static void applies_the_schema_once(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *migrated = open_store();
    store_close(migrated);

    struct store *store = open_at(database);
    unsigned applied = 9;
    assert_int_equal(store_ready(store, &err), 0);
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    assert_int_equal(applied, 0);
    /* One for each file of schema/sql, in their order. */
    assert_string_equal(sql("SELECT name FROM schema_migrations WHERE number = 1"), "0001_imports");
    assert_string_equal(sql("SELECT count(*) FROM schema_migrations a JOIN schema_migrations b"
                            " ON b.number = a.number + 1 WHERE b.name <= a.name"),
                        "0");
    store_close(store);
}

/* How many migrations this program has. */
static int schema_count(void)
{
    store_close(open_store());
    int count = atoi(sql("SELECT count(*) FROM schema_migrations"));
    assert_true(count > 0);
    return count;
}

/* What is said of a database whose schema is not this program's. */
static const char *schema_message(int has, const char *how, int wanted)
{
    static char text[128];
    snprintf(text, sizeof text, "the database has schema %d, %s than schema %d of this program", has, how, wanted);
    return text;
}

static void says_which_schema_is_wanted(void **state)
{
    (void)state;
    struct cg_error err = {0};
    int count = schema_count();
    const char *empty = postgres_database();
    struct store *store = open_at(empty);
    assert_int_equal(store_ready(store, &err), -1);
    assert_string_equal(err.hint, "run: cg-import migrate");
    assert_error(&err, CG_E_CONFIG, schema_message(0, "older", count));

    /* Before the migration everything else says so, too. */
    struct store_import import;
    err = (struct cg_error){0};
    assert_int_equal(store_import_get(store, "01890000-0000-7000-8000-000000000000", NULL, &import, &err), -1);
    assert_string_equal(err.hint, "run: cg-import migrate");
    assert_error(&err, CG_E_CONFIG, "the database does not have the tables of this program (SQLSTATE 42P01)");

    unsigned applied = 0;
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    assert_int_equal(applied, count);
    postgres_sql(empty, "INSERT INTO schema_migrations (number, name) SELECT max(number) + 1, 'later' FROM"
                        " schema_migrations");
    err = (struct cg_error){0};
    assert_int_equal(store_ready(store, &err), -1);
    assert_string_equal(err.hint, "start a newer cg-import; a schema is never taken back");
    assert_error(&err, CG_E_CONFIG, schema_message(count + 1, "newer", count));
    assert_int_equal(store_migrate(store, &applied, &err), -1);
    assert_error(&err, CG_E_CONFIG, schema_message(count + 1, "newer", count));
    assert_int_equal(applied, 0);
    store_close(store);
}

static void *migrate_thread(void *context)
{
    struct cg_error err = {0};
    struct store *store = store_open(&(struct store_options){.conninfo = context, .connections = 1}, &err);
    unsigned applied = 0;
    int result = store ? store_migrate(store, &applied, &err) : -1;
    store_close(store);
    return (void *)(intptr_t)(result == 0 ? (int)applied : 1000);
}

static void lets_replicas_migrate_at_once(void **state)
{
    (void)state;
    int count = schema_count();
    for (int round = 0; round < 10; round++) {
        const char *conninfo = postgres_database();
        pthread_t threads[4];
        intptr_t total = 0;
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, migrate_thread, (void *)(uintptr_t)conninfo);
        for (int i = 0; i < 4; i++) {
            void *applied;
            pthread_join(threads[i], &applied);
            total += (intptr_t)applied;
        }
        assert_int_equal(total, count);
    }
}

static void refuse_open(const char *conninfo, struct cg_error *err)
{
    struct store_options options = {.conninfo = conninfo, .connect_timeout_s = 2};
    assert_null(store_open(&options, err));
}

static void says_why_it_cannot_connect_without_the_connection_string(void **state)
{
    (void)state;
    struct cg_error err = {0};
    store_close(open_store());
    refuse_open("host=/tmp password=verysecret nonsense", &err);
    assert_error(&err, CG_E_CONFIG, "the connection string of the database cannot be understood");
    refuse_open("host=/nonexistent password=verysecret", &err);
    assert_error(&err, CG_E_BUSY, "the database cannot be reached");

    char other[500];
    snprintf(other, sizeof other, "%.*s dbname=missing", (int)(strstr(database, " dbname") - database), database);
    refuse_open(other, &err);
    assert_string_equal(err.hint, "an administrator creates it: createdb -O USER NAME");
    assert_error(&err, CG_E_CONFIG, "the database does not exist (SQLSTATE 3D000)");
    err = (struct cg_error){0};
    snprintf(other, sizeof other, "%.*s user=stranger dbname=postgres", (int)(strstr(database, " user") - database),
             database);
    refuse_open(other, &err);
    assert_string_equal(err.hint, "look at the user, the password and pg_hba.conf");
    assert_error(&err, CG_E_CONFIG, "the database does not let the service in (SQLSTATE 28000)");
}

static void remember(void *context, const char *text)
{
    snprintf(context, 200, "%s", text);
}

static void tells_the_log_what_postgresql_said(void **state)
{
    (void)state;
    struct cg_error err = {0};
    store_close(open_store());
    const char *empty = postgres_database();
    char told[200] = "";
    struct store_options options = {.conninfo = empty, .trouble = remember, .trouble_context = told};
    struct store *store = store_open(&options, &err);
    json_t *statistics;
    assert_int_equal(store_statistics(store, &statistics, &err), -1);
    assert_int_equal(err.code, CG_E_CONFIG);
    told[strlen("statistics: ERROR:  relation \"imports\" does not exist")] = '\0';
    assert_string_equal(told, "statistics: ERROR:  relation \"imports\" does not exist");
    store_close(store);
}

static void outlives_a_restart_of_the_database(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    postgres_crash();
    assert_int_equal(store_ready(store, &err), -1);
    assert_int_equal(err.code, CG_E_BUSY);
    assert_string_equal(err.message, "the database cannot be reached");
    postgres_restart();
    err = (struct cg_error){0};
    assert_int_equal(store_ready(store, &err), 0);
    /* A connection that died while nobody used it is replaced without a word. */
    postgres_crash();
    postgres_restart();
    assert_int_equal(store_ready(store, &err), 0);
    add_content(store, 1, 1);
    store_close(store);
}

static void gives_statements_and_locks_limited_time(void **state)
{
    (void)state;
    struct cg_error err = {0};
    store_close(open_store());
    struct store_options options = {.conninfo = database, .connections = 1, .lock_timeout_ms = 50};
    struct store *store = store_open(&options, &err);
    char lock[600];
    snprintf(lock, sizeof lock,
             "%s/psql -X -q -d '%s' -c \"BEGIN; LOCK TABLE contents; SELECT pg_sleep(600)\" >/dev/null 2>&1 & echo $!",
             postgres_programs(), database);
    FILE *locker = popen(lock, "r"); /* NOLINT(cert-env33-c) */
    long pid = 0;
    assert_int_equal(fscanf(locker, "%ld", &pid), 1);
    pclose(locker);
    await("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'contents'::regclass"
          " AND granted",
          "1");
    assert_int_equal(store_content_known(store, sha256_of(1), &err), -1);
    assert_error(&err, CG_E_BUSY, "a lock in the database was not had in time (SQLSTATE 55P03)");
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'"
        " AND pid <> pg_backend_pid()");
    store_close(store);
}

static void makes_ids_that_sort_by_time(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char before[STORE_ID_SIZE], id[STORE_ID_SIZE];
    assert_int_equal(store_new_id(before, &err), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(store_new_id(id, &err), 0);
        assert_true(store_is_id(id));
        assert_int_equal(id[14], '7');
        assert_non_null(strchr("89ab", id[19]));
        assert_string_not_equal(id, before);
        assert_true(strncmp(id, before, 13) >= 0);
        memcpy(before, id, sizeof id);
    }
    static const char *const bad[] = {"",
                                      "0189",
                                      "01890000-0000-7000-8000-00000000000G",
                                      "01890000-0000-7000-8000-0000000000001",
                                      "01890000-0000-7000-8000-00000000000A",
                                      "0189000000000-7000-8000-000000000000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(store_is_id(bad[i]));
}

static void forgets_old_changes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    sql("INSERT INTO changes VALUES (gen_random_uuid(), now() - interval '25 hours'),"
        " (gen_random_uuid(), now() - interval '23 hours')");
    assert_int_equal(store_tidy(store, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM changes"), "1");
    store_close(store);
}

/* --- a server that stands still ------------------------------------------------------------------------------------
 */

#define SERVERS " FROM pg_stat_activity WHERE application_name = 'cg-import' AND datname = current_database()"

/* The process that serves the store's one connection, once those of the stores before it are gone. */
static pid_t server_of(void)
{
    await("SELECT count(*)" SERVERS, "1");
    return (pid_t)atoi(sql("SELECT pid" SERVERS));
}

/* A busy server may use up a short timeout, too. */
static void await_ready(struct store *store)
{
    struct cg_error err = {0};
    for (int tries = 0; tries < 3000 && store_ready(store, &err) != 0; tries++)
        cg_error_clear(&err);
    assert_int_equal(store_ready(store, &err), 0);
}

/* A process that stands still does not keep the timeouts it was told either; whoever asked gets an answer, and the next
 * connection is a new one. */
static void is_not_kept_by_a_server_that_stands_still(void **state)
{
    (void)state;
    store_close(open_store());
    struct store_options options = {.conninfo = database, .connections = 1, .statement_timeout_ms = 100};
    struct cg_error err = {0};
    struct store *store = store_open(&options, &err);
    assert_non_null(store);
    await_ready(store);
    pid_t server = server_of();
    assert_int_equal(kill(server, SIGSTOP), 0);
    int ready = store_ready(store, &err);
    assert_int_equal(kill(server, SIGCONT), 0);
    assert_int_equal(ready, -1);
    assert_int_equal(err.code, CG_E_BUSY);
    assert_string_equal(err.message, "the database does not answer");
    await_ready(store);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applies_the_schema_once),
        cmocka_unit_test(says_which_schema_is_wanted),
        cmocka_unit_test(lets_replicas_migrate_at_once),
        cmocka_unit_test(says_why_it_cannot_connect_without_the_connection_string),
        cmocka_unit_test(tells_the_log_what_postgresql_said),
        cmocka_unit_test(outlives_a_restart_of_the_database),
        cmocka_unit_test(gives_statements_and_locks_limited_time),
        cmocka_unit_test(is_not_kept_by_a_server_that_stands_still),
        cmocka_unit_test(makes_ids_that_sort_by_time),
        cmocka_unit_test(forgets_old_changes),
    };
    return cmocka_run_group_tests_name("store", tests, postgres_start, postgres_stop);
}
