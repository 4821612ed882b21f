/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/canon.h"
#include "cg/json.h"
#include "scratch.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

static json_t *read_text(const char *text)
{
    struct cg_error err = {0};
    json_t *value = cg_json_read(text, strlen(text), NULL, &err);
    assert_string_equal(err.message, "");
    return value;
}

static void assert_canonical(const char *text, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes canonical = {0};
    CG_AUTO_JSON json_t *value = read_text(text);
    assert_int_equal(cg_canon(value, &canonical, &err), 0);
    assert_string_equal(cg_bytes_text(&canonical), expected);
}

static void writes_every_kind_of_value(void **state)
{
    (void)state;
    assert_canonical(" { \"b\" : [ 1 , true , null ] , \"a\" : { } , \"\" : [ ] , \"c\" : false } ",
                     "{\"\":[],\"a\":{},\"b\":[1,true,null],\"c\":false}");
}

static void escapes_only_what_it_must(void **state)
{
    (void)state;
    assert_canonical("\" a \\u0020 \\u0021~\"", "\" a   !~\"");
    assert_canonical("\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\\\/\\u007f\\u20ac\\ud83d\\ude00\"",
                     "\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\/\x7f\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void sorts_names_by_utf16_code_units(void **state)
{
    (void)state;
    /* RFC 8785 section 3.2.3, and U+FFFD beside U+10000, which UTF-8 sorts the other way round. */
    assert_canonical("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
                     "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
                     "\"\xef\xac\xb3\":3}");
    assert_canonical("{\"\\ufffd\":1,\"\\ud800\\udc00\":2,\"\\uee00\":3,\"\\ue000\":4,\"\\ud7ff\":5}",
                     "{\"\xed\x9f\xbf\":5,\"\xf0\x90\x80\x80\":2,\"\xee\x80\x80\":4,\"\xee\xb8\x80\":3,"
                     "\"\xef\xbf\xbd\":1}");
    assert_canonical("{\"ab\":1,\"a\":2,\"a\\u0000\":3,\"\":4}", "{\"\":4,\"a\":2,\"a\\u0000\":3,\"ab\":1}");
}

static void writes_numbers_as_ecmascript_does(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {10.0, "10"},
        {0.1, "0.1"},
        {123.456, "123.456"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {1e-6, "0.000001"},
        {1.25e-6, "0.00000125"},
        {1e-7, "1e-7"},
        {-1.25e-7, "-1.25e-7"},
        {9007199254740992.0, "9007199254740992"},
        {0x1p122, "5.316911983139664e+36"}, /* the nearest 16 digits are ...663 and do not read back */
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-1074, "5e-324"},
        {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
        {-0x1.fffffffffffffp1023, "-1.7976931348623157e+308"},
        {0x1p-1022, "2.2250738585072014e-308"},
        {333333333.33333329, "333333333.3333333"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        char text[CG_CANON_NUMBER_SIZE];
        assert_int_equal(cg_canon_number(cases[i].number, text, &err), 0);
        assert_string_equal(text, cases[i].text);
    }
}

static void has_no_text_for_what_is_no_number(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char text[CG_CANON_NUMBER_SIZE];
    assert_int_equal(cg_canon_number((double)NAN, text, &err), -1);
    assert_error(&err, CG_E_SYNTAX, "NaN has no JSON form");
    assert_int_equal(cg_canon_number(-(double)INFINITY, text, &err), -1);
    assert_error(&err, CG_E_SYNTAX, "an infinity has no JSON form");
}

static void writes_only_integers_that_doubles_hold(void **state)
{
    (void)state;
    static const struct {
        json_int_t integer;
        const char *text; /* NULL: refused */
    } cases[] = {
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {9007199254740993, NULL},
        {9007199254740994, "9007199254740994"},
        {-9007199254740992, "-9007199254740992"},
        {-9007199254740993, NULL},
        {1152921504606846976, "1152921504606847000"}, /* 2^60: the shortest digits, as RFC 8785 asks */
        {INT64_MAX, NULL},
        {INT64_MIN, "-9223372036854776000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        CG_AUTO_JSON json_t *value = json_integer(cases[i].integer);
        int result = cg_canon(value, &text, &err);
        assert_int_equal(result, cases[i].text ? 0 : -1);
        assert_string_equal(cg_bytes_text(&text), cases[i].text ? cases[i].text : "");
        if (!cases[i].text)
            assert_error_has(&err, CG_E_SYNTAX, " is no double, as canonical JSON needs it");
    }
}

static json_t *nested(size_t depth)
{
    json_t *value = json_object();
    for (size_t i = 1; i < depth; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }
    return value;
}

static void keeps_the_limit_of_depth_and_what_was_there(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_int_equal(cg_bytes_append_text(&text, "before ", &err), 0);
    CG_AUTO_JSON json_t *deep = nested(CG_JSON_DEPTH_MAX);
    CG_AUTO_JSON json_t *deeper = nested(CG_JSON_DEPTH_MAX + 1);
    assert_int_equal(cg_canon(deeper, &text, &err), -1);
    assert_string_equal(cg_bytes_text(&text), "before ");
    assert_error(&err, CG_E_LIMIT, "nested deeper than 128 levels");
    assert_int_equal(cg_canon(deep, &text, &err), 0);
    assert_int_equal(text.size, strlen("before ") + 2 * CG_JSON_DEPTH_MAX);
}

/* Sets a locale whose decimal point is a comma: one that is installed, or one made here. */
static bool set_locale_with_comma(void)
{
    static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "cs_CZ.UTF-8"};
    for (size_t i = 0; i < sizeof with_comma / sizeof with_comma[0]; i++)
        if (setlocale(LC_NUMERIC, with_comma[i]))
            return true;
    char command[512];
    snprintf(command, sizeof command, "localedef --no-archive -i de_DE -f UTF-8 '%s' >'%s' 2>&1",
             scratch_path("de_DE.UTF-8"), scratch_path("told"));
    return system(command) == 0 && setenv("LOCPATH", scratch_path(""), 1) == 0 &&
           setlocale(LC_NUMERIC, with_comma[0]) != NULL;
}

static void writes_a_point_in_every_locale(void **state)
{
    (void)state;
    if (!set_locale_with_comma()) {
        print_message("skipped: no locale with a decimal comma is installed, and localedef makes none\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    assert_canonical("[0.5,1e-7]", "[0.5,1e-7]");
    setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
}

/* Property: what is canonical stays as it is, and numbers read back as the same double. */
static void is_stable(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252U;
    for (int round = 0; round < 3000; round++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double number;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        struct cg_error err = {0};
        char text[CG_CANON_NUMBER_SIZE];
        assert_int_equal(cg_canon_number(number, text, &err), 0);
        assert_true(strtod(text, NULL) == number);
    }
    static const char canonical[] = "{\"a\":[0.001,1e+21,\"\\u0001\\\\\"],\"b\":{\"\":-5}}";
    assert_canonical(canonical, canonical);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *value = read_text("{\"b\":[1,2.5,\"a long enough text to need another allocation \\n\"],"
                                           "\"a\":{\"c\":null,\"d\":true}}");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        allocation_fail_at(n);
        int result = cg_canon(value, &text, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 4 || !allocation_can_fail());
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(text.size, 0);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind_of_value),
        cmocka_unit_test(escapes_only_what_it_must),
        cmocka_unit_test(sorts_names_by_utf16_code_units),
        cmocka_unit_test(writes_numbers_as_ecmascript_does),
        cmocka_unit_test(has_no_text_for_what_is_no_number),
        cmocka_unit_test(writes_only_integers_that_doubles_hold),
        cmocka_unit_test(keeps_the_limit_of_depth_and_what_was_there),
        cmocka_unit_test_setup_teardown(writes_a_point_in_every_locale, scratch_create, scratch_remove),
        cmocka_unit_test(is_stable),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
