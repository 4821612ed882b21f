/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/difference.h"

#include "allocation.h"
#include "cg/auto.h"
#include "quoted.h"
#include "unit.h"

static void assert_difference(const char *posted_text, const char *there_text, const char *expected_text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *posted = quoted_json(posted_text);
    CG_AUTO_JSON json_t *there = quoted_json(there_text);
    CG_AUTO_JSON json_t *expected = quoted_json(expected_text);
    CG_AUTO_JSON json_t *list = difference_list(posted, there, &err);
    assert_non_null(list);
    CG_AUTO_FREE char *text = json_dumps(list, JSON_COMPACT);
    if (!json_equal(list, expected))
        fail_msg("%s", text);
}

static void test_places_that_differ(void **state)
{
    (void)state;
    assert_difference("{'a': 1}", "{'a': 1}", "[]");
    assert_difference("{'a': 1, 'b': {'c': [1, 2]}}", "{'b': {'c': [1, 3]}, 'a': 1}",
                      "[{'pointer': '/b/c/1', 'posted': 2, 'there': 3}]");
    assert_difference("{'a/b': true}", "{'c~': null}",
                      "[{'pointer': '/a~1b', 'posted': true}, {'pointer': '/c~0', 'there': null}]");
    assert_difference("{'a': [1]}", "{'a': []}", "[{'pointer': '/a/0', 'posted': 1}]");
    assert_difference("{'a': {}}", "{'a': []}", "[{'pointer': '/a', 'posted': {}, 'there': []}]");
}

static void test_long_values_are_not_shown(void **state)
{
    (void)state;
    char text[300];
    snprintf(text, sizeof text, "{'a': '%0200d', 'b': {'x': 1}}", 0);
    CG_AUTO_JSON json_t *fits = quoted_json(text);
    snprintf(text, sizeof text, "{'a': '%0201d'}", 0);
    CG_AUTO_JSON json_t *over = quoted_json(text);
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *list = difference_list(fits, over, &err);
    assert_int_equal(json_array_size(list), 2);
    assert_non_null(json_object_get(json_array_get(list, 0), "posted"));
    assert_null(json_object_get(json_array_get(list, 0), "there"));
    assert_null(json_object_get(json_array_get(list, 1), "posted"));
}

static void test_the_first_places_only(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *posted = json_array();
    CG_AUTO_JSON json_t *there = json_array();
    for (int i = 0; i < DIFFERENCE_MAX + 1; i++) {
        json_array_append_new(posted, json_integer(i));
        json_array_append_new(there, json_integer(-1));
    }
    CG_AUTO_JSON json_t *list = difference_list(posted, there, &err);
    assert_int_equal(json_array_size(list), DIFFERENCE_MAX);
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *posted = quoted_json("{'a': 1, 'b': ['x']}");
    CG_AUTO_JSON json_t *there = quoted_json("{'b': ['y'], 'c': 2}");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        CG_AUTO_JSON json_t *list = difference_list(posted, there, &err);
        bool has_failed = allocation_failed();
        allocation_fail_at(0);
        assert_true(list || err.code == CG_E_MEMORY);
        if (!has_failed) {
            assert_int_equal(json_array_size(list), 3);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_that_differ),
        cmocka_unit_test(test_long_values_are_not_shown),
        cmocka_unit_test(test_the_first_places_only),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
