/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/printable.h"

#include <stdio.h>

static void assert_shown(const char *text, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes out = {0};
    assert_int_equal(cg_printable_append(&out, text, &err), 0);
    assert_string_equal(cg_bytes_text(&out), expected);
}

static void leaves_what_people_read(void **state)
{
    (void)state;
    assert_shown("", "");
    assert_shown("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 ~ \\u001b",
                 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 ~ \\u001b");
}

static void shows_what_would_drive_a_terminal(void **state)
{
    (void)state;
    assert_shown("\x1b[2Jgone", "\\u001b[2Jgone");
    assert_shown("a\rb\nc\td\x7f", "a\\u000db\\u000ac\\u0009d\\u007f");
    assert_shown("\xc2\x9b"
                 "1m",
                 "\\u009b1m");
    assert_shown("moc.\xe2\x80\xae"
                 "evil",
                 "moc.\\u202eevil");
    assert_shown("\xf3\xa0\x80\x81", "\\ue0001");
}

/* The first and last character of each range and its neighbours that are shown. */
static void knows_the_edges(void **state)
{
    (void)state;
    assert_shown("\x1f ", "\\u001f ");
    assert_shown("~\x7f\xc2\x9f\xc2\xa0", "~\\u007f\\u009f\xc2\xa0");
    assert_shown("\xe2\x80\x8a\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\x90", "\xe2\x80\x8a\\u200b\\u200f\xe2\x80\x90");
    assert_shown("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf", "\xe2\x80\xa7\\u2028\\u202e\xe2\x80\xaf");
}

static void shows_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_shown("a\xff"
                 "b\xc3",
                 "a\\xffb\\xc3");
    assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

/* Property: of whatever bytes, what is shown has no control byte. */
static void never_lets_a_control_byte_through(void **state)
{
    (void)state;
    for (unsigned first = 1; first < 256; first++)
        for (unsigned second = 1; second < 256; second++) {
            struct cg_error err = {0};
            CG_AUTO_BYTES struct cg_bytes out = {0};
            char text[] = {(char)first, (char)second, '\0'};
            assert_int_equal(cg_printable_append(&out, text, &err), 0);
            for (size_t i = 0; i < out.size; i++)
                assert_true((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
        }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes out = {0};
        allocation_fail_at(n);
        int result =
            cg_printable_append(&out, "plain \x1b \xff text that is longer than the first allocation of bytes", &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            return;
        }
        assert_error(&err, CG_E_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_people_read),
        cmocka_unit_test(shows_what_would_drive_a_terminal),
        cmocka_unit_test(knows_the_edges),
        cmocka_unit_test(shows_bytes_that_are_not_utf8),
        cmocka_unit_test(never_lets_a_control_byte_through),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
