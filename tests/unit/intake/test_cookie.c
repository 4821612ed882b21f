/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/cookie.h"

/* The key that is in a Cookie header, "" for none. */
static const char *key_in(const char *header, enum cookie_kind kind)
{
    static char text[256];
    struct cg_error err = {0};
    AUTO_SECRET struct secret key = {0};
    const struct gate_head head = {.count = header ? 1 : 0, .fields = {{"cookie", header}}};
    int found = cookie_key(&head, kind, &key, &err);
    assert_int_equal(found, secret_is_set(&key) ? 1 : 0);
    snprintf(text, sizeof text, "%s", secret_reveal(&key));
    return text;
}

static void finds_the_key_among_others(void **state)
{
    (void)state;
    assert_string_equal(key_in("cg_import_session=cgs_a", COOKIE_PLAIN), "cgs_a");
    assert_string_equal(key_in("a=b; cg_import_session=cgs_a; c=d", COOKIE_PLAIN), "cgs_a");
    assert_string_equal(key_in(";;  cg_import_session=cgs_a  ;", COOKIE_PLAIN), "cgs_a");
    assert_string_equal(key_in("__Host-cg_import_session=cgs_s; cg_import_session=cgs_p", COOKIE_SECURE), "cgs_s");
    assert_string_equal(key_in("__Host-cg_import_session=cgs_s; cg_import_session=cgs_p", COOKIE_PLAIN), "cgs_p");
}

static void finds_none_where_there_is_no_one(void **state)
{
    (void)state;
    char longest[160] = "cg_import_session=", too_long[160] = "cg_import_session=";
    static const char *const headers[] = {NULL,
                                          "",
                                          "; ;",
                                          "cg_import_session",
                                          "cg_import_session=",
                                          "cg_import_sessio=cgs_a",
                                          "xcg_import_session=cgs_a",
                                          "CG_IMPORT_SESSION=cgs_a",
                                          "a=cg_import_session=cgs_a",
                                          "cg_import_session=cgs_a; cg_import_session=cgs_a",
                                          "__Host-cg_import_session=cgs_a"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_string_equal(key_in(headers[i], COOKIE_PLAIN), "");
    memset(longest + strlen(longest), 'a', 128);
    memset(too_long + strlen(too_long), 'a', 129);
    assert_int_equal(strlen(key_in(longest, COOKIE_PLAIN)), 128);
    assert_string_equal(key_in(too_long, COOKIE_PLAIN), "");
    struct cg_error err = {0};
    AUTO_SECRET struct secret key = {0};
    const struct gate_head twice = {
        .count = 2, .fields = {{"Cookie", "cg_import_session=cgs_a"}, {"Cookie", "cg_import_session=cgs_a"}}};
    assert_int_equal(cookie_key(&twice, COOKIE_PLAIN, &key, &err), 0);
}

static void gives_and_takes_away(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret key = {0};
    char value[COOKIE_HEADER_SIZE];
    assert_int_equal(secret_set(&key, "cgs_0123456789012345678901234567890123456789012", &err), 0);
    cookie_set(COOKIE_PLAIN, &key, 43200, value);
    assert_string_equal(value,
                        "cg_import_session=cgs_0123456789012345678901234567890123456789012; Path=/; Max-Age=43200;"
                        " HttpOnly; SameSite=Strict");
    cookie_set(COOKIE_SECURE, &key, 31536000, value);
    assert_string_equal(value, "__Host-cg_import_session=cgs_0123456789012345678901234567890123456789012; Path=/;"
                               " Max-Age=31536000; HttpOnly; SameSite=Strict; Secure");
    cookie_set(COOKIE_SECURE, NULL, 60, value);
    assert_string_equal(value, "__Host-cg_import_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
}

static void is_secure_where_browsers_come_by_tls(void **state)
{
    (void)state;
    assert_int_equal(cookie_kind_of(NULL, false), COOKIE_PLAIN);
    assert_int_equal(cookie_kind_of(NULL, true), COOKIE_SECURE);
    assert_int_equal(cookie_kind_of("https://a.example", false), COOKIE_SECURE);
    assert_int_equal(cookie_kind_of("HTTPS://a.example", false), COOKIE_SECURE);
    assert_int_equal(cookie_kind_of("http://a.example", true), COOKIE_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_key_among_others),
        cmocka_unit_test(finds_none_where_there_is_no_one),
        cmocka_unit_test(gives_and_takes_away),
        cmocka_unit_test(is_secure_where_browsers_come_by_tls),
    };
    return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
