/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_LIMITS_H
#define INTAKE_LIMITS_H

/*
 * How many connections there may be, in all and for one caller, and which are too slow to keep.
 *
 * The HTTP library knows an idle timeout only, which a sender of one byte a minute never meets. Here every connection
 * has a phase with a deadline, and in the phase of a body a minimum rate; a sweep shuts those down that miss theirs.
 * Time a handler spends is no fault of the sender and does not count. Time comes in from outside. Thread-safe.
 *
 * When all places are taken, the connection that has waited longest without a request gives way to a new one: a crowd
 * that only connects keeps nobody out who has something to ask. One that was answered before gives way only when it has
 * been idle for header_seconds.
 */

#include "cg/error.h"
#include "intake/server.h"

#define LIMITS_LINGER_MS 5000U /* for a refused sender to stop */

enum limits_phase {
    LIMITS_HEAD,   /* a new connection: header_seconds */
    LIMITS_NEXT,   /* kept for a next request, its head included: idle_seconds and header_seconds */
    LIMITS_BODY,   /* rate_min over each window of rate_seconds */
    LIMITS_WORK,   /* a handler is at it, or a stream waits: no limit */
    LIMITS_ANSWER, /* an answer is being taken: idle_seconds */
    LIMITS_LINGER, /* LIMITS_LINGER_MS */
};

struct limits;
struct limits_connection;

/* Zeroes in `given` mean what server.h says. NULL with CG_E_MEMORY. */
struct limits *limits_create(const struct intake_limits *given, struct cg_error *err);

/* With the zeroes filled in. */
const struct intake_limits *limits_given(const struct limits *limits);

/* May one more connection be accepted? Shuts one down that waits for a request where its place is needed; no when every
 * place has a request under way. */
bool limits_admits(struct limits *limits, uint64_t now_ms);

/* A connection on socket `fd`, which stays open until limits_closed(). NULL when out of memory. */
struct limits_connection *limits_opened(struct limits *limits, int fd, uint64_t now_ms);
void limits_closed(struct limits *limits, struct limits_connection *connection);

void limits_enter(struct limits *limits, struct limits_connection *connection, enum limits_phase phase,
                  uint64_t now_ms);

/* `size` bytes of a body came, and a handler works on them: the clock of the window stands until it is done. */
void limits_received(struct limits *limits, struct limits_connection *connection, size_t size, uint64_t now_ms);
void limits_worked(struct limits *limits, struct limits_connection *connection, uint64_t now_ms);

/* Shuts down the connections that miss their deadline or rate; how many, with those that gave way since the last sweep.
 */
unsigned limits_sweep(struct limits *limits, uint64_t now_ms);

size_t limits_connections(struct limits *limits);

/* Is a request under way on any connection? */
bool limits_busy(struct limits *limits);

/* One more request of this caller at the same time? 0, or -1 with CG_E_BUSY (429). Leave after it ended. */
int limits_caller_enter(struct limits *limits, const char *name, struct cg_error *err);
void limits_caller_leave(struct limits *limits, const char *name);

/* All connections are closed. NULL is allowed. */
void limits_destroy(struct limits *limits);

#endif
