/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread of the worker: claims, imports, writes down the end, until the worker drains. */
#include "import/worker_private.h"

#include "base/clock.h"

#include <stdio.h>

/* Longest sleep between two looks into the queue, and after a failed one, milliseconds. */
#define LOOK_MOST_MS 10000
#define LOOK_FAILED_MS 2000

/* Puts the job where the heartbeat sees it, with a stop that nobody asked for yet. */
static int take_up(struct worker_thread *thread, struct worker_job *job, struct cg_error *err)
{
    struct worker *worker = thread->worker;
    pthread_mutex_lock(&worker->lock);
    stop_finish(&thread->stop);
    int made = stop_init(&thread->stop, err);
    if (made == 0) {
        thread->job = job;
        if (stop_level(&worker->draining) != STOP_NONE || atomic_load(&job->canceled))
            worker_stop_job(thread, STOP_SOON);
    }
    pthread_mutex_unlock(&worker->lock);
    return made;
}

static void lay_down(struct worker_thread *thread)
{
    pthread_mutex_lock(&thread->worker->lock);
    thread->job = NULL;
    pthread_mutex_unlock(&thread->worker->lock);
}

static void work(struct worker_thread *thread, struct worker_job *job)
{
    CG_AUTO(import_result_finish) struct import_result result = {0};
    struct cg_error failure = {0};
    if (take_up(thread, job, &failure) == 0)
        worker_import(job, &result, &failure);
    worker_step_ended(job);
    worker_end(job, &result, &failure);
    lay_down(thread);
    /* What the database holds of the journal may name a call of this session: no other may follow it there, or its next
     * owner could not ask for it any more. */
    bool named = worker_record_calls(job) || job->store_failed;
    worker_session_after(thread, named ? CG_E_UNKNOWN : failure.code);
}

static void log_begun(const struct worker_job *job)
{
    const struct worker_options *options = &job->thread->worker->options;
    const struct store_import *import = &job->claim.import;
    char attempt[16];
    snprintf(attempt, sizeof attempt, "%u", import->attempts);
    log_line(options->log, LOG_INFO, "import began", "import", import->id, "request", import->request_id, "nvr",
             import->nvr, "hub", import->hub, "attempt", attempt, "replica", options->replica, NULL);
}

/* 1: worked at an import, 0: nothing was due, -1: the queue could not be asked. */
static int claim_and_work(struct worker_thread *thread, struct cg_error *err)
{
    const struct worker_options *options = &thread->worker->options;
    struct worker_job job = {.thread = thread};
    uint64_t asked_ms = clock_monotonic_ms();
    int claimed = store_claim_next(options->store, options->replica, options->lease_ms, &job.claim, err);
    if (claimed <= 0)
        return claimed;
    job.leased_until_ms = asked_ms + options->lease_ms;
    atomic_init(&job.canceled, job.claim.cancel_asked);
    job.record = json_is_null(job.claim.journal) ? NULL : json_incref(job.claim.journal);
    pthread_mutex_init(&job.telling, NULL);
    log_begun(&job);
    work(thread, &job);
    pthread_mutex_destroy(&job.telling);
    json_decref(job.record);
    store_claim_finish(&job.claim);
    return 1;
}

void *worker_thread_run(void *context)
{
    struct worker_thread *thread = context;
    const struct worker_options *options = &thread->worker->options;
    const struct stop *draining = &thread->worker->draining;
    while (stop_level(draining) == STOP_NONE) {
        struct cg_error err = {0};
        int worked = claim_and_work(thread, &err);
        if (worked == 0 && store_queue_wait(options->store, draining, LOOK_MOST_MS, &err) < 0)
            worked = -1;
        if (worked < 0) {
            log_error(options->log, &err, "cannot look for work", NULL);
            stop_sleep(draining, LOOK_FAILED_MS);
        }
    }
    worker_session_end(thread);
    return NULL;
}
