/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"

#include <assert.h>

static struct timespec read_clock(clockid_t which)
{
    struct timespec now = {0};
    int result = clock_gettime(which, &now);
    assert(result == 0); /* both clocks exist on every system that runs this */
    (void)result;
    return now;
}

uint64_t clock_monotonic_ms(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

double clock_epoch_seconds(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void clock_init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t by_monotonic;
    pthread_condattr_init(&by_monotonic);
    pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &by_monotonic);
    pthread_condattr_destroy(&by_monotonic);
}

struct timespec clock_after(unsigned milliseconds)
{
    struct timespec until = read_clock(CLOCK_MONOTONIC);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    return until;
}
