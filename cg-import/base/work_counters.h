/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_WORK_COUNTERS_H
#define BASE_WORK_COUNTERS_H

/*
 * What the worker of this process did since its start, for /metrics: durations by step, failures of hubs by code, bytes
 * sent. The worker counts and the HTTP face tells, and neither knows the other.
 *
 * Safe for all threads; counting takes a lock for some nanoseconds. Not a log: what happened to one import is in its
 * events.
 */

#include "cg/error.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define WORK_STEPS_MAX 16
#define WORK_FAILURES_MAX 64
#define WORK_BOUNDS 6

/* Upper bounds of the histogram, milliseconds. */
extern const uint64_t work_bounds_ms[WORK_BOUNDS];

struct work_step {
    const char *name;
    uint64_t buckets[WORK_BOUNDS + 1]; /* each without those before it; the last is what is over all bounds */
    uint64_t sum_ms;
};

struct work_failure {
    enum cg_code code;
    int fault; /* of the hub's XML-RPC answer, 0 if there was none */
    uint64_t count;
};

struct work_totals {
    struct work_step steps[WORK_STEPS_MAX];
    size_t step_count;
    struct work_failure failures[WORK_FAILURES_MAX];
    size_t failure_count;
    uint64_t sent_bytes;
};

struct work_counters {
    pthread_mutex_t lock;
    struct work_totals totals;
};

void work_counters_init(struct work_counters *counters);
void work_counters_finish(struct work_counters *counters);

/* A step ended. `name` is a string constant; of more than WORK_STEPS_MAX names the later ones are not counted. NULL
 * counters are allowed here and below, and count nothing. */
void work_counters_step(struct work_counters *counters, const char *name, uint64_t duration_ms);

/* A hub failed or refused. Of more than WORK_FAILURES_MAX pairs of code and fault the later ones are not counted. */
void work_counters_failure(struct work_counters *counters, const struct cg_error *failure);

/* Bytes of outputs went to a hub. */
void work_counters_sent(struct work_counters *counters, uint64_t bytes);

/* All of it as it is now. */
void work_counters_read(struct work_counters *counters, struct work_totals *totals);

#endif
