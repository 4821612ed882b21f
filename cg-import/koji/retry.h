/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_RETRY_H
#define KOJI_RETRY_H

/*
 * When to try a call again, and when to give it up: the profile's max_retries and retry_interval, and a stop request.
 *
 * Implements koji/__init__.py _callMethod: the first repeat comes at once, later ones wait; here the waits grow up to
 * retry_interval instead of always taking it.
 */

#include "base/backoff.h"
#include "base/stop.h"
#include "koji/profile.h"

struct koji_retry {
    const struct koji_profile *profile; /* borrowed */
    const struct stop *stop;            /* borrowed, may be NULL */
    enum stop_level give_up_at;         /* a stop of this level ends the waiting */
    const struct stop *sibling;         /* borrowed, may be NULL: a stop of any level ends it too */
    unsigned tries;                     /* that failed so far */
    struct backoff backoff;
};

/* A stop asked for after this moment counts; one asked for before it is being answered by the very call. */
void koji_retry_init(struct koji_retry *retry, const struct koji_profile *profile, const struct stop *stop);

/* The stop level that ends a call begun now, if its outcome does not matter. */
enum stop_level koji_retry_next_level(const struct stop *stop);

enum koji_retry_verdict { KOJI_TRY_AGAIN, KOJI_GIVE_UP, KOJI_STOPPED };

/* Counts a failed try and waits, at least `least_s` seconds. KOJI_GIVE_UP without a wait once max_retries are used. */
enum koji_retry_verdict koji_retry_wait(struct koji_retry *retry, unsigned least_s);

/* Waits while the hub is offline; not counted (koji/__init__.py: "this isn't a typical error"). */
enum koji_retry_verdict koji_retry_wait_offline(struct koji_retry *retry);

#endif
