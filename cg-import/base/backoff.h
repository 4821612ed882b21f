/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

/*
 * How long to wait before the next try: doubling from `first_ms` up to `most_ms`, each wait drawn from its upper half
 * so that many clients do not return together.
 */

#include <stdint.h>

struct backoff {
    unsigned first_ms;
    unsigned most_ms;
    unsigned tries;   /* waits handed out so far */
    uint64_t random_; /* state of the jitter */
};

/* `seed` makes the jitter; the same seed gives the same waits. */
void backoff_init(struct backoff *backoff, unsigned first_ms, unsigned most_ms, uint64_t seed);

/* The next wait, milliseconds, in (bound / 2, bound] where bound = min(first_ms * 2^tries, most_ms). */
unsigned backoff_next(struct backoff *backoff);

#endif
