/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/worker_private.h"

#include "base/clock.h"

#include <string.h>

#define THREADS_DEFAULT 4
#define LEASE_DEFAULT_MS 30000
#define RETRY_FIRST_DEFAULT_MS 5000
#define RETRY_MOST_DEFAULT_MS 600000
#define GIVE_UP_DEFAULT_S 86400

/* Repeats of one call and the longest wait between them, seconds: a hub that is away for longer is the queue's to wait
 * for, whose circuit asks it with one import instead of all. */
#define CALL_RETRIES 3
#define CALL_RETRY_S 5

static void put_defaults(struct worker_options *options)
{
    if (options->threads == 0)
        options->threads = THREADS_DEFAULT;
    if (options->lease_ms == 0)
        options->lease_ms = LEASE_DEFAULT_MS;
    if (options->retry_first_ms == 0)
        options->retry_first_ms = RETRY_FIRST_DEFAULT_MS;
    if (options->retry_most_ms == 0)
        options->retry_most_ms = RETRY_MOST_DEFAULT_MS;
    if (options->give_up_s == 0)
        options->give_up_s = GIVE_UP_DEFAULT_S;
}

static int copy_profiles(struct worker *worker, struct cg_error *err)
{
    worker->profiles = calloc(worker->options.hub_count, sizeof *worker->profiles);
    if (worker->options.hub_count > 0 && !worker->profiles)
        return cg_fail_memory(err);
    for (size_t i = 0; i < worker->options.hub_count; i++) {
        struct koji_profile *profile = &worker->profiles[i];
        *profile = *worker->options.hubs[i].profile;
        if (profile->max_retries > CALL_RETRIES)
            profile->max_retries = CALL_RETRIES;
        if (profile->retry_interval_s > CALL_RETRY_S)
            profile->retry_interval_s = CALL_RETRY_S;
        profile->offline_retry = false;
    }
    return 0;
}

static void join(struct worker *worker)
{
    for (unsigned i = 0; i < worker->started; i++)
        pthread_join(worker->threads[i].id, NULL);
    stop_request(&worker->ended);
    pthread_join(worker->heartbeat, NULL);
}

static void destroy(struct worker *worker)
{
    for (unsigned i = 0; worker->threads && i < worker->options.threads; i++)
        stop_finish(&worker->threads[i].stop);
    worker_directory_close(worker);
    worker_log_stop(worker->log);
    stop_finish(&worker->draining);
    stop_finish(&worker->ended);
    pthread_mutex_destroy(&worker->lock);
    free(worker->threads);
    free(worker->profiles);
    free(worker);
}

static int keep_log(struct worker *worker, struct cg_error *err)
{
    worker->log = worker_log_start(worker->options.store, worker->options.log, err);
    if (!worker->log)
        return -1;
    worker->options.log = worker_log_branch(worker->log);
    return 0;
}

/* What has to be there before a thread runs. After a failure destroy() clears away what was made. */
static int prepare(struct worker *worker, struct cg_error *err)
{
    int stops = stop_init(&worker->draining, err);
    stops |= stop_init(&worker->ended, err);
    worker->threads = calloc(worker->options.threads, sizeof *worker->threads);
    if (!worker->threads)
        return cg_fail_memory(err);
    for (unsigned i = 0; i < worker->options.threads; i++) {
        worker->threads[i].worker = worker;
        stops |= stop_init(&worker->threads[i].stop, err);
    }
    if (stops < 0 || copy_profiles(worker, err) < 0 || worker_directory_open(worker, err) < 0)
        return -1;
    return keep_log(worker, err);
}

static int start_threads(struct worker *worker, struct cg_error *err)
{
    if (pthread_create(&worker->heartbeat, NULL, worker_heartbeat_run, worker) != 0)
        return cg_fail(err, CG_E_MEMORY, "cannot start the heartbeat thread");
    for (; worker->started < worker->options.threads; worker->started++) {
        struct worker_thread *thread = &worker->threads[worker->started];
        if (pthread_create(&thread->id, NULL, worker_thread_run, thread) == 0)
            continue;
        stop_request(&worker->draining);
        join(worker);
        return cg_fail(err, CG_E_MEMORY, "cannot start thread %u of the worker", worker->started + 1);
    }
    return 0;
}

struct worker *worker_start(const struct worker_options *options, struct cg_error *err)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        cg_fail_memory(err);
        return NULL;
    }
    worker->options = *options;
    worker->directory_lock = -1;
    put_defaults(&worker->options);
    pthread_mutex_init(&worker->lock, NULL);
    if (prepare(worker, err) < 0 || start_threads(worker, err) < 0) {
        destroy(worker);
        return NULL;
    }
    return worker;
}

void worker_drain(struct worker *worker)
{
    if (!worker)
        return;
    stop_request(&worker->draining);
    join(worker);
    destroy(worker);
}
