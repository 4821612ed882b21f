/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/parameter.h"

#include "unit.h"

static void assert_time(const char *text, double expected)
{
    struct cg_error err = {0};
    double seconds = -1;
    if (parameter_time("t", text, &seconds, &err) != 0)
        fail_msg("%s", err.message);
    assert_true(seconds > expected - 0.0005 && seconds < expected + 0.0005);
}

static void test_times(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:00Z", 0);
    assert_time("2000-02-29T12:34:56Z", 951827696);
    assert_time("2000-03-01T00:00:00Z", 951868800);
    assert_time("2023-11-14T22:13:20Z", 1700000000);
    assert_time("2023-11-14t23:13:20.25+01:00", 1700000000.25);
    assert_time("2023-11-14T23:13:20 01:00", 1700000000);
    assert_time("2023-11-14T21:43:20-00:30", 1700000000);
    assert_time("2100-03-01T00:00:00z", 4107542400);
    assert_time("9999-12-31T23:59:60Z", 253402300800);
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2023-11-14",
                                        "2023-11-14T22:13:20",
                                        "2023-11-14 22:13:20Z",
                                        "1969-12-31T23:59:59Z",
                                        "2023-00-14T22:13:20Z",
                                        "2023-13-14T22:13:20Z",
                                        "2023-02-29T22:13:20Z",
                                        "1900-02-29T22:13:20Z",
                                        "2023-11-31T22:13:20Z",
                                        "2023-11-14T24:00:00Z",
                                        "2023-11-14T22:60:20Z",
                                        "2023-11-14T22:13:61Z",
                                        "2023-11-14T22:13:20.Z",
                                        "2023-11-14T22:13:20+24:00",
                                        "2023-11-14T22:13:20+1:00",
                                        "2023-11-14T22:13:20+01:60",
                                        "2023-11-14T22:13:20Zx"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        double seconds;
        assert_int_equal(parameter_time("since", texts[i], &seconds, &err), -1);
        assert_error_has(&err, CG_E_USAGE, "expected a time like 2023-11-12T09:00:00Z");
    }
}

/* Property: what is written is read as the same millisecond, over four centuries and their leap days. */
static void test_times_are_written_as_they_are_read(void **state)
{
    (void)state;
    for (double seconds = 0.5; seconds < 12622780800.0; seconds += 86400 * 11.37) {
        char text[PARAMETER_TIME_SIZE];
        parameter_time_text(seconds, text);
        struct cg_error err = {0};
        double read;
        assert_int_equal(parameter_time("t", text, &read, &err), 0);
        assert_true(read > seconds - 0.0011 && read < seconds + 0.0011);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    struct cg_error err = {0};
    uint64_t number;
    assert_int_equal(parameter_number("n", "18446744073709551615", 0, UINT64_MAX, &number, &err), 0);
    assert_true(number == UINT64_MAX);
    static const char *const texts[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "1e2", "18446744073709551616", "99999999999999999999", "4", "11"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(parameter_number("n", texts[i], 5, 10, &number, &err), -1);
        assert_error_has(&err, CG_E_USAGE, "expected an integer from 5 to 10");
    }
    assert_int_equal(parameter_number("n", "5", 5, 10, &number, &err), 0);
    assert_int_equal(parameter_number("n", "10", 5, 10, &number, &err), 0);
    assert_true(number == 10);
}

static void test_flags(void **state)
{
    (void)state;
    struct cg_error err = {0};
    bool flag = false;
    assert_int_equal(parameter_flag("draft", "true", &flag, &err), 0);
    assert_true(flag);
    assert_int_equal(parameter_flag("draft", "false", &flag, &err), 0);
    assert_false(flag);
    assert_int_equal(parameter_flag("draft", "1", &flag, &err), -1);
    assert_error(&err, CG_E_USAGE, "draft is \"1\", expected true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),   cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_times_are_written_as_they_are_read),
        cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
