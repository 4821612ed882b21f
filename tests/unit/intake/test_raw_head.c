/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each release of the HTTP library leaves of a head; test_gate_wire sends heads through the one that is here. */
#include "unit.h"

#include "intake/gate.h"
#include "intake/raw_head.h"

#include <stdlib.h>
#include <string.h>

static void the_target_is_put_back(void **state)
{
    (void)state;
    static const char left[] = "GET\0/A\0 41\0HTTP/1.1\0\nHost\0a\0\n\r\n";
    const struct raw_head_target good = {left + 4, "/%41?x"}, elsewhere = {left + 5, "/%41?x"},
                                 too_long = {left + 4, left};
    char *copy;
    size_t size = sizeof left - 1;
    assert_non_null(copy = raw_head_copy(RAW_HEAD_CUT_VALUES, left, &good, &size));
    assert_int_equal(size, sizeof left - 1);
    assert_memory_equal(copy, "GET\0/%41?x\0HTTP/1.1\0\0Host\0a\0\0\0\0", size);
    free(copy);
    assert_non_null(copy = raw_head_copy(RAW_HEAD_CUT_LINES, left, &good, &size));
    assert_memory_equal(copy, "GET\0/%41?x\0HTTP/1.1\0\nHost\0a\0\n\r\n", size);
    free(copy);
    assert_non_null(copy = raw_head_copy(RAW_HEAD_CUT_VALUES, left, &elsewhere, &size));
    assert_int_equal(size, 0);
    free(copy);
    size = 7;
    assert_non_null(copy = raw_head_copy(RAW_HEAD_CUT_VALUES, left, &too_long, &size));
    assert_int_equal(size, 0);
    free(copy);
}

#define ROW(left, form)                                                                                                \
    {                                                                                                                  \
        left, form, sizeof(left) - 1, sizeof(form) - 1                                                                 \
    }

/* The copies end where their bytes end, so that the address sanitizer sees a byte too many. */
static void a_cut_head_is_mended(void **state)
{
    (void)state;
    static const struct {
        const char *left, *form;
        size_t left_size, form_size;
    } rows[] = {
        ROW("GET\0/\0HTTP/1.1\0\nHost\0 a\0\n\r\n", "GET\0/\0HTTP/1.1\0\0Host\0 a\0\0\0\0"),
        ROW("Host\0a\0\r\n\r\n", "Host\0a \0\0\0\0"),
        ROW("Host\0a\0 \t\r\n\r\n", "Host\0a  \t\0\0\0\0"),
        ROW("X\0\0\nY\0 b c\0\n\r\n", "X\0\0\0Y\0 b c\0\0\0\0"),
        ROW("X\0 \t\0\n\r\n", "X\0 \t\0\0\0\0"),
        ROW("\r\n", "\0\0"),
        ROW("\n", "\n"),
        ROW("X\0a\n", "X\0a\n"),
        ROW("X\0a", "X\0a"),
        ROW("", ""),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rows[i].left_size, rows[i].form_size);
        char *copy = malloc(rows[i].left_size + (rows[i].left_size == 0));
        memcpy(copy, rows[i].left, rows[i].left_size);
        raw_head_mend(copy, rows[i].left_size);
        assert_memory_equal(copy, rows[i].form, rows[i].form_size);
        free(copy);
    }
}

#define HEAD(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

/* Whatever a later release leaves: mended or not, a line end that is no CR LF does not pass the gate. */
static void what_was_not_cut_so_does_not_pass(void **state)
{
    (void)state;
    static const struct {
        const char *left;
        size_t size;
    } rows[] = {
        HEAD("GET\0/\0HTTP/1.1\0\nHost\0a\n\r\n"),
        HEAD("GET\0/\0HTTP/1.1\0\nHost\0a\0\nX\r\n\r\n"),
        HEAD("GET\0/\0HTTP/1.1\0\nHost\0a\0\n X\0\0\n\r\n"),
        HEAD("GET\0/\0HTTP/1.1\0\nHost\0a\0\n\n"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cg_error err = {0};
        struct gate_head head;
        unsigned status = 0;
        char *copy = malloc(rows[i].size);
        memcpy(copy, rows[i].left, rows[i].size);
        raw_head_mend(copy, rows[i].size);
        assert_int_equal(gate_read(copy, rows[i].size, &head, &status, &err), -1);
        assert_int_equal(status, 400);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_is_put_back),
        cmocka_unit_test(a_cut_head_is_mended),
        cmocka_unit_test(what_was_not_cut_so_does_not_pass),
    };
    return cmocka_run_group_tests_name("raw head", tests, NULL, NULL);
}
