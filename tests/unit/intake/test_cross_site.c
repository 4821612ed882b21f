/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/cross_site.h"

static const char own[] = "https://cg-import.example.com";

static bool is_cross_site(const char *method, const char *site, const char *origin, const char *url)
{
    struct gate_head head = {.method = method};
    if (site)
        head.fields[head.count++] = (struct gate_field){"sec-fetch-site", site};
    if (origin)
        head.fields[head.count++] = (struct gate_field){"ORIGIN", origin};
    return cross_site_is(&head, url);
}

static void what_changes_nothing_may_come_from_anywhere(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t i = 0; i < 2; i++)
        assert_false(is_cross_site(methods[i], "cross-site", "https://elsewhere.example", own));
}

static void what_browsers_say_counts(void **state)
{
    (void)state;
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OTHER"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        assert_false(is_cross_site(methods[i], NULL, NULL, own));
        assert_false(is_cross_site(methods[i], "same-origin", NULL, own));
        assert_false(is_cross_site(methods[i], "none", NULL, own));
        assert_true(is_cross_site(methods[i], "same-site", own, own));
        assert_true(is_cross_site(methods[i], "cross-site", own, own));
        assert_true(is_cross_site(methods[i], "Same-Origin", own, own));
        assert_true(is_cross_site(methods[i], "", own, own));
        assert_false(is_cross_site(methods[i], "same-origin", "https://proxied.example", own));
    }
}

static void without_it_the_origin_counts(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *own;
        bool is_cross_site;
    } cases[] = {
        {"https://cg-import.example.com", "https://cg-import.example.com", false},
        {"https://CG-IMPORT.example.com", "https://cg-import.example.com", false},
        {"https://cg-import.example.com", "https://cg-import.example.com/below?a#b", false},
        {"https://cg-import.example.com", "https://cg-import.example.com:443/", false},
        {"https://cg-import.example.com:443", "https://cg-import.example.com", false},
        {"http://localhost", "http://localhost:80", false},
        {"http://localhost:8181", "http://localhost:8181", false},
        {"http://[::1]:8181", "http://[::1]:8181", false},
        {"http://localhost:8181", "http://localhost:8182", true},
        {"http://localhost:443", "http://localhost", true},
        {"http://cg-import.example.com", "https://cg-import.example.com", true},
        {"https://cg-import.example.com.evil.example", "https://cg-import.example.com", true},
        {"https://cg-import.example.co", "https://cg-import.example.com", true},
        {"https://evil.example/https://cg-import.example.com", "https://cg-import.example.com", true},
        {"https://cg-import.example.com/", "https://cg-import.example.com", true},
        {"null", "https://cg-import.example.com", true},
        {"", "https://cg-import.example.com", true},
        {"://", "://", false},
        {"null", "null", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (is_cross_site("POST", NULL, cases[i].origin, cases[i].own) != cases[i].is_cross_site)
            fail_msg("%s of %s", cases[i].origin, cases[i].own);
}

static void what_is_said_twice_is_not_believed(void **state)
{
    (void)state;
    const struct gate_head sites = {
        .method = "POST", .count = 2, .fields = {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "same-origin"}}};
    const struct gate_head origins = {.method = "POST", .count = 2, .fields = {{"Origin", own}, {"Origin", own}}};
    assert_true(cross_site_is(&sites, own));
    assert_true(cross_site_is(&origins, own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_nothing_may_come_from_anywhere),
        cmocka_unit_test(what_browsers_say_counts),
        cmocka_unit_test(without_it_the_origin_counts),
        cmocka_unit_test(what_is_said_twice_is_not_believed),
    };
    return cmocka_run_group_tests_name("cross_site", tests, NULL, NULL);
}
