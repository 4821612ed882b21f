/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>

static void never_goes_back(void **state)
{
    (void)state;
    uint64_t last = clock_monotonic_ms();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_monotonic_ms();
        assert_true(now >= last);
        last = now;
    }
}

static void counts_milliseconds(void **state)
{
    (void)state;
    uint64_t before = clock_monotonic_ms();
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    assert_true(clock_monotonic_ms() - before >= 19);
}

static void knows_the_date(void **state)
{
    (void)state;
    double before = (double)time(NULL);
    double now = clock_epoch_seconds();
    double after = (double)time(NULL) + 1;
    /* time() may read a coarser clock that is some milliseconds behind. */
    assert_true(now >= before - 0.1);
    assert_true(now <= after + 0.1);
}

static void waits_for_a_condition_by_the_clock_that_never_jumps(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    clock_init_condition(&condition);
    uint64_t before = clock_monotonic_ms();
    /* Whatever the present fraction of a second, one of them goes beyond it. */
    for (unsigned milliseconds = 0; milliseconds < 2000; milliseconds += 250)
        assert_in_range(clock_after(milliseconds).tv_nsec, 0, 999999999);
    const struct timespec until = clock_after(1050);
    pthread_mutex_lock(&lock);
    for (int waited = 0; waited != ETIMEDOUT;)
        waited = pthread_cond_timedwait(&condition, &lock, &until);
    pthread_mutex_unlock(&lock);
    assert_true(clock_monotonic_ms() - before >= 1049);
    pthread_cond_destroy(&condition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(counts_milliseconds),
        cmocka_unit_test(knows_the_date),
        cmocka_unit_test(waits_for_a_condition_by_the_clock_that_never_jumps),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
