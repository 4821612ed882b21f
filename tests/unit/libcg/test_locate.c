/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/json.h"

#include <stdio.h>

/* The text at `pointer`, or NULL; a failure ends the test. */
static const char *at(const char *text, const char *pointer, char found[200])
{
    struct cg_error err = {0};
    size_t start = 0;
    size_t end = 0;
    int result = cg_json_locate(text, strlen(text), pointer, &start, &end, &err);
    assert_string_equal(err.message, "");
    if (result == 0)
        return NULL;
    assert_int_equal(result, 1);
    snprintf(found, 200, "%.*s", (int)(end - start), text + start);
    return found;
}

static void finds_values_of_every_kind(void **state)
{
    (void)state;
    static const char text[] = " {\"build\" : {\"name\":\"a\\\"}b\", \"extra\":{\"x\":[1,[2,3],{}]} , \"n\": -1.5e3},\n"
                               "  \"t\":true, \"a/b~c\":null,\"\":[ ] }\n";
    char found[200];
    assert_string_equal(at(text, "/build/name", found), "\"a\\\"}b\"");
    assert_string_equal(at(text, "/build/extra", found), "{\"x\":[1,[2,3],{}]}");
    assert_string_equal(at(text, "/build/extra/x/1/0", found), "2");
    assert_string_equal(at(text, "/build/extra/x/2", found), "{}");
    assert_string_equal(at(text, "/build/n", found), "-1.5e3");
    assert_string_equal(at(text, "/t", found), "true");
    assert_string_equal(at(text, "/a~1b~0c", found), "null");
    assert_string_equal(at(text, "/", found), "[ ]");
    assert_string_equal(at("[7]", "", found), "[7]");
    assert_string_equal(at("  12 ", "", found), "12");
}

static void finds_nothing_where_there_is_nothing(void **state)
{
    (void)state;
    static const char *const none[] = {"/b",   "/a/0/x",        "/a/3",   "/a/00", "/a/-",
                                       "/a/x", "/a/9999999999", "/o/a/b", "//"};
    char found[200];
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(at("{\"a\":[1,2,3],\"o\":{\"a\":\"b\"}}", none[i], found));
    assert_null(at("{ }", "/a", found));
    assert_null(at("[ ]", "/0", found));
}

static void reads_names_as_json_does(void **state)
{
    (void)state;
    char found[200];
    assert_string_equal(at("{\"b\\u0075ild\":1,\"build2\":2}", "/build", found), "1");
    assert_string_equal(at("{\"a\":{\"build\":0},\"build\":1}", "/build", found), "1");
    assert_string_equal(at("{\"x\":\"build\",\"build\":1}", "/build", found), "1");
}

static void says_what_is_wrong_with_text_or_pointer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *pointer;
        const char *message;
    } cases[] = {
        {"{}", "a", "\"a\" is not the rest of a JSON pointer"},
        {"{}", "/~2", "\"/~2\" has a ~ that neither 0 nor 1 follows"},
        {"{\"a\"", "/a", "not a JSON text at byte 4"},
        {"{\"b\":1", "/a", "not a JSON text at byte 6"},
        {"{\"a\":[1", "/a", "not a JSON text at byte 7"},
        {"[1;", "/1", "not a JSON text at byte 3"},
        {"{\"a", "/a", "not a JSON text at byte 3"},
        {"", "", "not a JSON text at byte 0"},
        {"]", "", "not a JSON text at byte 0"},
        {"{\"\\q\":1}", "/a", "not a JSON string: \"\\q\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        size_t start;
        size_t end;
        assert_int_equal(cg_json_locate(cases[i].text, strlen(cases[i].text), cases[i].pointer, &start, &end, &err),
                         -1);
        assert_error(&err, CG_E_SYNTAX, cases[i].message);
    }
}

/* Property: what is found, read by itself, equals what is there in the whole. */
static void agrees_with_a_reader(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, {\"b\": \"]}\", \"c\": [[], {}]}, \"x,y\"], \"d\": {\"e\": {\"f\": 1.5}}}";
    static const char *const pointers[] = {"", "/a", "/a/0", "/a/1", "/a/1/b", "/a/1/c/1", "/a/2", "/d/e", "/d/e/f"};
    CG_AUTO_JSON json_t *document = json_loads(text, 0, NULL);
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        char found[200];
        const char *part = at(text, pointers[i], found);
        assert_non_null(part);
        CG_AUTO_JSON json_t *value = json_loads(part, JSON_DECODE_ANY, NULL);
        assert_true(json_equal(value, cg_pointer_get(document, pointers[i])));
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    static const char text[] = "{\"\\u0062\":1,\"a\":2}";
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        size_t start;
        size_t end;
        allocation_fail_at(n);
        int result = cg_json_locate(text, sizeof text - 1, "/a", &start, &end, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 1);
            return;
        }
        assert_int_equal(result, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_values_of_every_kind), cmocka_unit_test(finds_nothing_where_there_is_nothing),
        cmocka_unit_test(reads_names_as_json_does),   cmocka_unit_test(says_what_is_wrong_with_text_or_pointer),
        cmocka_unit_test(agrees_with_a_reader),       cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("locate", tests, NULL, NULL);
}
