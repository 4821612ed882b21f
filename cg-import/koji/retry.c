/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/retry.h"
#include "base/clock.h"

#include <stdint.h>
#include <unistd.h>

/* The wait before the second repeat, ms; the first is a tenth of it: "at once", but not faster than a hub can fork. */
enum { FIRST_WAIT_MS = 1000, AT_ONCE_MS = 100 };
/* How often a stop is looked at while an earlier one is in force, which keeps stop_sleep from sleeping, or there are
 * two of them, ms. */
enum { LOOK_MS = 100 };
/* The longest Retry-After that is obeyed, seconds. */
enum { RETRY_AFTER_MAX_S = 600 };

enum stop_level koji_retry_next_level(const struct stop *stop)
{
    return stop_level(stop) == STOP_NONE ? STOP_SOON : STOP_NOW;
}

void koji_retry_init(struct koji_retry *retry, const struct koji_profile *profile, const struct stop *stop)
{
    unsigned most_ms = profile->retry_interval_s > 0 ? (unsigned)profile->retry_interval_s * 1000U : AT_ONCE_MS;
    unsigned first_ms = most_ms < FIRST_WAIT_MS ? most_ms : FIRST_WAIT_MS;
    *retry = (struct koji_retry){
        .profile = profile,
        .stop = stop,
        .give_up_at = koji_retry_next_level(stop),
    };
    /* Processes and threads started together differ in their id and stack. */
    backoff_init(&retry->backoff, first_ms, most_ms,
                 clock_monotonic_ms() ^ ((uint64_t)getpid() << 32) ^ (uint64_t)(uintptr_t)retry);
}

/* Sleeps; 1 as soon as the stop that ends this call is asked for. */
static int sleep_for(const struct koji_retry *retry, unsigned milliseconds)
{
    uint64_t end = clock_monotonic_ms() + milliseconds;
    for (;;) {
        if (stop_level(retry->stop) >= retry->give_up_at || stop_level(retry->sibling) != STOP_NONE)
            return 1;
        uint64_t now = clock_monotonic_ms();
        if (now >= end)
            return 0;
        unsigned left = (unsigned)(end - now);
        if (stop_level(retry->stop) == STOP_NONE && !retry->sibling)
            stop_sleep(retry->stop, left);
        else
            stop_sleep(NULL, left < LOOK_MS ? left : LOOK_MS);
    }
}

enum koji_retry_verdict koji_retry_wait(struct koji_retry *retry, unsigned least_s)
{
    retry->tries++;
    if (retry->profile->max_retries < 0 || retry->tries > (unsigned)retry->profile->max_retries)
        return KOJI_GIVE_UP;
    unsigned wait_ms = retry->tries == 1 ? AT_ONCE_MS : backoff_next(&retry->backoff);
    unsigned least_ms = (least_s < RETRY_AFTER_MAX_S ? least_s : RETRY_AFTER_MAX_S) * 1000U;
    return sleep_for(retry, wait_ms > least_ms ? wait_ms : least_ms) ? KOJI_STOPPED : KOJI_TRY_AGAIN;
}

enum koji_retry_verdict koji_retry_wait_offline(struct koji_retry *retry)
{
    int interval_s = retry->profile->offline_retry_interval_s;
    return sleep_for(retry, interval_s > 0 ? (unsigned)interval_s * 1000U : AT_ONCE_MS) ? KOJI_STOPPED : KOJI_TRY_AGAIN;
}
