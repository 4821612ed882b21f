/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/limits.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

struct limits_connection {
    int fd;
    enum limits_phase phase;
    uint64_t since_ms; /* of the phase, and in LIMITS_BODY of the window */
    uint64_t window_bytes;
    uint64_t working_since_ms; /* 0: no handler works on a piece of the body */
    bool shut;
    struct limits_connection *next, *previous;
};

struct caller_count {
    char *name; /* owned */
    unsigned requests;
    struct caller_count *next;
};

struct limits {
    struct intake_limits given;
    pthread_mutex_t lock;
    struct limits_connection *connections;
    size_t connection_count, shut_count; /* shut down: the library has not closed them yet */
    unsigned gave_way;                   /* since the last sweep */
    struct caller_count *callers;        /* with requests right now: few */
};

static unsigned or_default(unsigned given, unsigned standard)
{
    return given ? given : standard;
}

struct limits *limits_create(const struct intake_limits *given, struct cg_error *err)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits) {
        cg_fail_memory(err);
        return NULL;
    }
    limits->given = (struct intake_limits){
        .metadata_bytes = given->metadata_bytes ? given->metadata_bytes : UINT64_C(64) << 20,
        .output_bytes = given->output_bytes ? given->output_bytes : UINT64_C(1) << 40,
        .outputs = or_default(given->outputs, 10000),
        .connections = or_default(given->connections, 1000),
        .connections_per_caller = or_default(given->connections_per_caller, 64),
        .imports_per_caller = or_default(given->imports_per_caller, 1000),
        .header_seconds = or_default(given->header_seconds, 10),
        .idle_seconds = or_default(given->idle_seconds, 60),
        .rate_min = or_default(given->rate_min, 1024),
        .rate_seconds = or_default(given->rate_seconds, 10),
    };
    pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

const struct intake_limits *limits_given(const struct limits *limits)
{
    return &limits->given;
}

/* The library sees the end of the connection and closes it. */
static void shut_down(struct limits *limits, struct limits_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    connection->shut = true;
    limits->shut_count++;
}

static bool waits(const struct limits_connection *connection)
{
    return connection->phase == LIMITS_HEAD || connection->phase == LIMITS_NEXT;
}

static bool may_give_way(const struct limits *limits, const struct limits_connection *connection, uint64_t now_ms)
{
    return !connection->shut && waits(connection) &&
           (connection->phase == LIMITS_HEAD ||
            now_ms >= connection->since_ms + limits->given.header_seconds * UINT64_C(1000));
}

/* Shuts down the connection that has waited longest for a request. False: none does that may give way. */
static bool make_room(struct limits *limits, uint64_t now_ms)
{
    struct limits_connection *longest = NULL;
    for (struct limits_connection *connection = limits->connections; connection; connection = connection->next)
        if (may_give_way(limits, connection, now_ms) && (!longest || connection->since_ms <= longest->since_ms))
            longest = connection;
    if (!longest)
        return false;
    shut_down(limits, longest);
    limits->gave_way++;
    return true;
}

bool limits_admits(struct limits *limits, uint64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    /* What is shut down is gone in a moment; a library that does not keep up gets no more. */
    bool admits =
        limits->connection_count < 2 * (size_t)limits->given.connections &&
        (limits->connection_count - limits->shut_count < limits->given.connections || make_room(limits, now_ms));
    pthread_mutex_unlock(&limits->lock);
    return admits;
}

struct limits_connection *limits_opened(struct limits *limits, int fd, uint64_t now_ms)
{
    struct limits_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->fd = fd;
    connection->phase = LIMITS_HEAD;
    connection->since_ms = now_ms;
    pthread_mutex_lock(&limits->lock);
    connection->next = limits->connections;
    if (connection->next)
        connection->next->previous = connection;
    limits->connections = connection;
    limits->connection_count++;
    pthread_mutex_unlock(&limits->lock);
    return connection;
}

void limits_closed(struct limits *limits, struct limits_connection *connection)
{
    pthread_mutex_lock(&limits->lock);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        limits->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    limits->connection_count--;
    limits->shut_count -= connection->shut;
    pthread_mutex_unlock(&limits->lock);
    free(connection);
}

void limits_enter(struct limits *limits, struct limits_connection *connection, enum limits_phase phase, uint64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    connection->phase = phase;
    connection->since_ms = now_ms;
    connection->window_bytes = 0;
    connection->working_since_ms = 0;
    pthread_mutex_unlock(&limits->lock);
}

void limits_received(struct limits *limits, struct limits_connection *connection, size_t size, uint64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    connection->window_bytes += size;
    connection->working_since_ms = now_ms;
    pthread_mutex_unlock(&limits->lock);
}

void limits_worked(struct limits *limits, struct limits_connection *connection, uint64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    if (connection->working_since_ms)
        connection->since_ms += now_ms - connection->working_since_ms;
    connection->working_since_ms = 0;
    pthread_mutex_unlock(&limits->lock);
}

/* Is the window over and was too little sent in it? A window that was good begins anew. */
static bool too_slow(const struct intake_limits *given, struct limits_connection *connection, uint64_t now_ms)
{
    if (now_ms < connection->since_ms + given->rate_seconds * UINT64_C(1000))
        return false;
    if (connection->window_bytes < (uint64_t)given->rate_min * given->rate_seconds)
        return true;
    connection->since_ms = now_ms;
    connection->window_bytes = 0;
    return false;
}

static bool too_late(const struct intake_limits *given, struct limits_connection *connection, uint64_t now_ms)
{
    uint64_t spent = now_ms > connection->since_ms ? now_ms - connection->since_ms : 0;
    switch (connection->phase) {
    case LIMITS_HEAD:
        return spent > given->header_seconds * UINT64_C(1000);
    case LIMITS_NEXT:
        return spent > (given->idle_seconds + UINT64_C(1) * given->header_seconds) * 1000;
    case LIMITS_BODY:
        return !connection->working_since_ms && too_slow(given, connection, now_ms);
    case LIMITS_ANSWER:
        return spent > given->idle_seconds * UINT64_C(1000);
    case LIMITS_LINGER:
        return spent > LIMITS_LINGER_MS;
    case LIMITS_WORK:
        break;
    }
    return false;
}

unsigned limits_sweep(struct limits *limits, uint64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    unsigned count = limits->gave_way;
    limits->gave_way = 0;
    for (struct limits_connection *connection = limits->connections; connection; connection = connection->next) {
        if (connection->shut || !too_late(&limits->given, connection, now_ms))
            continue;
        shut_down(limits, connection);
        count++;
    }
    pthread_mutex_unlock(&limits->lock);
    return count;
}

size_t limits_connections(struct limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    size_t count = limits->connection_count;
    pthread_mutex_unlock(&limits->lock);
    return count;
}

bool limits_busy(struct limits *limits)
{
    bool busy = false;
    pthread_mutex_lock(&limits->lock);
    for (const struct limits_connection *connection = limits->connections; connection; connection = connection->next)
        busy = busy || !waits(connection);
    pthread_mutex_unlock(&limits->lock);
    return busy;
}

static struct caller_count **find_caller(struct limits *limits, const char *name)
{
    struct caller_count **at = &limits->callers;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static struct caller_count *add_caller(struct limits *limits, const char *name)
{
    struct caller_count *caller = calloc(1, sizeof *caller);
    char *copy = strdup(name);
    if (!caller || !copy) {
        free(caller);
        free(copy);
        return NULL;
    }
    *caller = (struct caller_count){.name = copy, .next = limits->callers};
    limits->callers = caller;
    return caller;
}

static int count_caller(struct limits *limits, const char *name, struct cg_error *err)
{
    struct caller_count *caller = *find_caller(limits, name);
    if (!caller)
        caller = add_caller(limits, name);
    if (!caller)
        return cg_fail_memory(err);
    if (caller->requests >= limits->given.connections_per_caller)
        return cg_fail(err, CG_E_BUSY, "%u requests of this caller are being served; at most %u are at once",
                       caller->requests, limits->given.connections_per_caller);
    caller->requests++;
    return 0;
}

int limits_caller_enter(struct limits *limits, const char *name, struct cg_error *err)
{
    pthread_mutex_lock(&limits->lock);
    int result = count_caller(limits, name, err);
    pthread_mutex_unlock(&limits->lock);
    return result;
}

void limits_caller_leave(struct limits *limits, const char *name)
{
    pthread_mutex_lock(&limits->lock);
    struct caller_count **at = find_caller(limits, name), *caller = *at;
    if (caller && --caller->requests == 0) {
        *at = caller->next;
        free(caller->name);
        free(caller);
    }
    pthread_mutex_unlock(&limits->lock);
}

void limits_destroy(struct limits *limits)
{
    if (!limits)
        return;
    for (struct caller_count *caller = limits->callers, *next; caller; caller = next) {
        next = caller->next;
        free(caller->name);
        free(caller);
    }
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}
