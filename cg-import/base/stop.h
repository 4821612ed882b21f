/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_STOP_H
#define BASE_STOP_H

/*
 * Asking work to stop, from a signal handler or another thread, and sleeping so that the request wakes the sleeper.
 *
 * The first request means "finish what cannot be undone, then stop"; the second "stop now". Whoever works looks at it
 * between steps and in the callbacks of a transfer. Not a thread cancellation.
 */

#include "cg/error.h"

#include <stdatomic.h>

enum stop_level {
    STOP_NONE = 0,
    STOP_SOON = 1, /* no new step; a running CGImport is waited for */
    STOP_NOW = 2,  /* leave even a call whose outcome is not known */
};

/* On the caller's memory, at one address while in use. */
struct stop {
    atomic_int level_;
    int pipe_[2]; /* readable once a stop is asked for */
};

/* 0, or -1 with CG_E_IO. */
int stop_init(struct stop *stop, struct cg_error *err);

/* Raises the level by one. Async-signal-safe. */
void stop_request(struct stop *stop);

/* NULL is allowed and means STOP_NONE. */
enum stop_level stop_level(const struct stop *stop);

/* Sleeps; returns 0 after the time, 1 as soon as a stop is asked for. NULL is allowed. */
int stop_sleep(const struct stop *stop, unsigned milliseconds);

/* A descriptor that is readable once a stop is asked for, to poll beside others; -1 for NULL, which poll() passes by.
 */
int stop_descriptor(const struct stop *stop);

void stop_finish(struct stop *stop);

#endif
