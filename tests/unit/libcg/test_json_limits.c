/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of the JSON reader, and texts made to cost more than they weigh. */
#include "unit.h"

#include "cg/json.h"

/* `text` repeated; the caller frees it. */
static char *repeated(const char *text, size_t times)
{
    size_t length = strlen(text);
    char *result = malloc(length * times + 1);
    assert_non_null(result);
    for (size_t i = 0; i < times; i++)
        memcpy(result + i * length, text, length);
    result[length * times] = '\0';
    return result;
}

/* The text is over a limit: this message, and one finding with this pointer and column of the first line. */
static void assert_over_limit(const char *text, const char *message, const char *pointer, size_t column)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    assert_null(cg_json_read(text, strlen(text), report, &err));
    assert_error(&err, CG_E_LIMIT, message);
    assert_int_equal(cg_report_size(report), 1);
    const struct cg_finding *finding = cg_report_get(report, 0);
    assert_string_equal(finding->rule, "json.limit");
    assert_string_equal(finding->pointer, pointer);
    assert_int_equal(finding->line, 1);
    assert_int_equal(finding->column, column);
}

static void keeps_the_limit_of_depth(void **state)
{
    (void)state;
    for (size_t depth = CG_JSON_DEPTH_MAX - 1; depth <= CG_JSON_DEPTH_MAX; depth++) {
        char text[2 * CG_JSON_DEPTH_MAX + 1];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *value = cg_json_read(text, 2 * depth, NULL, &err);
        assert_int_equal(json_array_size(value), depth > 1 ? 1 : 0);
    }
    CG_AUTO_FREE char *pointer = repeated("/0", CG_JSON_DEPTH_MAX);
    CG_AUTO_FREE char *arrays = repeated("[", 100000);
    assert_over_limit(arrays, "line 1, column 129: nested too deep, expected at most 128 levels", pointer, 129);
    CG_AUTO_FREE char *names = repeated("/", CG_JSON_DEPTH_MAX);
    CG_AUTO_FREE char *objects = repeated("{\"\":", 100000);
    assert_over_limit(objects, "line 1, column 513: nested too deep, expected at most 128 levels", names, 513);
    CG_AUTO_FREE char *both = repeated("[{\"\":", 50000);
    CG_AUTO_FREE char *mixed = repeated("/0/", CG_JSON_DEPTH_MAX / 2);
    assert_over_limit(both, "line 1, column 321: nested too deep, expected at most 128 levels", mixed, 321);
}

static void keeps_the_limit_of_size(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FREE char *text = malloc(CG_JSON_SIZE_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', CG_JSON_SIZE_MAX + 1);
    text[0] = '1';
    CG_AUTO_JSON json_t *value = cg_json_read(text, CG_JSON_SIZE_MAX, NULL, &err);
    assert_int_equal(json_integer_value(value), 1);
    assert_null(cg_json_read(text, CG_JSON_SIZE_MAX + 1, NULL, &err));
    assert_error(&err, CG_E_LIMIT, "line 1, column 1: the text is too large, expected at most 67108864 bytes");
}

/* An array of `count` zeros; the caller frees the text. */
static char *zeros(size_t count)
{
    char *text = repeated("0,", count + 1);
    memcpy(text, "[ ", 2);
    text[2 * count + 1] = ']';
    return text;
}

static void keeps_the_limit_of_values(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FREE char *text = zeros(CG_JSON_VALUES_MAX - 1);
    CG_AUTO_JSON json_t *value = cg_json_read(text, strlen(text), NULL, &err);
    assert_int_equal(json_array_size(value), CG_JSON_VALUES_MAX - 1);

    CG_AUTO_FREE char *longer = zeros(CG_JSON_VALUES_MAX);
    assert_null(cg_json_read(longer, strlen(longer), NULL, &err));
    assert_error(&err, CG_E_LIMIT, "line 1, column 4000001: too many values, expected at most 2000000 values");
}

static void bounds_what_a_hostile_text_makes_it_report(void **state)
{
    (void)state;
    struct cg_error err = {0};
    /* A long name around many faults: what is kept of them stays small, and all are counted. */
    CG_AUTO_FREE char *name = repeated("long/", 20000);
    CG_AUTO_FREE char *members = repeated("\"k\":1,", 5000);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_int_equal(cg_bytes_printf(&text, &err, "{\"%s\":{%s\"k\":1}}", name, members), 0);
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *value = cg_json_read(text.data, text.size, report, &err);
    assert_non_null(value);
    assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), 5000);
    assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
    assert_int_equal(strlen(cg_report_get(report, 99)->pointer), CG_REPORT_TEXT_MAX);

    CG_AUTO_FREE char *digits = repeated("7", 1000000);
    CG_AUTO_REPORT struct cg_report *second = cg_report_create(&err);
    CG_AUTO_JSON json_t *number = cg_json_read(digits, 1000000, second, &err);
    assert_int_equal(json_integer_value(number), INT64_MAX);
    assert_int_equal(strlen(cg_report_get(second, 0)->got), CG_REPORT_GOT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_limit_of_depth),
        cmocka_unit_test(keeps_the_limit_of_size),
        cmocka_unit_test(keeps_the_limit_of_values),
        cmocka_unit_test(bounds_what_a_hostile_text_makes_it_report),
    };
    return cmocka_run_group_tests_name("json_limits", tests, NULL, NULL);
}
