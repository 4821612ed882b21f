/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/backoff.h"

#include <limits.h>

void backoff_init(struct backoff *backoff, unsigned first_ms, unsigned most_ms, uint64_t seed)
{
    *backoff = (struct backoff){.first_ms = first_ms, .most_ms = most_ms, .random_ = seed};
}

/* splitmix64 (Steele, Lea, Flood 2014): every seed, also 0, gives a good sequence. */
static uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15U;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
}

/* min(first_ms * 2^tries, most_ms), without overflow. */
static unsigned bound_of(const struct backoff *backoff)
{
    unsigned bound = backoff->first_ms;
    for (unsigned i = 0; i < backoff->tries && bound != 0 && bound < backoff->most_ms; i++)
        bound = bound > UINT_MAX / 2 ? UINT_MAX : bound * 2;
    return bound < backoff->most_ms ? bound : backoff->most_ms;
}

unsigned backoff_next(struct backoff *backoff)
{
    unsigned bound = bound_of(backoff);
    if (backoff->tries < UINT_MAX)
        backoff->tries++;
    unsigned lower = bound / 2;
    if (bound == lower)
        return bound;
    return lower + 1 + (unsigned)(next_random(&backoff->random_) % (bound - lower));
}
