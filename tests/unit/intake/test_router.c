/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "intake/router.h"

static const struct intake_handler list, post, one, event, put, special;

static const struct intake_route resources[] = {
    {"GET", "/v1/imports", 1, 0, &list},
    {"POST", "/v1/imports", 1, 0, &post},
    {"GET", "/v1/imports/{id}", 1, 0, &one},
    {"GET", "/v1/imports/{id}/events", 1, 0, &event},
    {"PUT", "/v1/imports/{id}/outputs/{position}", 1, 0, &put},
    {"HEAD", "/v1/imports/{id}/outputs/{position}", 1, 0, &one},
};
static const struct intake_route others[] = {
    {"GET", "/v1/imports/special", 0, 0, &special},
    {"GET", "/", 0, 0, &special},
};
static const struct router router = {.tables = {{resources, 6}, {others, 2}}, .count = 2};

static void finds_the_route(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        const struct intake_handler *handler; /* NULL: see found */
        enum router_found found;
        const char *allow;
    } cases[] = {
        {"GET", "/v1/imports", &list, ROUTER_FOUND, "GET, HEAD, POST"},
        {"HEAD", "/v1/imports", &list, ROUTER_FOUND, "GET, HEAD, POST"},
        {"POST", "/v1/imports", &post, ROUTER_FOUND, "GET, HEAD, POST"},
        {"DELETE", "/v1/imports", NULL, ROUTER_NO_METHOD, "GET, HEAD, POST"},
        {"get", "/v1/imports", NULL, ROUTER_NO_METHOD, "GET, HEAD, POST"},
        {"GET", "/v1/imports/7", &one, ROUTER_FOUND, "GET, HEAD"},
        {"GET", "/v1/imports/special", &special, ROUTER_FOUND, "GET, HEAD"},
        {"HEAD", "/v1/imports/7/outputs/0", &one, ROUTER_FOUND, "PUT, HEAD"},
        {"GET", "/v1/imports/7/outputs/0", NULL, ROUTER_NO_METHOD, "PUT, HEAD"},
        {"GET", "/", &special, ROUTER_FOUND, "GET, HEAD"},
        {"GET", "/v1/imports/", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1/imports//events", NULL, ROUTER_NO_PATH, ""},
        {"GET", "//v1/imports", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1/import", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1/imports2", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1/imports/7/events/", NULL, ROUTER_NO_PATH, ""},
        {"GET", "/v1/imports/a/b/c/d/e/f", NULL, ROUTER_NO_PATH, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct router_match match;
        enum router_found found;
        assert_int_equal(router_find(&router, cases[i].method, cases[i].path, &match, &found, &err), 0);
        assert_int_equal(found, cases[i].found);
        assert_ptr_equal(match.route ? match.route->handler : NULL, cases[i].handler);
        assert_string_equal(match.allow, cases[i].allow);
        router_match_finish(&match);
    }
}

static void takes_values_decoded(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct router_match match;
    enum router_found found;
    assert_int_equal(router_find(&router, "PUT", "/v1/imports/a%2Fb+c/outputs/%C3%A4", &match, &found, &err), 0);
    assert_int_equal(match.value_count, 2);
    assert_string_equal(match.values[0].name, "id");
    assert_string_equal(match.values[0].value, "a/b+c");
    assert_string_equal(match.values[1].name, "position");
    assert_string_equal(match.values[1].value, "\xc3\xa4");
    router_match_finish(&match);
}

static void an_encoded_dot_segment_is_a_value(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct router_match match;
    enum router_found found;
    assert_int_equal(router_find(&router, "GET", "/v1/imports/%2e%2e", &match, &found, &err), 0);
    assert_ptr_equal(match.route->handler, &one);
    assert_string_equal(match.values[0].value, "..");
    router_match_finish(&match);
    assert_int_equal(router_find(&router, "GET", "/%761/imports", &match, &found, &err), 0);
    assert_int_equal(found, ROUTER_NO_PATH);
    router_match_finish(&match);
}

static void decodes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FREE char *plain = router_decode("a+b%20%7e", 9, ROUTER_PLUS_IS_PLUS, &err);
    assert_string_equal(plain, "a+b ~");
    CG_AUTO_FREE char *blank = router_decode("a+b", 3, ROUTER_PLUS_IS_BLANK, &err);
    assert_string_equal(blank, "a b");
    CG_AUTO_FREE char *part = router_decode("abcdef", 3, ROUTER_PLUS_IS_PLUS, &err);
    assert_string_equal(part, "abc");
}

static void refuses_bad_encodings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a%", "the URL has a bad percent-encoding: \"%\""},
        {"a%4", "the URL has a bad percent-encoding: \"%4\""},
        {"a%g0", "the URL has a bad percent-encoding: \"%g0\""},
        {"a%0gb", "the URL has a bad percent-encoding: \"%0g\""},
        {"%00", "the URL has a bad percent-encoding: \"%00\""},
        {"%ff", "the URL is not UTF-8 once decoded"},
        {"%ed%a0%80", "the URL is not UTF-8 once decoded"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_null(router_decode(cases[i].text, strlen(cases[i].text), ROUTER_PLUS_IS_PLUS, &err));
        assert_error(&err, CG_E_USAGE, cases[i].message);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    bool whole = false;
    for (unsigned long n = 1; !whole; n++) {
        assert_true(n < 100);
        struct cg_error err = {0};
        struct router_match match;
        enum router_found found;
        allocation_fail_at(n);
        int result = router_find(&router, "PUT", "/v1/imports/a/outputs/1", &match, &found, &err);
        whole = !allocation_failed();
        allocation_fail_at(0);
        assert_int_equal(result, whole ? 0 : -1);
        router_match_finish(&match);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_route),
        cmocka_unit_test(takes_values_decoded),
        cmocka_unit_test(an_encoded_dot_segment_is_a_value),
        cmocka_unit_test(decodes),
        cmocka_unit_test(refuses_bad_encodings),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
