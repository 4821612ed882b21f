/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

/* "Did you mean ...?": the name nearest to a mistyped one. */

#include <stddef.h>

/* Names longer than this are not compared. */
#define SUGGEST_LENGTH_MAX 40

/*
 * How many letters must be typed, left out, replaced or swapped with their neighbour to get from one to the other
 * (optimal string alignment distance); SUGGEST_LENGTH_MAX when one is too long to compare.
 */
size_t suggest_distance(const char *a, const char *b);

/* Keeps the nearest of the names it is shown, if it is near enough to be meant. Zero-initialise with `typed` set. */
struct suggestion {
    const char *typed; /* borrowed */
    const char *name;  /* borrowed, NULL while nothing near was shown */
    size_t distance;
};

void suggest_consider(struct suggestion *suggestion, const char *name);

#endif
