/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/posting_options.h"

#include "quoted.h"
#include "unit.h"

static void test_options_are_set_and_kept(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct posting_options options = {0};
    assert_int_equal(posting_options_set(&options, "hub", "koji", &err), 1);
    assert_int_equal(posting_options_set(&options, "tag", "f40", &err), 1);
    assert_int_equal(posting_options_set(&options, "tag", "f41", &err), 1);
    assert_int_equal(posting_options_set(&options, "reserve", "true", &err), 1);
    assert_int_equal(posting_options_set(&options, "reference", "builds:a/b", &err), 1);
    assert_int_equal(posting_options_set(&options, "color", "red", &err), 0);
    CG_AUTO_JSON json_t *json = posting_options_json(&options, &err);
    CG_AUTO_JSON json_t *expected = quoted_json("{'reserve': true, 'draft': false, 'tag': 'f41'}");
    assert_true(json_equal(json, expected));
    assert_string_equal(options.reference, "builds:a/b");

    /* And back, for a retry. */
    struct posting_options again = {0};
    struct store_import import = {.hub = (char[]){"koji"}, .options = json};
    assert_int_equal(posting_options_from(&again, &import, &err), 0);
    assert_string_equal(again.hub, "koji");
    assert_string_equal(again.tag, "f41");
    assert_true(again.reserve && !again.draft && !again.reference);
    posting_options_finish(&options);
    posting_options_finish(&again);
}

static void test_values_that_are_wrong(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct posting_options options = {0};
    char value[300];
    snprintf(value, sizeof value, "%0256d", 0);
    assert_int_equal(posting_options_set(&options, "tag", value, &err), 1);
    snprintf(value, sizeof value, "%0257d", 0);
    assert_int_equal(posting_options_set(&options, "tag", value, &err), -1);
    assert_error(&err, CG_E_USAGE, "tag has 257 bytes, expected 1 to 256");
    assert_int_equal(posting_options_set(&options, "hub", "", &err), -1);
    assert_error(&err, CG_E_USAGE, "hub has 0 bytes, expected 1 to 256");
    assert_int_equal(posting_options_set(&options, "hub", "a\nb", &err), -1);
    assert_error(&err, CG_E_USAGE, "hub has a control character");
    assert_int_equal(posting_options_set(&options, "draft", "yes", &err), -1);
    assert_error(&err, CG_E_USAGE, "draft is \"yes\", expected true or false");
    assert_int_equal(posting_options_set(&options, "reference", "builds", &err), -1);
    assert_error(&err, CG_E_USAGE, "reference is \"builds\", expected ROOT:DIRECTORY");
    posting_options_finish(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_set_and_kept),
        cmocka_unit_test(test_values_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
