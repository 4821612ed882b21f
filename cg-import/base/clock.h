/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* The two clocks: one for durations, one for the date. */

#include <stdint.h>

/* Milliseconds of a clock that never jumps (CLOCK_MONOTONIC). */
uint64_t clock_monotonic_ms(void);

/* Seconds since 1970 UTC (CLOCK_REALTIME), with fraction. */
double clock_epoch_seconds(void);

#endif
