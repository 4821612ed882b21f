/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "koji/credential.h"
#include "unit.h"

#define KEY "2-KEYofTheFirstSession"
#define BASE "https://koji.example.com/kojihub"

static int make(struct koji_address *address, int64_t id, uint32_t number, bool header_session, const char *query,
                struct cg_error *err)
{
    CG_AUTO(koji_ticket_finish)
    struct koji_ticket ticket = {.session_id = id, .call_number = number, .header_session = header_session};
    if (secret_set(&ticket.session_key, id ? KEY : "", err) < 0)
        return -1;
    return koji_address_make(address, BASE, query, &ticket, err);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        int64_t id;
        uint32_t number;
        bool header_session;
        const char *query;
        const char *url, *id_line, *key_line, *callnum, *session_callnum;
    } rows[] = {
        {0, KOJI_UNNUMBERED, true, NULL, BASE, "", "", "", ""},
        {0, KOJI_UNNUMBERED, false, "a=1", BASE "?a=1", "", "", "", ""},
        {8, KOJI_UNNUMBERED, true, NULL, BASE, "Koji-Session-Id: 8", "Koji-Session-Key: " KEY, "", ""},
        {8, 3, true, "a=1", BASE "?a=1", "Koji-Session-Id: 8", "Koji-Session-Key: " KEY, "Koji-Callnum: 3",
         "Koji-Session-Callnum: 3"},
        {INT64_MAX, UINT32_MAX, true, NULL, BASE, "Koji-Session-Id: 9223372036854775807", "Koji-Session-Key: " KEY,
         "Koji-Callnum: 4294967295", "Koji-Session-Callnum: 4294967295"},
        {8, KOJI_UNNUMBERED, false, NULL, BASE "?session-id=8&session-key=" KEY, "", "", "", ""},
        {8, 3, false, "a=1", BASE "?a=1&session-id=8&session-key=" KEY "&callnum=3", "", "", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cg_error err = {0};
        struct koji_address address = {0};
        assert_int_equal(make(&address, rows[i].id, rows[i].number, rows[i].header_session, rows[i].query, &err), 0);
        assert_string_equal(secret_reveal(&address.url), rows[i].url);
        assert_string_equal(address.id_line, rows[i].id_line);
        assert_string_equal(secret_reveal(&address.key_line), rows[i].key_line);
        assert_string_equal(address.number_lines[0], rows[i].callnum);
        assert_string_equal(address.number_lines[1], rows[i].session_callnum);
        koji_address_finish(&address);
    }
}

static int take(struct koji_credential *credential, int id, const char *key, int header_auth, struct cg_error *err)
{
    CG_AUTO_JSON json_t *answer =
        json_pack("{s:i,s:s,s:b}", "session-id", id, "session-key", key, "header-auth", header_auth);
    return koji_credential_take_answer(credential, answer, err);
}

static void test_numbers_go_on_over_logins(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct koji_credential credential;
    struct koji_ticket ticket = {0};
    assert_int_equal(koji_credential_init(&credential, &err), 0);
    assert_false(koji_credential_logged_in(&credential));
    assert_int_equal(koji_credential_copy(&credential, &ticket, &err), 0);
    assert_int_equal(ticket.session_id, 0);

    assert_int_equal(take(&credential, 8, KEY, 1, &err), 0);
    assert_int_equal(koji_credential_next_number(&credential), 1);
    assert_int_equal(koji_credential_next_number(&credential), 2);
    assert_int_equal(take(&credential, 8, "2-another", 1, &err), 0);
    assert_int_equal(koji_credential_next_number(&credential), 3);
    assert_int_equal(koji_credential_copy(&credential, &ticket, &err), 0);
    assert_string_equal(secret_reveal(&ticket.session_key), "2-another");
    assert_int_equal(ticket.call_number, KOJI_UNNUMBERED);
    assert_true(ticket.header_session);

    ticket.call_number = 40;
    assert_int_equal(koji_credential_take_ticket(&credential, &ticket, &err), 0);
    assert_int_equal(koji_credential_next_number(&credential), 41);
    koji_credential_forget(&credential);
    assert_false(koji_credential_logged_in(&credential));
    koji_ticket_finish(&ticket);
    koji_credential_finish(&credential);
}

/* A key goes into a header line and an URL as it is: one that could end either is none. */
static void test_keys_that_are_none(void **state)
{
    (void)state;
    static const char *const keys[] = {"", "a b", "a\r\nX: 1", "a&callnum=9", "a#b", "a/b", "caf\xc3\xa9"};
    char longest[130];
    struct cg_error err = {0};
    struct koji_credential credential;
    assert_int_equal(koji_credential_init(&credential, &err), 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(take(&credential, 8, keys[i], 1, &err), -1);
        assert_error(&err, CG_E_HUB_REPLY, "the login was answered without a session-id and session-key");
        assert_false(koji_credential_logged_in(&credential));
    }
    memset(longest, 'a', sizeof longest);
    longest[129] = '\0';
    assert_int_equal(take(&credential, 8, longest, 1, &err), -1);
    cg_error_clear(&err);
    longest[128] = '\0';
    assert_int_equal(take(&credential, 8, longest, 1, &err), 0);
    koji_credential_finish(&credential);
}

static void test_allocation_failures(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        int result = -1;
        for (unsigned long n = 1; result < 0; n++) {
            struct cg_error err = {0};
            struct koji_address address = {0};
            allocation_fail_at(n);
            result = make(&address, 8, 3, form == 0, "a=1", &err);
            bool failed = allocation_failed();
            allocation_fail_at(0);
            assert_int_equal(result, failed ? -1 : 0);
            if (result < 0)
                assert_int_equal(err.code, CG_E_MEMORY);
            koji_address_finish(&address);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_numbers_go_on_over_logins),
        cmocka_unit_test(test_keys_that_are_none),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
