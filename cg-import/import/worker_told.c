/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps and progress of an import become its events; the decision of a release is read from them. */
#include "import/worker_private.h"

#include "base/clock.h"

#include <string.h>

/* Progress of a long upload is an event no more often than this, milliseconds. */
#define PROGRESS_MS 10000
/* Events read at once when looking for a decision. */
#define EVENTS_PAGE 200

static const char *step_name(enum import_step step)
{
    switch (step) {
    case IMPORT_STEP_CHECK:
        return "check";
    case IMPORT_STEP_ASK:
        return "ask";
    case IMPORT_STEP_RECOVER:
        return "recover";
    case IMPORT_STEP_UPLOAD:
        return "upload";
    case IMPORT_STEP_RESERVE:
        return "reserve";
    case IMPORT_STEP_IMPORT:
        return "import";
    case IMPORT_STEP_VERIFY:
        return "verify";
    case IMPORT_STEP_TAG:
        return "tag";
    }
    return "work";
}

/* An event for people: that it cannot be written does not stop the import, a lost lease does. `telling` is held. */
static void write_step(struct worker_job *job, const json_t *detail)
{
    const struct worker_options *options = &job->thread->worker->options;
    struct cg_error err = {0};
    if (atomic_load(&job->lost))
        return;
    job->told_ms = clock_monotonic_ms();
    if (store_claim_step(options->store, &job->claim, step_name(job->step), detail, &err) == 0)
        return;
    if (err.code == CG_E_CONFLICT)
        worker_lose(job);
    else
        log_error(options->log, &err, "cannot write the step down", "import", job->claim.import.id, NULL);
}

void worker_step_ended(struct worker_job *job)
{
    if (job->step_began_ms > 0)
        work_counters_step(job->thread->worker->options.counters, step_name(job->step),
                           clock_monotonic_ms() - job->step_began_ms);
    job->step_began_ms = 0;
}

static void step_began(void *context, enum import_step step, const char *detail)
{
    struct worker_job *job = context;
    /* Which host and file are the worker's own business. */
    (void)detail;
    worker_step_ended(job);
    pthread_mutex_lock(&job->telling);
    job->step = step;
    job->step_began_ms = clock_monotonic_ms();
    write_step(job, NULL);
    pthread_mutex_unlock(&job->telling);
}

static void moved_on(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct worker_job *job = context;
    if (pthread_mutex_trylock(&job->telling) != 0)
        return;
    if (job->step == IMPORT_STEP_UPLOAD && clock_monotonic_ms() - job->told_ms >= PROGRESS_MS) {
        CG_AUTO_JSON json_t *detail =
            json_pack("{s:I, s:I}", "done_bytes", (json_int_t)done_bytes, "total_bytes", (json_int_t)total_bytes);
        write_step(job, detail);
    }
    pthread_mutex_unlock(&job->telling);
}

static void noted(void *context, const char *line)
{
    const struct worker_job *job = context;
    log_line(job->thread->worker->options.log, LOG_INFO, line, "import", job->claim.import.id, "nvr",
             job->claim.import.nvr, NULL);
}

void worker_listener(struct worker_job *job, struct import_listener *listener)
{
    *listener = (struct import_listener){.step = step_began, .progress = moved_on, .note = noted, .context = job};
}

/* --- decisions -----------------------------------------------------------------------------------------------------
 */

static void decide(struct worker_job *job, const json_t *decision)
{
    static const struct {
        const char *action;
        enum worker_decision decision;
    } actions[] = {{"cure-stray", WORKER_DECIDED_CURE_STRAY},
                   {"forget", WORKER_DECIDED_FORGET},
                   {"mark-imported", WORKER_DECIDED_MARK_IMPORTED}};
    const char *action = json_string_value(json_object_get(decision, "action"));
    job->decision = WORKER_DECIDED_NOTHING;
    for (size_t i = 0; action && i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(action, actions[i].action) == 0)
            job->decision = actions[i].decision;
    job->decided_build_id = json_integer_value(json_object_get(decision, "build_id"));
}

/* A decision holds from the release until the import is held again or was carried out. */
static void follow(struct worker_job *job, const struct store_event *event)
{
    if (strcmp(event->type, "released") == 0)
        decide(job, event->detail);
    if (strcmp(event->type, "held") == 0 || strcmp(event->type, "retried") == 0)
        job->decision = WORKER_DECIDED_NOTHING;
}

int worker_read_decision(struct worker_job *job, struct cg_error *err)
{
    int64_t after = 0;
    size_t count = EVENTS_PAGE;
    while (count == EVENTS_PAGE) {
        struct store_event *events = NULL;
        if (store_event_list(job->thread->worker->options.store, job->claim.import.id, after, EVENTS_PAGE, &events,
                             &count, err) < 0) {
            job->store_failed = true;
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            follow(job, &events[i]);
            after = events[i].event_id;
        }
        store_events_free(events, count);
    }
    return 0;
}
