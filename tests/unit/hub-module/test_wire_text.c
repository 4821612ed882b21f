/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "logic/wire_text.h"

/* The text of a JSON string of these bytes. */
static void assert_wire(const char *string, size_t size, const char *expected)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    json_t *json CG_AUTO_JSON = json_stringn(string, size);
    assert_non_null(json);
    assert_int_equal(wire_text_append(&text, json, &err), 0);
    assert_string_equal(cg_bytes_text(&text), expected);
}

static void ordinary_text_stays(void **state)
{
    (void)state;
    assert_wire("a\"b\\c\n\t\r\xc3\xa9", 10, "\"a\\\"b\\\\c\\n\\t\\r\xc3\xa9\"");
    assert_wire("\\u001b", 6, "\"\\\\u001b\"");
    assert_wire(" \x7f\xc2\x80", 4, "\" \x7f\xc2\x80\"");
}

static void what_xml_cannot_carry_is_spelled_out(void **state)
{
    (void)state;
    assert_wire("\x1b[2J", 4, "\"\\\\u001B[2J\"");
    assert_wire("a\0b", 3, "\"a\\\\u0000b\"");
    assert_wire("\x1f\x01\b\f", 4, "\"\\\\u001F\\\\u0001\\\\b\\\\f\"");
    assert_wire("x\xef\xbf\xbey\xef\xbf\xbf\xef\xbf\xbd", 11, "\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_wire("\\\x1b", 2, "\"\\\\\\\\u001B\"");
}

static void assert_spelled(const char *json, const char *expected)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    assert_int_equal(wire_text_spell(&text, json, &err), 0);
    assert_string_equal(cg_bytes_text(&text), expected);
}

/* As Python's json.dumps and PostgreSQL write it: escapes for what jansson leaves in UTF-8. */
static void escapes_of_others_are_spelled_out_where_they_are_no_characters(void **state)
{
    (void)state;
    assert_spelled("\"\\ud83d\\ude00 \\u00e9 \\u0009\\u000A\\u000d\\u007f\\/\"",
                   "\"\\ud83d\\ude00 \\u00e9 \\u0009\\u000A\\u000d\\u007f\\/\"");
    assert_spelled("\"\\u0000\\u0008\\u001F\"", "\"\\\\u0000\\\\u0008\\\\u001F\"");
    assert_spelled("\"\\ud83d\"", "\"\\\\ud83d\"");
    assert_spelled("\"\\uD83Dx\\uDE00\"", "\"\\\\uD83Dx\\\\uDE00\"");
    assert_spelled("\"\\ud83d\\ud83d\\ude00\"", "\"\\\\ud83d\\ud83d\\ude00\"");
    assert_spelled("\"\\ufffe\\uFFFF\\ufffd\"", "\"\\\\ufffe\\\\uFFFF\\ufffd\"");
    assert_spelled("\"\\\\ud83d\"", "\"\\\\ud83d\"");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    json_t *json CG_AUTO_JSON = json_pack("{s:s}", "a", "b\x1b");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_bytes text CG_AUTO_BYTES = {0};
        allocation_fail_at(n);
        int status = wire_text_append(&text, json, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(status, 0);
            assert_string_equal(cg_bytes_text(&text), "{\"a\":\"b\\\\u001B\"}");
            return;
        }
        assert_int_equal(status, -1);
        assert_error(&err, CG_E_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_text_stays),
        cmocka_unit_test(what_xml_cannot_carry_is_spelled_out),
        cmocka_unit_test(escapes_of_others_are_spelled_out_where_they_are_no_characters),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
