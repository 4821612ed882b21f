/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: RTLD_NEXT. */
#define _GNU_SOURCE
/*
 * Preloaded into the service: kills it with SIGKILL at the n-th passing of a named point.
 *
 * CG_CRASH_AT=POINT:before|sent|after:N, POINT being a statement of the store ("set_journal", "set_imported", ...),
 * "COMMIT", or one of the functions "curl_easy_perform", "fsync", "rename", "renameat", "linkat". "sent" is for
 * statements: they are under way, and no answer was read. The service itself has no such code.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum phase { BEFORE, SENT, AFTER };

static char point[64];
static enum phase phase;
static atomic_long left;

__attribute__((constructor)) static void read_point(void)
{
    const char *text = getenv("CG_CRASH_AT");
    const char *end = text ? strchr(text, ':') : NULL;
    if (!end || (size_t)(end - text) >= sizeof point)
        return;
    memcpy(point, text, (size_t)(end - text));
    phase = strncmp(end, ":after", 6) == 0 ? AFTER : strncmp(end, ":sent", 5) == 0 ? SENT : BEFORE;
    atomic_store(&left, atol(strrchr(text, ':') + 1));
}

static void pass(const char *name, enum phase now)
{
    if (now == phase && name && strcmp(name, point) == 0 && atomic_fetch_sub(&left, 1) == 1)
        kill(getpid(), SIGKILL);
}

/* Defines `function` to call the next one of its name, passing the point called `name` before and after it. */
#define WRAP(result, function, name, parameters, arguments)                                                            \
    result function parameters;                                                                                        \
    result function parameters                                                                                         \
    {                                                                                                                  \
        result(*next) parameters;                                                                                      \
        *(void **)&next = dlsym(RTLD_NEXT, #function);                                                                 \
        pass(name, BEFORE);                                                                                            \
        result answer = next arguments;                                                                                \
        pass(name, AFTER);                                                                                             \
        return answer;                                                                                                 \
    }

WRAP(int, curl_easy_perform, "curl_easy_perform", (void *handle), (handle))

/* The statement whose answer this thread waits for. */
static _Thread_local char asked[64];

/* Defines `function`, which sends the statement called `name`; PQgetResult then passes it with its answer. */
#define WRAP_SENDING(function, name, parameters, arguments)                                                            \
    int function parameters;                                                                                           \
    int function parameters                                                                                            \
    {                                                                                                                  \
        int(*next) parameters;                                                                                         \
        *(void **)&next = dlsym(RTLD_NEXT, #function);                                                                 \
        pass(name, BEFORE);                                                                                            \
        int answer = next arguments;                                                                                   \
        strncpy(asked, name, sizeof asked - 1);                                                                        \
        pass(name, SENT);                                                                                              \
        return answer;                                                                                                 \
    }

WRAP_SENDING(PQsendQuery, query, (void *connection, const char *query), (connection, query))
WRAP_SENDING(PQsendQueryPrepared, name,
             (void *connection, const char *name, int count, const char *const *values, const int *lengths,
              const int *formats, int format),
             (connection, name, count, values, lengths, formats, format))

void *PQgetResult(void *connection);
void *PQgetResult(void *connection)
{
    void *(*next)(void *);
    *(void **)&next = dlsym(RTLD_NEXT, "PQgetResult");
    void *result = next(connection);
    pass(asked, AFTER);
    asked[0] = '\0';
    return result;
}

WRAP(int, fsync, "fsync", (int fd), (fd))
WRAP(int, rename, "rename", (const char *from, const char *to), (from, to))
WRAP(int, renameat, "renameat", (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
WRAP(int, linkat, "linkat", (int from_fd, const char *from, int to_fd, const char *to, int flags),
     (from_fd, from, to_fd, to, flags))
