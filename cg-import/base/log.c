/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include "base/clock.h"
#include "cg/bytes.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

struct log {
    int fd;
    enum log_format format;
    atomic_int least;
    struct log *trunk;      /* of a branch; NULL: none */
    log_listener *listener; /* of a branch; else NULL */
    void *context;
    pthread_mutex_t lock; /* keeps a line in one piece where write(2) takes it in several */
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

struct log *log_create(int fd, enum log_format format, enum log_level least, struct cg_error *err)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log) {
        cg_fail_memory(err);
        return NULL;
    }
    log->fd = fd;
    log->format = format;
    atomic_init(&log->least, (int)least);
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

struct log *log_branch(struct log *trunk, log_listener *listener, void *context, struct cg_error *err)
{
    struct log *log = log_create(-1, LOG_KEY_VALUE, LOG_INFO, err);
    if (!log)
        return NULL;
    log->trunk = trunk;
    log->listener = listener;
    log->context = context;
    return log;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

/* Bytes of the UTF-8 character at `text`, 0 if it is none (or a surrogate, overlong, beyond Unicode). */
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0U) != 0x80U)
            return 0;
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F) ||
        (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F))
        return 0;
    return length;
}

/* C1 controls and the line separators U+2028, U+2029: some readers of logs end a line at them. */
static bool breaks_lines(const unsigned char *text, size_t length)
{
    if (length == 2)
        return text[0] == 0xC2 && text[1] < 0xA0;
    return length == 3 && text[0] == 0xE2 && text[1] == 0x80 && (text[2] == 0xA8 || text[2] == 0xA9);
}

/* What JSON would read in another way, or only what would end or hide a line. */
enum escape { ESCAPE_QUOTED, ESCAPE_LINE };

/* Appends in JSON's escapes what is between the quotes of a string; bytes that are no UTF-8 become U+FFFD. */
static int append_escaped(struct cg_bytes *line, const char *value, enum escape escape)
{
    const unsigned char *p = (const unsigned char *)value;
    int result = 0;
    while (*p && result == 0) {
        size_t length = utf8_length(p);
        if (length == 0)
            result = cg_bytes_append_text(line, "\\ufffd", NULL);
        else if (escape == ESCAPE_QUOTED && (*p == '"' || *p == '\\'))
            result = cg_bytes_printf(line, NULL, "\\%c", *p);
        else if (*p == '\n')
            result = cg_bytes_append_text(line, "\\n", NULL);
        else if (*p < 0x20 || *p == 0x7f)
            result = cg_bytes_printf(line, NULL, "\\u%04x", *p);
        else if (breaks_lines(p, length))
            result = cg_bytes_printf(line, NULL, "\\u%04x", length == 2 ? p[1] : 0x2000U + (p[2] & 0x3FU));
        else
            result = cg_bytes_append(line, p, length, NULL);
        p += length ? length : 1;
    }
    return result;
}

/* Can the value stand in a key=value line without quotes? */
static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (const char *p = value; *p; p++)
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '=' || (unsigned char)*p >= 0x7f)
            return false;
    return true;
}

/* Each pair is appended whole or not at all. */
static int append_pair(struct cg_bytes *line, enum log_format format, const char *key, const char *value)
{
    bool first = line->size == 0;
    if (format == LOG_KEY_VALUE && is_plain(value))
        return cg_bytes_printf(line, NULL, "%s%s=%s", first ? "" : " ", key, value);
    CG_AUTO_BYTES struct cg_bytes escaped = {0};
    if (append_escaped(&escaped, value, ESCAPE_QUOTED) != 0)
        return -1;
    if (format == LOG_KEY_VALUE)
        return cg_bytes_printf(line, NULL, "%s%s=\"%s\"", first ? "" : " ", key, cg_bytes_text(&escaped));
    return cg_bytes_printf(line, NULL, "%s\"%s\":\"%s\"", first ? "{" : ",", key, cg_bytes_text(&escaped));
}

static int append_time(struct cg_bytes *line, enum log_format format)
{
    double now = clock_epoch_seconds();
    time_t seconds = (time_t)now;
    struct tm utc;
    char date[32], text[48];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    snprintf(text, sizeof text, "%s.%03dZ", date, (int)((now - floor(now)) * 1000));
    return append_pair(line, format, "time", text);
}

static void write_whole(struct log *log, const char *text, size_t size)
{
    pthread_mutex_lock(&log->lock);
    while (size > 0) {
        ssize_t written = write(log->fd, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            break;
        text += written;
        size -= (size_t)written;
    }
    pthread_mutex_unlock(&log->lock);
}

static int append_head(struct cg_bytes *line, const struct log *log, enum log_level level, const char *message)
{
    if (append_time(line, log->format) != 0 || append_pair(line, log->format, "level", level_names[level]) != 0)
        return -1;
    return append_pair(line, log->format, "message", message);
}

static int append_error(struct cg_bytes *line, enum log_format format, const struct cg_error *error)
{
    if (append_pair(line, format, "code", cg_code_info(error->code)->name) != 0)
        return -1;
    char fault[16];
    snprintf(fault, sizeof fault, "%d", error->fault);
    if (error->fault && append_pair(line, format, "fault", fault) != 0)
        return -1;
    if (append_pair(line, format, "error", error->message) != 0)
        return -1;
    return error->hint[0] ? append_pair(line, format, "hint", error->hint) : 0;
}

/* What a line is about and says besides, for a listener. 0, 1 it is not about an import, -1. */
static int append_told(struct cg_bytes *text, const struct cg_error *error, const char *message, va_list pairs,
                       const char **import)
{
    *import = NULL;
    /* The message as it is, but for what does not belong into a line: in quotes it would be harder to read. */
    if (append_escaped(text, message, ESCAPE_LINE) != 0 || (error && append_error(text, LOG_KEY_VALUE, error) != 0))
        return -1;
    const char *key;
    while ((key = va_arg(pairs, const char *)) != NULL) {
        const char *value = va_arg(pairs, const char *);
        if (strcmp(key, "import") == 0)
            *import = value;
        else if (value && append_pair(text, LOG_KEY_VALUE, key, value) != 0)
            return -1;
    }
    return *import ? 0 : 1;
}

static void tell(const struct log *log, enum log_level level, const struct cg_error *error, const char *message,
                 va_list pairs)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct log_told told = {.level = level, .at = clock_epoch_seconds()};
    if (level < LOG_INFO || append_told(&text, error, message, pairs, &told.import) != 0)
        return;
    told.text = cg_bytes_text(&text);
    log->listener(log->context, &told);
}

static void write_line(struct log *log, enum log_level level, const struct cg_error *error, const char *message,
                       va_list pairs)
{
    for (; log && log->listener; log = log->trunk) {
        va_list again;
        va_copy(again, pairs);
        tell(log, level, error, message, again);
        va_end(again);
    }
    if (!log || (int)level < atomic_load(&log->least))
        return;
    CG_AUTO_BYTES struct cg_bytes line = {0};
    int result = append_head(&line, log, level, message);
    if (result == 0 && error)
        result = append_error(&line, log->format, error);
    const char *key;
    while (result == 0 && (key = va_arg(pairs, const char *)) != NULL) {
        const char *value = va_arg(pairs, const char *);
        if (value)
            result = append_pair(&line, log->format, key, value);
    }
    if (result == 0)
        result = cg_bytes_append_text(&line, log->format == LOG_JSON ? "}\n" : "\n", NULL);
    static const char lost[] = "level=error message=\"a log line is lost: out of memory\"\n";
    if (result == 0)
        write_whole(log, line.data, line.size);
    else
        write_whole(log, lost, sizeof lost - 1);
}

void log_line(struct log *log, enum log_level level, const char *message, ...)
{
    va_list pairs;
    va_start(pairs, message);
    write_line(log, level, NULL, message, pairs);
    va_end(pairs);
}

void log_error(struct log *log, const struct cg_error *error, const char *message, ...)
{
    va_list pairs;
    va_start(pairs, message);
    write_line(log, LOG_ERROR, error, message, pairs);
    va_end(pairs);
}

void log_set_level(struct log *log, enum log_level least)
{
    atomic_store(&log->least, (int)least);
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_destroy(&log->lock);
    free(log);
}
