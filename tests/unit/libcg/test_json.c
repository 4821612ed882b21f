/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/json.h"

#include <float.h>
#include <stdio.h>

/* Reads a text of exactly `size` bytes on the heap, so that the sanitizer sees a read beyond it. */
static json_t *read_bytes(const char *bytes, size_t size, struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_FREE char *text = malloc(size > 0 ? size : 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    return cg_json_read(text, size, report, err);
}

static json_t *read_good(const char *text)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    json_t *value = read_bytes(text, strlen(text), report, &err);
    assert_string_equal(err.message, "");
    assert_non_null(value);
    assert_int_equal(cg_report_size(report), 0);
    return value;
}

/* The text is no JSON: this message, and one finding of this rule, pointer, line and column. */
static void assert_refused(const char *bytes, size_t size, enum cg_code code, const char *message, const char *pointer,
                           size_t line, size_t column)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    assert_null(read_bytes(bytes, size, report, &err));
    assert_error(&err, code, message);
    assert_int_equal(cg_report_size(report), 1);
    const struct cg_finding *finding = cg_report_get(report, 0);
    assert_string_equal(finding->rule, code == CG_E_LIMIT ? "json.limit" : "json.syntax");
    assert_int_equal(finding->level, CG_LEVEL_ERROR);
    assert_string_equal(finding->pointer, pointer);
    assert_int_equal(finding->line, line);
    assert_int_equal(finding->column, column);
    assert_non_null(strstr(message, finding->message));
    assert_null(read_bytes(bytes, size, NULL, &err));
    assert_error(&err, code, message);
}

/* --- what is read --------------------------------------------------------------------------------------------------
 */

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *value = read_good(" {\"a\": [1, -2, 0, -0, 2.5, 1e2, 1E+2, 1.25e-2],\r\n"
                                           "\t\"b\": [true, false, null], \"c\": {}, \"d\": [], \"e\": \"\"} ");
    CG_AUTO_JSON json_t *expected = json_pack("{s:[i,i,i,i,f,f,f,f], s:[b,b,n], s:{}, s:[], s:s}", "a", 1, -2, 0, 0,
                                              2.5, 100.0, 100.0, 0.0125, "b", 1, 0, "c", "d", "e", "");
    assert_non_null(expected);
    assert_true(json_equal(value, expected));
}

static void reads_a_scalar_as_a_whole_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "true", "false", "7", "-0.5", "\"x\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CG_AUTO_JSON json_t *value = read_good(texts[i]);
        CG_AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY);
        assert_string_equal(text, texts[i]);
    }
}

static void resolves_escapes(void **state)
{
    (void)state;
    static const char expected[] = "a\"\\/\b\f\n\r\t\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf z";
    CG_AUTO_JSON json_t *value =
        read_good("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00E9\\u20ac\\ud83d\\ude00\\uDBFF\\uDFFF z\"");
    assert_int_equal(json_string_length(value), sizeof expected - 1);
    assert_memory_equal(json_string_value(value), expected, sizeof expected);
}

static void reads_names_with_nul_and_escapes(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *value = read_good("{\"a\\u0000b\": 1, \"a\": 2, \"\\u00e9\": {\"\\n\": \"\\n\"}, \"\": 3}");
    assert_int_equal(json_object_size(value), 4);
    assert_int_equal(json_integer_value(json_object_getn(value, "a\0b", 3)), 1);
    assert_int_equal(json_integer_value(json_object_get(value, "a")), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(value, "\xc3\xa9"), "\n")), "\n");
    assert_int_equal(json_integer_value(json_object_get(value, "")), 3);
}

/* A special byte at every distance from the start and the end, since strings are looked at eight bytes at once. */
static void finds_the_end_of_strings_of_every_length(void **state)
{
    (void)state;
    for (size_t length = 0; length < 40; length++) {
        for (size_t at = 0; at <= length; at++) {
            char text[64], expected[64];
            memset(expected, 'x', length);
            if (at < length)
                expected[at] = '\x7f';
            snprintf(text, sizeof text, "\"%.*s\"", (int)length, expected);
            CG_AUTO_JSON json_t *value = read_good(text);
            assert_int_equal(json_string_length(value), length);
            assert_memory_equal(json_string_value(value), expected, length);
            if (at == length)
                continue;
            struct cg_error err = {0};
            text[1 + at] = '\x1f';
            assert_null(read_bytes(text, length + 2, NULL, &err));
            assert_error_has(&err, CG_E_SYNTAX, "control character 0x1f in a string, expected an escape");
        }
    }
}

static void keeps_members_in_the_order_of_the_text(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *value = read_good("{\"z\":1,\"a\":2,\"m\":3}");
    CG_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT);
    assert_string_equal(text, "{\"z\":1,\"a\":2,\"m\":3}");
}

/* --- what is no JSON -----------------------------------------------------------------------------------------------
 */

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message, *pointer;
        size_t line, column;
    } cases[] = {
        {"", "the text ends too early, expected a value", "", 1, 1},
        {" \n ", "the text ends too early, expected a value", "", 2, 2},
        {"\xef\xbb\xbf{}", "a byte order mark, expected UTF-8 without one", "", 1, 1},
        {"\xef\xbb\xbf", "a byte order mark, expected UTF-8 without one", "", 1, 1},
        {"\xff\xfe", "the byte order mark of UTF-16, expected UTF-8 without one", "", 1, 1},
        {"\xff\xfe[", "the byte order mark of UTF-16, expected UTF-8 without one", "", 1, 1},
        {"\xfe\xff[", "the byte order mark of UTF-16, expected UTF-8 without one", "", 1, 1},
        {"{}x", "unexpected 'x', expected the end of the text", "", 1, 3},
        {"[1]\n\n ,", "unexpected ',', expected the end of the text", "", 3, 2},
        {"tru", "the text ends too early, expected true", "", 1, 4},
        {"[fALSE]", "unexpected 'A', expected false", "/0", 1, 3},
        {"nil", "unexpected 'i', expected null", "", 1, 2},
        {"[NaN]", "unexpected 'N', expected a value; JSON has no NaN and no Infinity", "/0", 1, 2},
        {"Infinity", "unexpected 'I', expected a value; JSON has no NaN and no Infinity", "", 1, 1},
        {"-Infinity", "unexpected 'I', expected a digit", "", 1, 2},
        {"'a'", "unexpected ''', expected a value", "", 1, 1},
        {"[1,]", "unexpected ']', expected a value", "/1", 1, 4},
        {"[1 2]", "unexpected '2', expected \",\" or \"]\"", "/0", 1, 4},
        {"[1", "the text ends too early, expected \",\" or \"]\"", "/0", 1, 3},
        {"{1:2}", "unexpected '1', expected a name in double quotes", "", 1, 2},
        {"{\"a\":1,}", "unexpected '}', expected a name in double quotes", "", 1, 8},
        {"{\"a\" 1}", "unexpected '1', expected \":\"", "/a", 1, 6},
        {"{\"a\":}", "unexpected '}', expected a value", "/a", 1, 6},
        {"{\"a\":1]", "unexpected ']', expected \",\" or \"}\"", "/a", 1, 7},
        {"{\"a/~\":\n[0,\n{\"b\":[+1]}]}", "unexpected '+', expected a value", "/a~1~0/1/b/0", 3, 7},
        {"[\x01]", "unexpected byte 0x01, expected a value", "/0", 1, 2},
        {"[\xc3\xa9]", "unexpected byte 0xc3, expected a value", "/0", 1, 2},
        {"01", "a number with a leading zero, expected no 0 before other digits", "", 1, 1},
        {"-01", "a number with a leading zero, expected no 0 before other digits", "", 1, 2},
        {"[- 1]", "unexpected ' ', expected a digit", "/0", 1, 3},
        {"-", "the text ends too early, expected a digit", "", 1, 2},
        {"1.", "the text ends too early, expected a digit", "", 1, 3},
        {"[1.e2]", "unexpected 'e', expected a digit", "/0", 1, 4},
        {"[1e]", "unexpected ']', expected a digit", "/0", 1, 4},
        {"[1e+]", "unexpected ']', expected a digit", "/0", 1, 5},
        {".5", "unexpected '.', expected a value", "", 1, 1},
        {"0x1", "unexpected 'x', expected the end of the text", "", 1, 2},
        {"\"abc", "the text ends in a string, expected a closing \"", "", 1, 5},
        {"{\"a", "the text ends in a string, expected a closing \"", "", 1, 4},
        {"\"a\nb\"", "control character 0x0a in a string, expected an escape", "", 1, 3},
        {"\"\\x\"", "an escape that JSON does not know, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", "",
         1, 2},
        {"\"\\", "an escape that JSON does not know, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", "", 1,
         2},
        {"\"\\u12\"", "an incomplete escape, expected \\u and four hexadecimal digits", "", 1, 2},
        {"\"\\u12", "an incomplete escape, expected \\u and four hexadecimal digits", "", 1, 2},
        {"\"\\u12g4\"", "an incomplete escape, expected \\u and four hexadecimal digits", "", 1, 2},
        {"\"a\\ud83d\"", "\\ud83d is half of a surrogate pair, expected a pair like \\ud83d\\ude00", "", 1, 3},
        {"\"\\ude00\\ud83d\"", "\\ude00 is half of a surrogate pair, expected a pair like \\ud83d\\ude00", "", 1, 2},
        {"\"\\ud83d\\u0041\"", "\\ud83d is half of a surrogate pair, expected a pair like \\ud83d\\ude00", "", 1, 2},
        {"\"\\ud83dxude00\"", "\\ud83d is half of a surrogate pair, expected a pair like \\ud83d\\ude00", "", 1, 2},
        {"\"a\x80\"", "byte 0x80 begins no UTF-8 character, expected UTF-8", "", 1, 3},
        {"\"\xc3\"", "byte 0xc3 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xe2\x82", "byte 0xe2 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xc0\xaf\"", "byte 0xc0 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xe0\x9f\xbf\"", "byte 0xe0 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xf0\x8f\xbf\xbf\"", "byte 0xf0 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xed\xa0\x80\"", "byte 0xed begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xf4\x90\x80\x80\"", "byte 0xf4 begins no UTF-8 character, expected UTF-8", "", 1, 2},
        {"\"\xf8\x88\x80\x80\x80\"", "byte 0xf8 begins no UTF-8 character, expected UTF-8", "", 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[256];
        snprintf(message, sizeof message, "line %zu, column %zu: %s", cases[i].line, cases[i].column, cases[i].message);
        assert_refused(cases[i].text, strlen(cases[i].text), CG_E_SYNTAX, message, cases[i].pointer, cases[i].line,
                       cases[i].column);
    }
    assert_refused("7\0", 2, CG_E_SYNTAX, "line 1, column 2: unexpected byte 0x00, expected the end of the text", "", 1,
                   2);
    assert_refused("[\0]", 3, CG_E_SYNTAX, "line 1, column 2: unexpected byte 0x00, expected a value", "/0", 1, 2);
    assert_refused("\"\\\0\"", 4, CG_E_SYNTAX,
                   "line 1, column 2: an escape that JSON does not know, expected one of "
                   "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
                   "", 1, 2);
}

static void reads_the_outermost_characters(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x7f",         "\xc2\x80",         "\xdf\xbf", "\xe0\xa0\x80",     "\xed\x9f\xbf",   "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", " ",        "\xf4\x8f\xbf\xbf", "!\xc2\xa0#[\x5d"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[32];
        snprintf(text, sizeof text, "\"%s\"", texts[i]);
        CG_AUTO_JSON json_t *value = read_good(text);
        assert_string_equal(json_string_value(value), texts[i]);
    }
}

/* --- what is ambiguous ---------------------------------------------------------------------------------------------
 */

static void assert_finding(const struct cg_report *report, size_t i, const char *rule, const char *pointer,
                           const char *got, size_t line, size_t column)
{
    assert_true(i < cg_report_size(report));
    const struct cg_finding *finding = cg_report_get(report, i);
    assert_string_equal(finding->rule, rule);
    assert_string_equal(finding->pointer, pointer);
    assert_int_equal(finding->level, CG_LEVEL_ERROR);
    if (got)
        assert_string_equal(finding->got, got);
    else
        assert_null(finding->got);
    assert_int_equal(finding->line, line);
    assert_int_equal(finding->column, column);
}

static void reports_all_that_is_ambiguous_at_once(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": 1, \"b\": [1e400, {\"x\": 1, \"x\": 2}],\n"
                               " \"\\u0061\": 9007199254740992,\n"
                               " \"c\": -1e-400, \"b\": null}";
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *value = read_bytes(text, strlen(text), report, &err);
    assert_non_null(value);
    assert_int_equal(cg_report_size(report), 6);
    assert_finding(report, 0, "json.number-range", "/b/0", "1e400", 1, 16);
    assert_finding(report, 1, "json.duplicate-name", "/b/1/x", NULL, 1, 32);
    assert_finding(report, 2, "json.integer-range", "/a", "9007199254740992", 2, 12);
    assert_finding(report, 3, "json.duplicate-name", "/a", NULL, 2, 2);
    assert_finding(report, 4, "json.number-range", "/c", "-1e-400", 3, 7);
    assert_finding(report, 5, "json.duplicate-name", "/b", NULL, 3, 16);
    CG_AUTO_FREE char *read_as = json_dumps(value, JSON_COMPACT);
    assert_string_equal(read_as, "{\"a\":9007199254740992,\"b\":null,\"c\":-0.0}");

    assert_null(cg_json_read(text, strlen(text), NULL, &err));
    assert_error(&err, CG_E_SYNTAX,
                 "line 1, column 16: a number larger than any double, expected 0, or a magnitude from 5e-324 to "
                 "1.7976931348623157e+308");
}

static void tells_names_apart_by_their_value(void **state)
{
    (void)state;
    struct cg_error err = {0};
    static const char text[] = "{\"a\\u0000\": 1, \"a\": 2, \"A\": 3, \"a\\u0000\": 4}";
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *value = read_bytes(text, strlen(text), report, &err);
    assert_int_equal(json_object_size(value), 3);
    assert_int_equal(cg_report_size(report), 1);
    assert_finding(report, 0, "json.duplicate-name", "/a\\u0000", NULL, 1, 32);
    assert_int_equal(json_integer_value(json_object_getn(value, "a\0", 2)), 4);

    assert_null(cg_json_read("{\"a\":1,\n\"a\":1}", 14, NULL, &err));
    assert_error(&err, CG_E_SYNTAX,
                 "line 2, column 1: a name that stands twice in one object, expected each name once");
}

static void keeps_the_limits_of_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *rule; /* NULL: good */
        json_int_t integer;
        double real;
    } cases[] = {
        {"9007199254740990", NULL, 9007199254740990, 0},
        {"9007199254740991", NULL, 9007199254740991, 0},
        {"9007199254740992", "json.integer-range", 9007199254740992, 0},
        {"-9007199254740991", NULL, -9007199254740991, 0},
        {"-9007199254740992", "json.integer-range", -9007199254740992, 0},
        {"999999999999999999", "json.integer-range", 999999999999999999, 0},
        {"1000000000000000000", "json.integer-range", INT64_MAX, 0},
        {"-99999999999999999999999", "json.integer-range", -INT64_MAX, 0},
        {"1e300", NULL, 0, 1e300},
        {"9007199254740993.0", NULL, 0, 9007199254740992.0},
        {"1.7976931348623157e308", NULL, 0, DBL_MAX},
        {"1.7976931348623158e308", NULL, 0, DBL_MAX},
        {"1.7976931348623159e308", "json.number-range", 0, DBL_MAX},
        {"-1e999999999999999999", "json.number-range", 0, -DBL_MAX},
        {"5e-324", NULL, 0, 0x1p-1074},
        {"2e-324", "json.number-range", 0, 0},
        {"0.0000e-999", NULL, 0, 0},
        {"-0e99999", NULL, 0, -0.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        CG_AUTO_JSON json_t *value = read_bytes(cases[i].text, strlen(cases[i].text), report, &err);
        if (cases[i].rule)
            assert_finding(report, 0, cases[i].rule, "", cases[i].text, 1, 1);
        assert_int_equal(cg_report_size(report), cases[i].rule ? 1 : 0);
        assert_int_equal(json_is_integer(value), cases[i].integer != 0);
        assert_int_equal(json_integer_value(value), cases[i].integer);
        assert_true(json_real_value(value) == cases[i].real);
    }
}

/* --- as a whole ----------------------------------------------------------------------------------------------------
 */

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\n\": [1, 2.5, \"x\", \"\\t\", {}, null], \"b\": {\"c\": 99999999999999999999},\n"
                               "\"a\\n\": 1e999}";
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        CG_AUTO_JSON json_t *value = report ? cg_json_read(text, strlen(text), report, &err) : NULL;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(cg_report_size(report), 3);
            assert_true(n > 40 || !allocation_can_fail());
            return;
        }
        assert_null(value);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

static void survives_a_failed_allocation_while_it_refuses(void **state)
{
    (void)state;
    static const char text[] = "{\"a/\": [1, \"\\n\", x]}";
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        allocation_fail_at(n);
        assert_null(cg_json_read(text, strlen(text), report, &err));
        bool failed = allocation_failed();
        allocation_fail_at(0);
        assert_int_equal(err.code, failed ? CG_E_MEMORY : CG_E_SYNTAX);
        if (!failed)
            return;
    }
}

/* Property: what jansson writes is read as the same value, and a text cut short is never accepted. */
static void reads_what_jansson_writes(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *value =
        read_good("{\"components\": [{\"name\": \"caf\\u00e9 \\ud83d\\ude00\", \"epoch\": null, \"size\": 12345},"
                  " [1.5, -2e-9, true, [[]], {\"\": {}}]], \"\\\"\\\\\": \"\\u001f\"}");
    static const size_t styles[] = {JSON_COMPACT, JSON_INDENT(4), JSON_ENSURE_ASCII, JSON_SORT_KEYS};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_FREE char *text = json_dumps(value, styles[i]);
        CG_AUTO_JSON json_t *again = read_good(text);
        assert_true(json_equal(again, value));
        for (size_t size = 0; size < strlen(text); size++) {
            assert_null(read_bytes(text, size, NULL, &err));
            assert_int_equal(err.code, CG_E_SYNTAX);
            cg_error_clear(&err);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(reads_a_scalar_as_a_whole_text),
        cmocka_unit_test(resolves_escapes),
        cmocka_unit_test(reads_names_with_nul_and_escapes),
        cmocka_unit_test(finds_the_end_of_strings_of_every_length),
        cmocka_unit_test(keeps_members_in_the_order_of_the_text),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(reads_the_outermost_characters),
        cmocka_unit_test(reports_all_that_is_ambiguous_at_once),
        cmocka_unit_test(tells_names_apart_by_their_value),
        cmocka_unit_test(keeps_the_limits_of_numbers),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(survives_a_failed_allocation_while_it_refuses),
        cmocka_unit_test(reads_what_jansson_writes),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
