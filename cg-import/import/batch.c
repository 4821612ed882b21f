/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/batch.h"

#include "base/clock.h"
#include "cg/json.h"
#include "import/batch_ask.h"
#include "koji/session.h"

#include <pthread.h>
#include <string.h>

/* What the workers share. Everything below `lock` is read and written under it. */
struct crew {
    const struct koji_hub_lists *lists;
    const struct import_request *common;
    const struct stop *stop;
    struct import_batch *batch;
    const struct import_batch_notice *notices; /* one an item */
    import_batch_ended *ended;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* an item ended */
    size_t next;            /* to be taken */
    size_t ended_count;
    const char **busy_nvr; /* owned array: NVR that each worker is at, borrowed from the notices; NULL: none */
    size_t workers;
};

struct worker {
    struct crew *crew;
    size_t number;
    struct koji_session *session; /* the batch's for worker 0, a sub-session of it for each other */
    pthread_t thread;
};

/* Is the document's NVR being imported by another worker? Under the lock. */
static bool is_busy(const struct crew *crew, size_t self, const char *nvr)
{
    for (size_t i = 0; i < crew->workers; i++)
        if (i != self && crew->busy_nvr[i] && strcmp(crew->busy_nvr[i], nvr) == 0)
            return true;
    return false;
}

/* Two items of one NVR: the second waits for the first, and then finds what became of it. */
static void begin_nvr(struct worker *worker, const char *nvr)
{
    struct crew *crew = worker->crew;
    if (!nvr)
        return;
    pthread_mutex_lock(&crew->lock);
    while (is_busy(crew, worker->number, nvr))
        pthread_cond_wait(&crew->changed, &crew->lock);
    crew->busy_nvr[worker->number] = nvr;
    pthread_mutex_unlock(&crew->lock);
}

static void end_item(struct worker *worker, struct import_batch_item *item)
{
    struct crew *crew = worker->crew;
    pthread_mutex_lock(&crew->lock);
    crew->busy_nvr[worker->number] = NULL;
    crew->ended_count++;
    if (crew->ended)
        crew->ended(crew->context, item, crew->ended_count, crew->batch->count);
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

static void import_item(struct worker *worker, struct import_batch_item *item)
{
    struct crew *crew = worker->crew;
    uint64_t begun_ms = clock_monotonic_ms();
    CG_AUTO_BYTES struct cg_bytes text = {0};
    const struct import_batch_notice *notice = &crew->notices[item - crew->batch->items];
    begin_nvr(worker, notice->nvr);
    if (cg_json_load_file(item->metadata_path, &text, &item->error) == 0) {
        struct import_request request = *crew->common;
        request.metadata_name = item->metadata_path;
        request.text = cg_bytes_text(&text);
        request.text_size = text.size;
        request.directory = item->directory;
        request.foreknown = notice->foreknown;
        import_run(worker->session, crew->lists, &request, NULL, &item->result, &item->error);
    }
    item->seconds = (double)(clock_monotonic_ms() - begun_ms) / 1000.0;
    end_item(worker, item);
}

/* The next item, NULL when none is left or a stop was asked for. */
static struct import_batch_item *take(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    struct import_batch_item *item = NULL;
    if (crew->next < crew->batch->count && stop_level(crew->stop) == STOP_NONE)
        item = &crew->batch->items[crew->next++];
    pthread_mutex_unlock(&crew->lock);
    return item;
}

static void *run_worker(void *context)
{
    struct worker *worker = context;
    struct import_batch_item *item;
    while ((item = take(worker->crew)))
        import_item(worker, item);
    return NULL;
}

/*
 * Each worker is at work as soon as it has its sub-session; last, this thread becomes worker 0 over the session itself,
 * which nobody else uses any more. Where a sub-session or thread cannot be had, fewer do the work.
 */
static void run_workers(struct crew *crew, struct koji_session *session, struct worker *workers)
{
    size_t started = 1;
    for (; started < crew->workers; started++) {
        struct worker *worker = &workers[started];
        struct cg_error refused = {0};
        *worker = (struct worker){.crew = crew, .number = started};
        worker->session = koji_session_subsession(session, &refused);
        if (!worker->session || pthread_create(&worker->thread, NULL, run_worker, worker) != 0)
            break;
    }
    workers[0] = (struct worker){.crew = crew, .session = session};
    run_worker(&workers[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 1; i < crew->workers; i++)
        koji_session_destroy(workers[i].session);
}

/* 0 all ended well, 1 some did not, -1 interrupted before all were begun. */
static int sum_up(const struct crew *crew, struct cg_error *err)
{
    const struct import_batch *batch = crew->batch;
    if (crew->next < batch->count)
        return cg_fail(err, CG_E_INTERRUPTED, "interrupted: %zu of %zu builds were not begun",
                       batch->count - crew->next, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].error.code != CG_OK)
            return 1;
    return 0;
}

/* Marks what was never begun. */
static void mark_rest(struct crew *crew)
{
    for (size_t i = crew->next; i < crew->batch->count; i++)
        cg_fail(&crew->batch->items[i].error, CG_E_INTERRUPTED, "not begun");
}

int import_batch_run(struct koji_session *session, const struct koji_hub_lists *lists,
                     const struct import_request *common, unsigned workers, import_batch_ended *ended, void *context,
                     struct import_batch *batch, struct cg_error *err)
{
    size_t most = workers > 0 ? workers : IMPORT_WORKERS_DEFAULT;
    struct crew crew = {
        .lists = lists,
        .common = common,
        .stop = koji_session_options(session) ? koji_session_options(session)->stop : NULL,
        .batch = batch,
        .ended = ended,
        .context = context,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .workers = batch->count < most ? batch->count : most,
    };
    struct import_batch_notice *notices = import_batch_ask(session, batch, err);
    crew.notices = notices;
    crew.busy_nvr = calloc(crew.workers + 1, sizeof *crew.busy_nvr);
    struct worker *crewmen = calloc(crew.workers + 1, sizeof *crewmen);
    int result = 0;
    if (!notices || !crew.busy_nvr || !crewmen)
        result = cg_fail_memory(err);
    else if (crew.workers > 0) {
        run_workers(&crew, session, crewmen);
        mark_rest(&crew);
        result = sum_up(&crew, err);
    }
    free(crew.busy_nvr);
    free(crewmen);
    import_batch_notices_free(notices, batch->count);
    return result;
}
