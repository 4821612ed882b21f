/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/retry.h"
#include "unit.h"

static void test_tries_are_counted(void **state)
{
    (void)state;
    static const int limits[] = {-1, 0, 1, 3};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct koji_profile profile = {.max_retries = limits[i]};
        struct koji_retry retry;
        koji_retry_init(&retry, &profile, NULL);
        int again = 0;
        while (koji_retry_wait(&retry, 0) == KOJI_TRY_AGAIN)
            again++;
        assert_int_equal(again, limits[i] < 0 ? 0 : limits[i]);
    }
}

static void test_offline_is_not_counted(void **state)
{
    (void)state;
    const struct koji_profile profile = {.max_retries = 1};
    struct koji_retry retry;
    koji_retry_init(&retry, &profile, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(koji_retry_wait_offline(&retry), KOJI_TRY_AGAIN);
    assert_int_equal(koji_retry_wait(&retry, 0), KOJI_TRY_AGAIN);
    assert_int_equal(koji_retry_wait(&retry, 0), KOJI_GIVE_UP);
}

static void test_stops(void **state)
{
    (void)state;
    const struct koji_profile profile = {.max_retries = 9, .retry_interval_s = 3600, .offline_retry_interval_s = 3600};
    struct cg_error err = {0};
    struct stop stop;
    struct koji_retry before, after;
    assert_int_equal(stop_init(&stop, &err), 0);
    koji_retry_init(&before, &profile, &stop);
    assert_int_equal(koji_retry_next_level(&stop), STOP_SOON);
    stop_request(&stop);
    assert_int_equal(koji_retry_next_level(&stop), STOP_NOW);
    /* Begun before the stop: even an hour's wait ends at once, a Retry-After too. */
    assert_int_equal(koji_retry_wait(&before, 3600), KOJI_STOPPED);
    assert_int_equal(koji_retry_wait_offline(&before), KOJI_STOPPED);
    /* Begun after it, to clean up: goes on, until the second. */
    koji_retry_init(&after, &profile, &stop);
    assert_int_equal(koji_retry_wait(&after, 0), KOJI_TRY_AGAIN);
    stop_request(&stop);
    assert_int_equal(koji_retry_wait(&after, 0), KOJI_STOPPED);
    stop_finish(&stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries_are_counted),
        cmocka_unit_test(test_offline_is_not_counted),
        cmocka_unit_test(test_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
