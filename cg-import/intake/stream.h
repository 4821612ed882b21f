/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_STREAM_H
#define INTAKE_STREAM_H

/*
 * Streams that wait: an answer that has nothing to say sleeps without a thread until its time has come.
 *
 * A room of sleepers with their times; what putting a connection to sleep and waking it means is the server's business.
 * Both happen under one lock, so no wake is lost. Thread-safe.
 */

#include "intake/request.h"

/* A stream that said nothing for this long sends an empty comment, so that a dead client is found out. */
#define STREAM_QUIET_MS 15000U

struct streams;

/* Puts the connection of a stream to sleep and wakes it. */
struct stream_sleep {
    void (*suspend)(void *connection);
    void (*resume)(void *connection);
};

struct stream;

/* NULL with CG_E_MEMORY. */
struct streams *streams_create(const struct stream_sleep *sleep, struct cg_error *err);

/* Wakes those whose time has come. */
void streams_wake(struct streams *streams, uint64_t now_ms);
/* Wakes all; from here on all of them end. */
void streams_end(struct streams *streams);
/* NULL is allowed. All streams were let go of. */
void streams_destroy(struct streams *streams);

/* `source` and `state` are borrowed for the stream's life; `comments` says whether the content type knows comments.
 * NULL when out of memory. */
enum stream_comments { STREAM_PLAIN, STREAM_COMMENTS };
struct stream *stream_create(struct streams *streams, const struct intake_stream *source, void *state,
                             enum stream_comments comments, void *connection);

/* Fills `buffer`: the number of bytes; 0 and the connection sleeps; -1 the stream is over. */
ssize_t stream_read(struct stream *stream, char *buffer, size_t size, uint64_t now_ms);

/*
 * Two hold a stream, its request and the library's response, and each lets go of it once: which of them ends first is
 * a matter of the library's release. From the first on `state` and connection are not used any more; the second frees.
 */
void stream_let_go(struct stream *stream);

#endif
