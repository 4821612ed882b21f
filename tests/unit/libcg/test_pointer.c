/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/json.h"

static void follows_the_examples_of_rfc_6901(void **state)
{
    (void)state;
    /* RFC 6901 section 5. */
    CG_AUTO_JSON json_t *document =
        json_loads("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4,"
                   " \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}",
                   0, NULL);
    static const struct {
        const char *pointer;
        json_int_t value;
    } cases[] = {{"/", 0},     {"/a~1b", 1}, {"/c%d", 2}, {"/e^f", 3}, {"/g|h", 4},
                 {"/i\\j", 5}, {"/k\"l", 6}, {"/ ", 7},   {"/m~0n", 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = cg_pointer_get(document, cases[i].pointer);
        assert_true(json_is_integer(value));
        assert_int_equal(json_integer_value(value), cases[i].value);
    }
    assert_ptr_equal(cg_pointer_get(document, ""), document);
    assert_string_equal(json_string_value(cg_pointer_get(document, "/foo/0")), "bar");
    assert_string_equal(json_string_value(cg_pointer_get(document, "/foo/1")), "baz");
}

static void leads_nowhere_when_nothing_is_there(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = json_loads("{\"a\": [1, 2], \"b\": {\"~2\": 3, \"~\": 4}, \"c\": 5}", 0, NULL);
    static const char *const pointers[] = {
        "a",   "/x",    "/a/2", "/a/-",    "/a/01",  "/a/",  "/a/+1", "/a/1x", "/a/0/", "/c/0",
        "/c/", "/b/~2", "/b/~", "/b/~02x", "/b/~00", "/a//", "//a",   "/A",    "/a/00", "/a/18446744073709551616"};
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        if (cg_pointer_get(document, pointers[i]))
            fail_msg("%s leads somewhere", pointers[i]);
    assert_int_equal(json_integer_value(cg_pointer_get(document, "/b/~02")), 3);
    assert_int_equal(json_integer_value(cg_pointer_get(document, "/b/~0")), 4);
    assert_null(cg_pointer_get(NULL, ""));
}

static void is_built_step_by_step(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    cg_pointer_pop(&pointer, 0);
    assert_int_equal(cg_pointer_push_name(&pointer, "a/b~c", 5, &err), 0);
    size_t before = pointer.size;
    assert_int_equal(cg_pointer_push_index(&pointer, 17, &err), 0);
    assert_int_equal(cg_pointer_push_name(&pointer, "", 0, &err), 0);
    assert_string_equal(cg_bytes_text(&pointer), "/a~1b~0c/17/");
    cg_pointer_pop(&pointer, before);
    assert_string_equal(cg_bytes_text(&pointer), "/a~1b~0c");
    assert_int_equal(cg_pointer_push_name(&pointer, "x\0y", 3, &err), 0);
    assert_string_equal(cg_bytes_text(&pointer), "/a~1b~0c/x\\u0000y");
}

/* Property: the pointer that is built for a member leads to it. */
static void leads_to_what_it_was_built_for(void **state)
{
    (void)state;
    static const char *const names[] = {"", "~", "/", "~1", "~0", "a~b/c", "//", "0", "-", "\xc3\xa9\n"};
    CG_AUTO_JSON json_t *document = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_object_set_new(document, names[i], json_pack("[n,i]", (int)i));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes pointer = {0};
        assert_int_equal(cg_pointer_push_name(&pointer, names[i], strlen(names[i]), &err), 0);
        assert_int_equal(cg_pointer_push_index(&pointer, 1, &err), 0);
        json_t *value = cg_pointer_get(document, pointer.data);
        assert_true(json_is_integer(value));
        assert_int_equal(json_integer_value(value), (int)i);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    char name[200];
    memset(name, '~', sizeof name);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes pointer = {0};
        allocation_fail_at(n);
        int result = cg_pointer_push_index(&pointer, 1, &err);
        size_t before = pointer.size;
        if (result == 0)
            result = cg_pointer_push_name(&pointer, name, sizeof name, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(pointer.size, 3 + 2 * sizeof name);
            assert_true(n > 3 || !allocation_can_fail());
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(pointer.size, before);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_examples_of_rfc_6901),
        cmocka_unit_test(leads_nowhere_when_nothing_is_there),
        cmocka_unit_test(is_built_step_by_step),
        cmocka_unit_test(leads_to_what_it_was_built_for),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("pointer", tests, NULL, NULL);
}
