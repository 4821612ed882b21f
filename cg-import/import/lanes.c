/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/lanes.h"

#include "import/upload.h"
#include "koji/upload.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>

/* What the lanes share. Everything below `lock` is read and written under it. */
struct queue {
    struct import_work *work;
    const struct import_parcels *parcels;
    struct import_parcel **order; /* owned: those to send, biggest first */
    size_t count;
    pthread_mutex_t lock;
    size_t next;         /* of `order`, to be taken */
    uint64_t done_bytes; /* of all parcels, for the progress */
    struct cg_error failure;
    struct stop others; /* asked for when one failed: the rest need not be sent */
};

/* One thread's part. */
struct lane_work {
    struct queue *queue;
    struct koji_lane *lane; /* owned */
    pthread_t thread;
    uint64_t counted_bytes; /* of the file being sent, in done_bytes already */
};

static void report_progress(struct lane_work *lane, uint64_t file_bytes)
{
    struct queue *queue = lane->queue;
    const struct import_listener *listener = queue->work->listener;
    pthread_mutex_lock(&queue->lock);
    queue->done_bytes += file_bytes - lane->counted_bytes;
    lane->counted_bytes = file_bytes;
    if (listener->progress)
        listener->progress(listener->context, queue->done_bytes, queue->parcels->total_bytes);
    pthread_mutex_unlock(&queue->lock);
}

static void on_progress(void *context, uint64_t sent_bytes)
{
    report_progress(context, sent_bytes);
}

/* The next parcel, NULL when none is left or something failed. */
static struct import_parcel *take(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct import_parcel *parcel = NULL;
    if (queue->failure.code == CG_OK && queue->next < queue->count)
        parcel = queue->order[queue->next++];
    pthread_mutex_unlock(&queue->lock);
    return parcel;
}

static void fail(struct queue *queue, const struct cg_error *err)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->failure.code == CG_OK) {
        queue->failure = *err;
        stop_request(&queue->others);
    }
    pthread_mutex_unlock(&queue->lock);
}

/* Holds what arrived against the metadata, and writes down a large file. Under the lock. */
static int settle(struct queue *queue, struct import_parcel *parcel, const struct cg_digests *digests,
                  struct cg_error *err)
{
    if (import_parcel_judge(queue->work, parcel, digests, err) < 0)
        return -1;
    parcel->state = IMPORT_PARCEL_THERE;
    if (digests->size_bytes < IMPORT_JOURNAL_FILE_BYTES)
        return 0;
    return import_journal_file(queue->work->journal, parcel->path, digests->size_bytes, err);
}

static int send_parcel(struct lane_work *lane, struct import_parcel *parcel, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(parcel->local_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open", parcel->local_path);
    struct koji_upload upload = {
        .fd = fd,
        .local_name = parcel->local_path,
        .directory = parcel->hub_directory,
        .filename = parcel->filename,
        .size_bytes = parcel->output->size_bytes,
        .kinds = import_parcel_kinds(parcel),
        .resume_bytes = parcel->resume_bytes,
        .progress = on_progress,
        .progress_context = lane,
        .sibling = &lane->queue->others,
    };
    struct cg_digests digests = {0};
    uint64_t sent_bytes = 0;
    lane->counted_bytes = 0;
    int result = koji_lane_upload(lane->lane, &upload, &digests, &sent_bytes, err);

    struct queue *queue = lane->queue;
    pthread_mutex_lock(&queue->lock);
    queue->work->result->sent_bytes += sent_bytes;
    if (result == 0)
        result = settle(queue, parcel, &digests, err);
    pthread_mutex_unlock(&queue->lock);
    if (result == 0)
        report_progress(lane, parcel->output->size_bytes);
    return result;
}

static void *run_lane(void *context)
{
    struct lane_work *lane = context;
    struct import_parcel *parcel;
    while ((parcel = take(lane->queue))) {
        struct cg_error err = {0};
        if (import_may_go_on(lane->queue->work, "all files were sent", &err) < 0 || send_parcel(lane, parcel, &err) < 0)
            fail(lane->queue, &err);
    }
    return NULL;
}

static int bigger_first(const void *a, const void *b)
{
    uint64_t left = (*(struct import_parcel *const *)a)->output->size_bytes;
    uint64_t right = (*(struct import_parcel *const *)b)->output->size_bytes;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Puts the chosen parcels that wait in order; those that are there already count as done. */
static int fill_queue(struct queue *queue, struct import_parcels *parcels, enum import_lanes_choice choice,
                      struct cg_error *err)
{
    queue->order = calloc(parcels->count + 1, sizeof(struct import_parcel *));
    if (!queue->order)
        return cg_fail_memory(err);
    for (size_t i = 0; i < parcels->count; i++) {
        struct import_parcel *parcel = &parcels->items[i];
        if (parcel->state == IMPORT_PARCEL_THERE)
            queue->done_bytes += parcel->output->size_bytes;
        else if (choice == IMPORT_LANES_ALL || !parcel->small)
            queue->order[queue->count++] = parcel;
    }
    qsort(queue->order, queue->count, sizeof(struct import_parcel *), bigger_first);
    return 0;
}

/* Runs `count` lanes, the first in this thread and over the session's own connection; a lane whose thread cannot be
 * made leaves its work to the others. */
static int run_lanes(struct queue *queue, struct lane_work *lanes, size_t count, struct cg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        lanes[i].queue = queue;
        lanes[i].lane =
            i == 0 ? koji_lane_create_over(queue->work->session, err) : koji_lane_create(queue->work->session, err);
        if (!lanes[i].lane)
            return -1;
    }
    size_t started = 1;
    while (started < count && pthread_create(&lanes[started].thread, NULL, run_lane, &lanes[started]) == 0)
        started++;
    run_lane(&lanes[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(lanes[i].thread, NULL);
    return 0;
}

int import_lanes_send(struct import_work *work, struct import_parcels *parcels, enum import_lanes_choice choice,
                      struct cg_error *err)
{
    struct queue queue = {.work = work, .parcels = parcels, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (stop_init(&queue.others, err) < 0)
        return -1;
    int result = fill_queue(&queue, parcels, choice, err);
    size_t most = work->request->lanes > 0 ? work->request->lanes : IMPORT_LANES_DEFAULT;
    size_t count = queue.count < most ? queue.count : most;
    struct lane_work *lanes = calloc(count + 1, sizeof *lanes);
    if (!lanes)
        result = cg_fail_memory(err);
    else if (result == 0 && count > 0)
        result = run_lanes(&queue, lanes, count, err);
    for (size_t i = 0; lanes && i < count; i++)
        koji_lane_destroy(lanes[i].lane);
    free(lanes);
    free(queue.order);
    pthread_mutex_destroy(&queue.lock);
    stop_finish(&queue.others);
    if (result == 0 && queue.failure.code != CG_OK) {
        *err = queue.failure;
        return -1;
    }
    return result;
}
