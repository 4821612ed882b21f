/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/idempotency.h"

#include "unit.h"

static void test_keys(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char key[IDEMPOTENCY_KEY_MAX + 1], value[300];
    assert_int_equal(idempotency_key(NULL, key, &err), 0);
    assert_int_equal(idempotency_key("8e03978e-40d5", key, &err), 1);
    assert_string_equal(key, "8e03978e-40d5");
    assert_int_equal(idempotency_key("\"8e03978e-40d5\"", key, &err), 1);
    assert_string_equal(key, "8e03978e-40d5");
    snprintf(value, sizeof value, "\"%0255d\"", 0);
    assert_int_equal(idempotency_key(value, key, &err), 1);
    assert_int_equal(strlen(key), 255);
    snprintf(value, sizeof value, "%0256d", 0);
    assert_int_equal(idempotency_key(value, key, &err), -1);
    assert_error(&err, CG_E_USAGE, "Idempotency-Key has 256 characters, expected 1 to 255");
    assert_int_equal(idempotency_key("\"\"", key, &err), -1);
    assert_error(&err, CG_E_USAGE, "Idempotency-Key has 0 characters, expected 1 to 255");
    static const char *const wrong[] = {"a b", "a\"b", "\"a", "a\\b", "\xc3\xa4", "a\x7f"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(idempotency_key(wrong[i], key, &err), -1);
        assert_error(&err, CG_E_USAGE, "Idempotency-Key has a character that is not visible ASCII");
    }
}

/* Any two requests that differ in anything but their files have different digests. */
static void test_requests_that_differ(void **state)
{
    (void)state;
    struct cg_error err = {0};
    static char a[] = "a", ab[] = "ab", b[] = "b";
    const struct posting_options options[] = {{0},
                                              {.hub = a},
                                              {.hub = ab},
                                              {.tag = a},
                                              {.hub = a, .tag = b},
                                              {.hub = ab, .tag = b},
                                              {.tag = ab},
                                              {.reference = a},
                                              {.reserve = true},
                                              {.draft = true},
                                              {.reserve = true, .draft = true},
                                              {.hub = b, .tag = a},
                                              {.hub = a, .reference = b}};
    enum { COUNT = sizeof options / sizeof options[0] };
    char sha256[COUNT][65];
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(idempotency_request(&options[i], "00", sha256[i], &err), 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(sha256[i], sha256[k]);
    }
    char again[65];
    assert_int_equal(idempotency_request(&options[4], "00", again, &err), 0);
    assert_string_equal(again, sha256[4]);
    assert_int_equal(idempotency_request(&options[4], "01", again, &err), 0);
    assert_string_not_equal(again, sha256[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_requests_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
