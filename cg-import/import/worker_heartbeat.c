/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's heartbeat: keeps the leases of all jobs, and passes on who is to stop. */
#include "import/worker_private.h"

#include "base/clock.h"

#include <string.h>

/* Beats in a lease: two may fail before it is lost. */
#define BEATS_IN_LEASE 3
/* How soon a drain or a lost lease is passed on, milliseconds. */
#define TICK_MS 200

void worker_stop_job(struct worker_thread *thread, enum stop_level level)
{
    while (stop_level(&thread->stop) < level)
        stop_request(&thread->stop);
}

void worker_lose(struct worker_job *job)
{
    struct worker *worker = job->thread->worker;
    if (atomic_exchange(&job->lost, true))
        return;
    log_line(worker->options.log, LOG_WARNING, "lease lost: leaving the import to its new owner", "import",
             job->claim.import.id, NULL);
    worker_stop_job(job->thread, STOP_NOW);
}

/* Is `thread` still at the claim that `beat` is a copy of? worker->lock is held. */
static bool still_at(const struct worker_thread *thread, const struct store_claim *beat)
{
    return thread->job && thread->job->claim.fence == beat->fence &&
           strcmp(thread->job->claim.import.id, beat->import.id) == 0;
}

/* Copies what a heartbeat needs. false: the thread is idle. */
static bool copy_claim(struct worker_thread *thread, struct store_claim *beat)
{
    struct worker *worker = thread->worker;
    pthread_mutex_lock(&worker->lock);
    const struct worker_job *job = thread->job;
    bool busy = job && !atomic_load(&job->lost);
    if (busy) {
        beat->fence = job->claim.fence;
        memcpy(beat->owner, job->claim.owner, sizeof beat->owner);
        memcpy(beat->import.id, job->claim.import.id, sizeof beat->import.id);
    }
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

/* Asks without the lock, then tells the job if it is the same still. */
static void beat(struct worker_thread *thread)
{
    struct worker *worker = thread->worker;
    struct store_claim claim = {0};
    struct cg_error err = {0};
    if (!copy_claim(thread, &claim))
        return;
    uint64_t asked_ms = clock_monotonic_ms();
    int ours = store_claim_heartbeat(worker->options.store, &claim, worker->options.lease_ms, &err);
    if (ours < 0)
        log_error(worker->options.log, &err, "cannot extend the lease", "import", claim.import.id, NULL);
    pthread_mutex_lock(&worker->lock);
    if (still_at(thread, &claim)) {
        if (ours == 1)
            thread->job->leased_until_ms = asked_ms + worker->options.lease_ms;
        if (ours == 0 || clock_monotonic_ms() >= thread->job->leased_until_ms)
            worker_lose(thread->job);
        if (ours == 1 && claim.cancel_asked && !atomic_exchange(&thread->job->canceled, true))
            worker_stop_job(thread, STOP_SOON);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* A drain stops jobs soon, the daemon's second signal now. */
static void pass_on_stops(struct worker *worker)
{
    if (stop_level(&worker->draining) == STOP_NONE)
        return;
    enum stop_level level = stop_level(worker->options.stop) == STOP_NOW ? STOP_NOW : STOP_SOON;
    pthread_mutex_lock(&worker->lock);
    for (unsigned i = 0; i < worker->options.threads; i++)
        if (worker->threads[i].job)
            worker_stop_job(&worker->threads[i], level);
    pthread_mutex_unlock(&worker->lock);
}

void *worker_heartbeat_run(void *context)
{
    struct worker *worker = context;
    uint64_t next_ms = 0;
    while (stop_sleep(&worker->ended, TICK_MS) == 0) {
        pass_on_stops(worker);
        if (clock_monotonic_ms() < next_ms)
            continue;
        next_ms = clock_monotonic_ms() + worker->options.lease_ms / BEATS_IN_LEASE;
        for (unsigned i = 0; i < worker->options.threads; i++)
            beat(&worker->threads[i]);
    }
    return NULL;
}
