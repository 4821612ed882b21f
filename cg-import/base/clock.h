/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* The two clocks: one for durations, one for the date. */

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that never jumps (CLOCK_MONOTONIC). */
uint64_t clock_monotonic_ms(void);

/* Seconds since 1970 UTC (CLOCK_REALTIME), with fraction. */
double clock_epoch_seconds(void);

/*
 * A condition that is waited for by CLOCK_MONOTONIC, and the moment in so many milliseconds for
 * pthread_cond_timedwait() on it: setting the date makes no such wait longer or shorter.
 */
void clock_init_condition(pthread_cond_t *condition);
struct timespec clock_after(unsigned milliseconds);

#endif
