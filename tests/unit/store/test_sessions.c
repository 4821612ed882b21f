/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "store/sessions.h"

static const struct store_session_limits limits = {.idle_s = 1800, .most_s = 43200};
static const struct secret none = {0};

static void begin(struct store *store, const struct secret *token, const struct secret *before, struct secret *key)
{
    struct cg_error err = {0};
    struct store_session session;
    assert_int_equal(store_session_begin(store, token, before, &limits, key, &session, &err), 1);
    assert_string_equal(err.message, "");
    store_session_finish(&session);
}

/* A store with the caller alice, who has signed in. */
static struct store *open_store_with_session(struct secret *token, struct secret *key)
{
    struct store *store = open_store_with_caller("alice", token);
    begin(store, token, &none, key);
    return store;
}

/* 1 known, 0 not. */
static int known(struct store *store, const struct secret *key)
{
    struct cg_error err = {0};
    struct store_session session;
    int found = store_session_by_key(store, key, &limits, &session, &err);
    assert_string_equal(err.message, "");
    if (found)
        assert_string_equal(session.caller.name, "alice");
    else
        assert_null(session.caller.name);
    store_session_finish(&session);
    return found;
}

static void a_session_is_its_caller(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    AUTO_SECRET struct secret token = {0}, key = {0}, other = {0};
    char *packages[] = {(char[]){"a*"}, NULL};
    struct store_caller wanted = {.name = (char[]){"alice"}, .roles = STORE_ROLE_SUBMITTER, .packages = packages};
    struct store_session session;
    assert_int_equal(store_caller_create(store, &wanted, &token, &err), 0);
    assert_int_equal(store_session_begin(store, &token, &none, &limits, &key, &session, &err), 1);
    assert_string_equal(session.caller.name, "alice");
    assert_int_equal(session.caller.roles, STORE_ROLE_SUBMITTER);
    store_session_finish(&session);
    assert_int_equal(strlen(secret_reveal(&key)), 47);
    assert_int_equal(strncmp(secret_reveal(&key), "cgs_", 4), 0);
    char kept[200];
    snprintf(kept, sizeof kept, "SELECT key_sha256 = encode(sha256('%s'), 'hex') FROM sessions", secret_reveal(&key));
    assert_string_equal(sql(kept), "t");
    assert_int_equal(store_session_by_key(store, &key, &limits, &session, &err), 1);
    assert_string_equal(session.caller.packages[0], "a*");
    assert_null(session.caller.content_generators);
    store_session_finish(&session);
    /* Neither is the token a key, nor the key a token. */
    struct store_caller caller;
    assert_int_equal(store_caller_by_token(store, &key, &caller, &err), 0);
    assert_int_equal(known(store, &token), 0);
    assert_int_equal(store_session_begin(store, &key, &none, &limits, &other, &session, &err), 0);
    assert_false(secret_is_set(&other));
    assert_string_equal(sql("SELECT count(*) FROM sessions"), "1");
    store_close(store);
}

static void ends_when_it_is_not_used_or_too_old(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0}, key = {0};
    struct store_session session;
    struct store *store = open_store_with_session(&token, &key);
    assert_string_equal(sql("SELECT expires_at - began_at = interval '30 min' AND ends_at - began_at = interval '12 h'"
                            " FROM sessions"),
                        "t");
    /* Use that moves the end by little is not written down, by more it is. */
    sql("UPDATE sessions SET expires_at = now() + interval '29 min 30 s'");
    assert_int_equal(known(store, &key), 1);
    assert_string_equal(sql("SELECT expires_at < now() + interval '29 min 40 s' FROM sessions"), "t");
    sql("UPDATE sessions SET expires_at = now() + interval '28 min'");
    assert_int_equal(store_session_by_key(store, &key, &limits, &session, &err), 1);
    char near_to[200];
    snprintf(near_to, sizeof near_to, "SELECT abs(%.3f - extract(epoch FROM expires_at)) < 120 FROM sessions",
             session.expires_at);
    store_session_finish(&session);
    assert_string_equal(sql("SELECT expires_at > now() + interval '28 min 1 s' FROM sessions"), "t");
    assert_string_equal(sql(near_to), "t");
    /* Never beyond its end. */
    sql("UPDATE sessions SET expires_at = now() + interval '1 min', ends_at = now() + interval '5 min'");
    assert_int_equal(known(store, &key), 1);
    assert_string_equal(sql("SELECT expires_at = ends_at FROM sessions"), "t");
    sql("UPDATE sessions SET expires_at = now() - interval '1 s'");
    assert_int_equal(known(store, &key), 0);
    sql("UPDATE sessions SET expires_at = now() - interval '23 h'");
    assert_int_equal(store_tidy(store, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM sessions"), "1");
    sql("UPDATE sessions SET expires_at = now() - interval '25 h'");
    assert_int_equal(store_tidy(store, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM sessions"), "0");
    store_close(store);
}

static void is_worth_no_more_than_its_token(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0}, key = {0}, second = {0};
    struct store_session session;
    struct store *store = open_store_with_caller("alice", &token);
    sql("UPDATE callers SET expires_at = now() + interval '10 min'");
    begin(store, &token, &none, &key);
    assert_string_equal(sql("SELECT ends_at = c.expires_at AND s.expires_at = ends_at FROM sessions s, callers c"),
                        "t");
    assert_int_equal(known(store, &key), 1);
    sql("UPDATE callers SET roles = 4");
    assert_int_equal(store_session_by_key(store, &key, &limits, &session, &err), 1);
    assert_int_equal(session.caller.roles, STORE_ROLE_AUDITOR);
    store_session_finish(&session);
    sql("UPDATE callers SET expires_at = now() - interval '1 s'");
    assert_int_equal(known(store, &key), 0);
    assert_int_equal(store_session_begin(store, &token, &none, &limits, &second, &session, &err), 0);
    sql("UPDATE callers SET expires_at = NULL");
    assert_int_equal(known(store, &key), 1);
    assert_int_equal(store_caller_revoke(store, "alice", &err), 1);
    assert_int_equal(known(store, &key), 0);
    assert_int_equal(store_session_begin(store, &token, &none, &limits, &second, &session, &err), 0);
    assert_string_equal(err.message, "");
    store_close(store);
}

static void ends_when_asked_to(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0}, first = {0}, second = {0}, third = {0};
    struct store *store = open_store_with_session(&token, &first);
    begin(store, &token, &none, &second);
    assert_string_not_equal(secret_reveal(&first), secret_reveal(&second));
    assert_int_equal(store_session_end(store, &first, &err), 1);
    assert_int_equal(store_session_end(store, &first, &err), 0);
    assert_int_equal(known(store, &first), 0);
    assert_int_equal(known(store, &second), 1);
    /* One that the same person had ends with the next. */
    begin(store, &token, &second, &third);
    assert_int_equal(known(store, &second), 0);
    assert_int_equal(known(store, &third), 1);
    store_close(store);
}

static void stands_as_long_as_caller_and_session_count(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0}, key = {0};
    struct store_session session;
    struct store *store = open_store_with_session(&token, &key);
    assert_int_equal(store_session_by_key(store, &key, &limits, &session, &err), 1);
    char id[STORE_ID_SIZE], sha256[65];
    memcpy(id, session.caller.id, sizeof id);
    memcpy(sha256, session.key_sha256, sizeof sha256);
    store_session_finish(&session);
    assert_int_equal(store_session_stands(store, id, sha256, &err), 1);
    assert_int_equal(store_session_stands(store, id, NULL, &err), 1);
    sql("UPDATE sessions SET expires_at = now() + interval '1 s' * 90");
    assert_int_equal(store_session_stands(store, id, sha256, &err), 1);
    assert_string_equal(sql("SELECT expires_at < now() + interval '2 min' FROM sessions"), "t");
    sql("UPDATE sessions SET expires_at = now() - interval '1 s'");
    assert_int_equal(store_session_stands(store, id, sha256, &err), 0);
    assert_int_equal(store_session_stands(store, id, NULL, &err), 1);
    assert_int_equal(store_caller_revoke(store, "alice", &err), 1);
    assert_int_equal(store_session_stands(store, id, NULL, &err), 0);
    assert_string_equal(err.message, "");
    store_close(store);
}

static void a_caller_has_so_many_at_most(void **state)
{
    (void)state;
    AUTO_SECRET struct secret token = {0}, other = {0}, first = {0}, second = {0}, key = {0};
    struct store *store = open_store_with_caller("alice", &token);
    make_caller(store, "bob", &other);
    begin(store, &other, &none, &key);
    begin(store, &token, &none, &first);
    begin(store, &token, &none, &second);
    for (unsigned i = 2; i < STORE_SESSIONS_MAX; i++)
        begin(store, &token, &none, &key);
    assert_int_equal(known(store, &first), 1);
    begin(store, &token, &none, &key);
    assert_int_equal(known(store, &first), 0);
    assert_int_equal(known(store, &second), 1);
    assert_int_equal(known(store, &key), 1);
    assert_string_equal(sql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM"
                            " (SELECT count(*) AS n FROM sessions GROUP BY caller_id) c"),
                        "1 64");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_its_caller),
        cmocka_unit_test(ends_when_it_is_not_used_or_too_old),
        cmocka_unit_test(is_worth_no_more_than_its_token),
        cmocka_unit_test(ends_when_asked_to),
        cmocka_unit_test(stands_as_long_as_caller_and_session_count),
        cmocka_unit_test(a_caller_has_so_many_at_most),
    };
    return cmocka_run_group_tests_name("sessions", tests, postgres_start, postgres_stop);
}
