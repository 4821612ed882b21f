/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

static void makes_a_caller_whose_token_is_shown_once(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    char *generators[] = {(char[]){"osbs"}, NULL};
    char *packages[] = {(char[]){"a*"}, (char[]){"b"}, NULL};
    struct store_caller wanted = {.name = (char[]){"builder"},
                                  .roles = STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR,
                                  .content_generators = generators,
                                  .packages = packages,
                                  .expires_at = 4e9};
    AUTO_SECRET struct secret token = {0};
    assert_int_equal(store_caller_create(store, &wanted, &token, &err), 0);
    const char *text = secret_reveal(&token);
    assert_int_equal(strlen(text), 47);
    assert_int_equal(strncmp(text, "cgi_", 4), 0);
    assert_int_equal(strspn(text + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    char kept[200];
    snprintf(kept, sizeof kept, "SELECT token_sha256 = encode(sha256('%s'), 'hex') FROM callers", text);
    assert_string_equal(sql(kept), "t");
    snprintf(kept, sizeof kept, "SELECT count(*) FROM callers c WHERE c::text LIKE '%%%s%%'", text + 4);
    assert_string_equal(sql(kept), "0");

    struct store_caller caller;
    assert_int_equal(store_caller_by_token(store, &token, &caller, &err), 1);
    assert_string_equal(caller.name, "builder");
    assert_int_equal(caller.roles, STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR);
    assert_string_equal(caller.content_generators[0], "osbs");
    assert_null(caller.content_generators[1]);
    assert_string_equal(caller.packages[1], "b");
    assert_null(caller.packages[2]);
    assert_true(caller.expires_at == 4e9 && caller.revoked_at == 0 && caller.created_at > 1.7e9);
    store_caller_finish(&caller);
    store_close(store);
}

static void refuses_tokens_that_do_not_count(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_caller wanted = {.name = (char[]){"a"}, .roles = STORE_ROLE_AUDITOR}, caller;
    AUTO_SECRET struct secret token = {0}, second = {0}, wrong = {0};
    assert_int_equal(store_caller_create(store, &wanted, &token, &err), 0);
    assert_int_equal(store_caller_create(store, &wanted, &second, &err), -1);
    assert_string_equal(err.hint, "names are never used again: choose another");
    assert_error(&err, CG_E_CONFLICT, "there is a caller \"a\" already");
    assert_false(secret_is_set(&second));
    err = (struct cg_error){0};

    assert_int_equal(secret_set(&wrong, "cgi_", &err), 0);
    assert_int_equal(store_caller_by_token(store, &wrong, &caller, &err), 0);
    assert_int_equal(secret_set(&wrong, "' OR true --", &err), 0);
    assert_int_equal(store_caller_by_token(store, &wrong, &caller, &err), 0);
    assert_int_equal(store_caller_by_token(store, &second, &caller, &err), 0);

    assert_int_equal(store_caller_by_token(store, &token, &caller, &err), 1);
    assert_null(caller.packages);
    store_caller_finish(&caller);
    sql("UPDATE callers SET expires_at = now() - interval '1 s'");
    assert_int_equal(store_caller_by_token(store, &token, &caller, &err), 0);
    sql("UPDATE callers SET expires_at = now() + interval '1 hour'");
    assert_int_equal(store_caller_by_token(store, &token, &caller, &err), 1);
    store_caller_finish(&caller);
    assert_int_equal(store_caller_revoke(store, "nobody", &err), 0);
    assert_int_equal(store_caller_revoke(store, "a", &err), 1);
    assert_int_equal(store_caller_revoke(store, "a", &err), 0);
    assert_int_equal(store_caller_by_token(store, &token, &caller, &err), 0);
    assert_string_equal(err.message, "");
    store_close(store);
}

static void lists_callers_by_name(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_caller *callers;
    size_t count;
    assert_int_equal(store_caller_list(store, &callers, &count, &err), 0);
    assert_int_equal(count, 0);
    store_callers_free(callers, count);
    AUTO_SECRET struct secret token = {0};
    char *none[] = {NULL};
    struct store_caller b = {.name = (char[]){"b"}, .roles = STORE_ROLE_SUBMITTER, .packages = none};
    struct store_caller a = {.name = (char[]){"a"}, .roles = STORE_ROLE_OPERATOR};
    assert_int_equal(store_caller_create(store, &b, &token, &err), 0);
    assert_int_equal(store_caller_create(store, &a, &token, &err), 0);
    assert_int_equal(store_caller_revoke(store, "b", &err), 1);
    assert_int_equal(store_caller_list(store, &callers, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(callers[0].name, "a");
    assert_true(callers[0].revoked_at == 0);
    assert_string_equal(callers[1].name, "b");
    assert_true(callers[1].revoked_at > 1.7e9);
    /* An empty list is not the same as none: it allows nothing. */
    assert_non_null(callers[1].packages);
    assert_null(callers[1].packages[0]);
    store_callers_free(callers, count);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_caller_whose_token_is_shown_once),
        cmocka_unit_test(refuses_tokens_that_do_not_count),
        cmocka_unit_test(lists_callers_by_name),
    };
    return cmocka_run_group_tests_name("callers", tests, postgres_start, postgres_stop);
}
