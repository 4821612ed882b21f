/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Structured log lines of the service: one line an event, key=value or JSON, to standard error (journald adds the
 * rest).
 *
 * A line has time, level, message and fields; `request` and `import` ids go through all lines of one request or import.
 * Values are escaped, so that nothing a caller sent can forge a line. Thread-safe. libcg and the command line verbs
 * that end at once do not log: they return errors.
 */

#include "cg/error.h"

enum log_format { LOG_KEY_VALUE, LOG_JSON };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log;

/* Writes lines of at least `least` to descriptor `fd` (borrowed). NULL with CG_E_MEMORY. */
struct log *log_create(int fd, enum log_format format, enum log_level least, struct cg_error *err);

/*
 * One line: `message` and then pairs of key and value (const char *), ended by NULL; a NULL value leaves its pair out.
 *     log_line(log, LOG_INFO, "import ended", "import", id, "state", "imported", NULL);
 * `log` may be NULL: nothing is written.
 */
void log_line(struct log *log, enum log_level level, const char *message, ...) __attribute__((sentinel));

/* A line about an error: code, fault, message, hint, then the pairs. */
void log_error(struct log *log, const struct cg_error *error, const char *message, ...) __attribute__((sentinel));

/* "debug", "info", ... */
const char *log_level_name(enum log_level level);

/* A line about one import, as a listener is told of it; borrowed for the call. */
struct log_told {
    enum log_level level; /* LOG_INFO or more */
    double at;            /* seconds since 1970 */
    const char *import;   /* the id of the pair "import" */
    const char *text;     /* one line of UTF-8: the message, then the other pairs and the error as key=value */
};
/* Called from the thread that logs, any of them. */
typedef void log_listener(void *context, const struct log_told *told);

/*
 * A log whose lines go to `trunk` (borrowed, NULL: nowhere), and those about an import, whatever the trunk's least
 * level, to the listener as well. NULL with CG_E_MEMORY.
 */
struct log *log_branch(struct log *trunk, log_listener *listener, void *context, struct cg_error *err);

/* Changes the least level (on reload). Not of a branch. */
void log_set_level(struct log *log, enum log_level least);

/* NULL is allowed. */
void log_destroy(struct log *log);

#endif
