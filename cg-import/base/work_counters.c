/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/work_counters.h"

#include <string.h>

const uint64_t work_bounds_ms[WORK_BOUNDS] = {100, 1000, 10000, 60000, 600000, 3600000};

void work_counters_init(struct work_counters *counters)
{
    *counters = (struct work_counters){0};
    pthread_mutex_init(&counters->lock, NULL);
}

void work_counters_finish(struct work_counters *counters)
{
    pthread_mutex_destroy(&counters->lock);
}

static struct work_step *find_step(struct work_totals *totals, const char *name)
{
    for (size_t i = 0; i < totals->step_count; i++)
        if (strcmp(totals->steps[i].name, name) == 0)
            return &totals->steps[i];
    if (totals->step_count == WORK_STEPS_MAX)
        return NULL;
    struct work_step *step = &totals->steps[totals->step_count++];
    step->name = name;
    return step;
}

void work_counters_step(struct work_counters *counters, const char *name, uint64_t duration_ms)
{
    if (!counters)
        return;
    size_t bucket = 0;
    while (bucket < WORK_BOUNDS && duration_ms > work_bounds_ms[bucket])
        bucket++;
    pthread_mutex_lock(&counters->lock);
    struct work_step *step = find_step(&counters->totals, name);
    if (step) {
        step->buckets[bucket]++;
        step->sum_ms += duration_ms;
    }
    pthread_mutex_unlock(&counters->lock);
}

/* The numbers of faults are the hub's choice: their places are limited. */
static struct work_failure *find_failure(struct work_totals *totals, enum cg_code code, int fault)
{
    for (size_t i = 0; i < totals->failure_count; i++)
        if (totals->failures[i].code == code && totals->failures[i].fault == fault)
            return &totals->failures[i];
    if (totals->failure_count == WORK_FAILURES_MAX)
        return NULL;
    struct work_failure *failure = &totals->failures[totals->failure_count++];
    *failure = (struct work_failure){.code = code, .fault = fault};
    return failure;
}

void work_counters_failure(struct work_counters *counters, const struct cg_error *failure)
{
    if (!counters)
        return;
    pthread_mutex_lock(&counters->lock);
    struct work_failure *found = find_failure(&counters->totals, failure->code, failure->fault);
    if (found)
        found->count++;
    pthread_mutex_unlock(&counters->lock);
}

void work_counters_sent(struct work_counters *counters, uint64_t bytes)
{
    if (!counters)
        return;
    pthread_mutex_lock(&counters->lock);
    counters->totals.sent_bytes += bytes;
    pthread_mutex_unlock(&counters->lock);
}

void work_counters_read(struct work_counters *counters, struct work_totals *totals)
{
    pthread_mutex_lock(&counters->lock);
    *totals = counters->totals;
    pthread_mutex_unlock(&counters->lock);
}
