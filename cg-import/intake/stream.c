/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/stream.h"

#include "cg/bytes.h"

#include <pthread.h>
#include <string.h>

struct stream {
    struct streams *streams;
    const struct intake_stream *source; /* NULL once the first let go */
    void *state;
    void *connection;
    enum stream_comments comments;
    struct cg_bytes pending;
    size_t taken; /* of pending */
    bool over;    /* `next` has nothing more */
    bool asleep;  /* guarded by the lock of streams */
    uint64_t due_ms, spoke_ms;
    struct stream *next, *previous;
};

struct streams {
    struct stream_sleep sleep;
    pthread_mutex_t lock;
    struct stream *first;
    bool ending;
};

struct streams *streams_create(const struct stream_sleep *sleep, struct cg_error *err)
{
    struct streams *streams = calloc(1, sizeof *streams);
    if (!streams) {
        cg_fail_memory(err);
        return NULL;
    }
    streams->sleep = *sleep;
    pthread_mutex_init(&streams->lock, NULL);
    return streams;
}

static void wake_until(struct streams *streams, uint64_t now_ms)
{
    for (struct stream *stream = streams->first; stream; stream = stream->next)
        if (stream->asleep && stream->due_ms <= now_ms) {
            stream->asleep = false;
            streams->sleep.resume(stream->connection);
        }
}

void streams_wake(struct streams *streams, uint64_t now_ms)
{
    pthread_mutex_lock(&streams->lock);
    wake_until(streams, now_ms);
    pthread_mutex_unlock(&streams->lock);
}

void streams_end(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->ending = true;
    wake_until(streams, UINT64_MAX);
    pthread_mutex_unlock(&streams->lock);
}

void streams_destroy(struct streams *streams)
{
    if (!streams)
        return;
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

struct stream *stream_create(struct streams *streams, const struct intake_stream *source, void *state,
                             enum stream_comments comments, void *connection)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    *stream = (struct stream){
        .streams = streams, .source = source, .state = state, .comments = comments, .connection = connection};
    pthread_mutex_lock(&streams->lock);
    stream->next = streams->first;
    if (stream->next)
        stream->next->previous = stream;
    streams->first = stream;
    pthread_mutex_unlock(&streams->lock);
    return stream;
}

/* Asks the source, when its time has come: at once as long as it has something. */
static void refill(struct stream *stream, uint64_t now_ms)
{
    cg_bytes_clear(&stream->pending);
    stream->taken = 0;
    if (stream->over || !stream->source || now_ms < stream->due_ms)
        return;
    stream->over = stream->source->next(stream->state, &stream->pending) == 0;
    if (stream->pending.size == 0)
        stream->due_ms = now_ms + stream->source->poll_ms;
    if (stream->spoke_ms == 0)
        stream->spoke_ms = now_ms;
    if (stream->pending.size == 0 && stream->comments == STREAM_COMMENTS && !stream->over &&
        now_ms - stream->spoke_ms >= STREAM_QUIET_MS)
        cg_bytes_append_text(&stream->pending, ":\n\n", NULL);
}

/* Sleeps, unless the house is closing. */
static ssize_t go_to_sleep(struct stream *stream)
{
    struct streams *streams = stream->streams;
    ssize_t result = 0;
    pthread_mutex_lock(&streams->lock);
    if (streams->ending)
        result = -1;
    else {
        stream->asleep = true;
        streams->sleep.suspend(stream->connection);
    }
    pthread_mutex_unlock(&streams->lock);
    return result;
}

ssize_t stream_read(struct stream *stream, char *buffer, size_t size, uint64_t now_ms)
{
    if (stream->taken == stream->pending.size)
        refill(stream, now_ms);
    size_t left = stream->pending.size - stream->taken;
    if (left == 0)
        return stream->over || !stream->source ? -1 : go_to_sleep(stream);
    size_t given = left < size ? left : size;
    memcpy(buffer, stream->pending.data + stream->taken, given);
    stream->taken += given;
    stream->spoke_ms = now_ms;
    return (ssize_t)given;
}

/* The lock is held. */
static void take_out(struct streams *streams, struct stream *stream)
{
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        streams->first = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    stream->source = NULL;
}

void stream_let_go(struct stream *stream)
{
    struct streams *streams = stream->streams;
    pthread_mutex_lock(&streams->lock);
    bool is_first = stream->source != NULL;
    if (is_first)
        take_out(streams, stream);
    pthread_mutex_unlock(&streams->lock);
    if (is_first)
        return;
    cg_bytes_finish(&stream->pending);
    free(stream);
}
