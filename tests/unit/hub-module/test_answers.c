/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "hub_database.h"
#include "postgres.h"

#include "cg/auto.h"
#include "logic/answers.h"
#include "logic/locks.h"

#include <pthread.h>
#include <stdio.h>

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char sha256[] = SHA256;
static char nvr[] = "pkg-1-1";
static char text[] = "{\"id\": 7}";
static const struct answer given = {.metadata_sha256 = sha256, .nvr = nvr, .build_id = 7, .text = text};

static const char *prepared(void)
{
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    return hub_database_create();
}

static int look(struct hub_connection *hub, int64_t user_id, const char *key, struct answer *answer)
{
    struct cg_error err = {0};
    int found = answer_find(hub_connection_database(hub), user_id, key, SHA256, answer, &err);
    assert_string_equal(err.message, "");
    return found;
}

static void keep(struct hub_connection *hub, int64_t user_id, const char *key)
{
    struct cg_error err = {0};
    assert_int_equal(answer_keep(hub_connection_database(hub), user_id, key, &given, &err), 0);
    assert_string_equal(err.message, "");
}

static void the_first_answer_is_given_again(void **state)
{
    (void)state;
    struct hub_connection *hub = hub_connect(prepared());
    AUTO_ANSWER struct answer answer = {0};
    assert_int_equal(look(hub, 10, "key", &answer), 0);
    keep(hub, 10, "key");
    assert_string_equal(hub_commit(hub), "");
    assert_int_equal(look(hub, 10, "key", &answer), 1);
    assert_string_equal(answer.nvr, "pkg-1-1");
    assert_string_equal(answer.metadata_sha256, SHA256);
    assert_string_equal(answer.text, "{\"id\": 7}");
    assert_int_equal(answer.build_id, 7);
    hub_disconnect(hub);
}

static void keys_are_each_callers_own(void **state)
{
    (void)state;
    struct hub_connection *hub = hub_connect(prepared());
    struct answer answer = {0};
    keep(hub, 10, "key");
    assert_int_equal(look(hub, 11, "key", &answer), 0);
    assert_int_equal(look(hub, 10, "kez", &answer), 0);
    hub_disconnect(hub);
}

static void after_a_failure_there_is_none(void **state)
{
    (void)state;
    struct hub_connection *hub = hub_connect(prepared());
    struct answer answer = {0};
    keep(hub, 10, "key");
    hub_rollback(hub);
    assert_int_equal(look(hub, 10, "key", &answer), 0);
    hub_disconnect(hub);
}

static void a_key_is_of_one_import(void **state)
{
    (void)state;
    struct hub_connection *hub = hub_connect(prepared());
    const struct database *database = hub_connection_database(hub);
    struct cg_error err = {0};
    AUTO_ANSWER struct answer answer = {0};
    keep(hub, 10, "key");
    assert_int_equal(answer_find(database, 10, "key", "other", &answer, &err), -1);
    assert_error(&err, CG_E_CONFLICT,
                 "the key \"key\" was used for other metadata, of pkg-1-1 with the sha256 " SHA256);
    assert_int_equal(answer_find(database, 10, "key", NULL, &answer, &err), 1);
    hub_disconnect(hub);
}

static void keys_have_a_length(void **state)
{
    (void)state;
    struct hub_connection *hub = hub_connect(prepared());
    const struct database *database = hub_connection_database(hub);
    struct cg_error err = {0};
    struct answer answer = {0};
    char key[ANSWER_KEY_MOST + 2];
    memset(key, 'k', sizeof key);
    key[ANSWER_KEY_MOST] = '\0';
    keep(hub, 10, key);
    key[ANSWER_KEY_MOST] = 'k';
    key[ANSWER_KEY_MOST + 1] = '\0';
    assert_int_equal(answer_find(database, 10, key, NULL, &answer, &err), -1);
    assert_error(&err, CG_E_USAGE, "the key has 201 bytes, expected 1 to 200");
    assert_int_equal(answer_find(database, 10, "", NULL, &answer, &err), -1);
    assert_error(&err, CG_E_USAGE, "the key has 0 bytes, expected 1 to 200");
    hub_disconnect(hub);
}

static void answers_are_forgotten_in_time(void **state)
{
    (void)state;
    const char *conninfo = prepared();
    struct hub_connection *hub = hub_connect(conninfo);
    keep(hub, 10, "young");
    keep(hub, 10, "old");
    assert_string_equal(hub_commit(hub), "");
    postgres_sql(conninfo, "UPDATE cgimport.answer SET at = now() - interval '30 days 1 minute' WHERE key = 'old';"
                           "UPDATE cgimport.answer SET at = now() - interval '29 days' WHERE key = 'young'");
    keep(hub, 10, "new");
    assert_string_equal(hub_commit(hub), "");
    assert_string_equal(postgres_sql(conninfo, "SELECT string_agg(key, ' ' ORDER BY key) FROM cgimport.answer"),
                        "new young");
    hub_disconnect(hub);
}

static void nobody_waits_for_old_answers_to_go(void **state)
{
    (void)state;
    const char *conninfo = prepared();
    struct hub_connection *first = hub_connect(conninfo);
    struct hub_connection *second = hub_connect(conninfo);
    struct cg_error err = {0};
    keep(first, 10, "old");
    assert_string_equal(hub_commit(first), "");
    postgres_sql(conninfo, "UPDATE cgimport.answer SET at = now() - interval '31 days'");
    keep(first, 10, "one");
    assert_int_equal(
        database_run(hub_connection_database(second), "SET LOCAL lock_timeout = '1s'", NULL, 0, NULL, &err), 0);
    keep(second, 10, "other");
    assert_string_equal(hub_commit(second), "");
    assert_string_equal(hub_commit(first), "");
    assert_string_equal(postgres_sql(conninfo, "SELECT string_agg(key, ' ' ORDER BY key) FROM cgimport.answer"),
                        "one other");
    hub_disconnect(first);
    hub_disconnect(second);
}

static void a_database_that_is_not_prepared_is_told(void **state)
{
    (void)state;
    if (!postgres_there())
        skip();
    struct hub_connection *hub = hub_connect(hub_database_create_bare());
    struct cg_error err = {0};
    struct answer answer = {0};
    assert_int_equal(answer_find(hub_connection_database(hub), 10, "key", NULL, &answer, &err), -1);
    assert_error(&err, CG_E_UNSUPPORTED, "this hub keeps no answers: its database is not prepared for keys");
    hub_disconnect(hub);
}

/* --- while the first runs ----------------------------------------------------------------------------------------- */

struct second {
    const char *conninfo;
    struct answer answer;
    int found;
};

static void *ask_again(void *context)
{
    struct second *second = context;
    struct hub_connection *hub = hub_connect(second->conninfo);
    second->found = look(hub, 10, "key", &second->answer);
    hub_disconnect(hub);
    return NULL;
}

/* Returns when a session waits for an advisory lock. */
static void await_waiting(const char *conninfo)
{
    postgres_await(conninfo, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", "1");
}

static void the_second_waits_for_the_first(void **state)
{
    (void)state;
    struct second second = {.conninfo = prepared()};
    struct hub_connection *first = hub_connect(second.conninfo);
    struct answer none = {0};
    pthread_t thread;
    assert_int_equal(look(first, 10, "key", &none), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_again, &second), 0);
    await_waiting(second.conninfo);
    keep(first, 10, "key");
    assert_string_equal(hub_commit(first), "");
    pthread_join(thread, NULL);
    assert_int_equal(second.found, 1);
    assert_string_equal(second.answer.text, "{\"id\": 7}");
    answer_finish(&second.answer);
    hub_disconnect(first);
}

static void when_the_first_fails_the_second_imports(void **state)
{
    (void)state;
    struct second second = {.conninfo = prepared()};
    struct hub_connection *first = hub_connect(second.conninfo);
    struct answer none = {0};
    pthread_t thread;
    assert_int_equal(look(first, 10, "key", &none), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_again, &second), 0);
    await_waiting(second.conninfo);
    keep(first, 10, "key");
    hub_rollback(first);
    pthread_join(thread, NULL);
    assert_int_equal(second.found, 0);
    hub_disconnect(first);
}

/* Numbers that hub processes of two versions must agree on. */
static void locks_have_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(lock_number(LOCK_NVR, "pkg-1-1"), lock_number(LOCK_NVR, "pkg-1-1"));
    assert_true(lock_number(LOCK_NVR, "pkg-1-1") != lock_number(LOCK_NVR, "pkg-1-2"));
    assert_true(lock_number(LOCK_NVR, "7") != lock_number(LOCK_RESERVATION, "7"));
    assert_true(lock_number(LOCK_KEY, "7") != lock_number(LOCK_RESERVATION, "7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_answer_is_given_again),
        cmocka_unit_test(keys_are_each_callers_own),
        cmocka_unit_test(after_a_failure_there_is_none),
        cmocka_unit_test(a_key_is_of_one_import),
        cmocka_unit_test(keys_have_a_length),
        cmocka_unit_test(answers_are_forgotten_in_time),
        cmocka_unit_test(nobody_waits_for_old_answers_to_go),
        cmocka_unit_test(a_database_that_is_not_prepared_is_told),
        cmocka_unit_test(the_second_waits_for_the_first),
        cmocka_unit_test(when_the_first_fails_the_second_imports),
        cmocka_unit_test(locks_have_their_numbers),
    };
    return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}
