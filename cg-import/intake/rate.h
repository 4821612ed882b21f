/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_RATE_H
#define INTAKE_RATE_H

/*
 * How often something was done of late, by address: for what anyone may try, and nobody often.
 *
 * Counts within windows of RATE_WINDOW_MS. Of more addresses than RATE_PLACES at once, those that came first are
 * forgotten. Time comes in from outside. Thread-safe.
 */

#include "cg/error.h"

#include <stdint.h>

#define RATE_WINDOW_MS 60000U
#define RATE_PLACES 1024U
#define RATE_PEER_SIZE 64 /* bytes of an address as text, with its NUL */

struct rate;

/* `most` times in a window. NULL with CG_E_MEMORY. */
struct rate *rate_create(unsigned most, struct cg_error *err);

/* May it be done once more from there? */
bool rate_admits(struct rate *rate, const char *peer, uint64_t now_ms);

/* It was done. */
void rate_count(struct rate *rate, const char *peer, uint64_t now_ms);

/* NULL is allowed. */
void rate_destroy(struct rate *rate);

#endif
