/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

/* A key of the file and where its value goes. Returns false when the value makes no sense. */
struct config_key {
    const char *section;
    const char *name;
    bool (*set)(struct hub_config *config, const char *value);
    const char *expected;
};

/* The number of the word in a NULL-terminated list, -1 if it is not there. */
static int word_number(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

static bool set_check_mode(struct hub_config *config, const char *value)
{
    static const char *const words[] = {"off", "warn", "errors", "strict", NULL};
    int number = word_number(value, words);
    if (number >= 0)
        config->check_mode = (enum check_mode)number;
    return number >= 0;
}

static bool set_record_mode(struct hub_config *config, const char *value)
{
    static const char *const words[] = {"off", "on", "required", NULL};
    int number = word_number(value, words);
    if (number >= 0)
        config->record_mode = (enum record_mode)number;
    return number >= 0;
}

static bool set_content_sight(struct hub_config *config, const char *value)
{
    static const char *const words[] = {"generator", "all", NULL};
    int number = word_number(value, words);
    if (number >= 0)
        config->content_sight = (enum content_sight)number;
    return number >= 0;
}

static bool set_content_links(struct hub_config *config, const char *value)
{
    static const char *const words[] = {"yes", "no", NULL};
    int number = word_number(value, words);
    if (number >= 0)
        config->content_links = (enum staging_links)number;
    return number >= 0;
}

static bool set_digest_threads(struct hub_config *config, const char *value)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || number < 1 || number > HUB_CONFIG_THREADS_MAX)
        return false;
    config->digest_threads = (unsigned)number;
    return true;
}

static bool set_events_permission(struct hub_config *config, const char *value)
{
    size_t length = strlen(value);
    if (length == 0 || length >= sizeof config->events_permission)
        return false;
    memcpy(config->events_permission, value, length + 1);
    return true;
}

static const struct config_key keys[] = {
    {"check", "mode", set_check_mode, "off, warn, errors or strict"},
    {"import", "digest_threads", set_digest_threads, "a number from 1 to 16"},
    {"events", "permission", set_events_permission, "the name of a permission, at most 50 bytes"},
    {"events", "record", set_record_mode, "off, on or required"},
    {"content", "visible", set_content_sight, "generator or all"},
    {"content", "hard_links", set_content_links, "yes or no"},
};

void hub_config_defaults(struct hub_config *config)
{
    *config = (struct hub_config){.check_mode = CHECK_ERRORS,
                                  .digest_threads = 4,
                                  .events_permission = "admin",
                                  .record_mode = RECORD_ON,
                                  .content_sight = CONTENT_OF_OWN_GENERATORS,
                                  .content_links = STAGING_MAY_LINK};
}

/* --- the text ----------------------------------------------------------------------------------------------------- */

struct reading {
    struct hub_config *config;
    struct cg_bytes *faults;
    struct cg_error *err;
    char *section; /* borrowed from the line's copy; "" before the first */
    unsigned line;
};

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static int fault(const struct reading *reading, const char *key, const char *value, const char *expected)
{
    return cg_bytes_printf(reading->faults, reading->err, "%sline %u: %s%s%s is not %s",
                           reading->faults->size > 0 ? "; " : "", reading->line, key, value ? " = " : "",
                           value ? value : "", expected);
}

static int take_value(const struct reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].section, reading->section) != 0 || strcmp(keys[i].name, name) != 0)
            continue;
        return keys[i].set(reading->config, value) ? 0 : fault(reading, name, value, keys[i].expected);
    }
    return fault(reading, name, NULL, "a key of this section");
}

static int take_line(struct reading *reading, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return 0;
    size_t length = strlen(line);
    if (line[0] == '[' && line[length - 1] == ']') {
        line[length - 1] = '\0';
        reading->section = trim(line + 1);
        return 0;
    }
    char *equals = strchr(line, '=');
    if (!equals)
        return fault(reading, line, NULL, "[section] or key = value");
    *equals = '\0';
    return take_value(reading, trim(line), trim(equals + 1));
}

int hub_config_parse(struct hub_config *config, const char *text, size_t size, struct cg_bytes *faults,
                     struct cg_error *err)
{
    char none[] = "";
    struct cg_bytes copy CG_AUTO_BYTES = {0};
    struct reading reading = {config, faults, err, none, 0};

    hub_config_defaults(config);
    if (cg_bytes_append(&copy, text, size, err) < 0)
        return -1;
    char *line = copy.data;
    while (line) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        reading.line++;
        if (take_line(&reading, line) < 0)
            return -1;
        line = next;
    }
    return 0;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static bool unchanged(const struct config_mark *mark, const char *path, const struct stat *now)
{
    return mark->path && strcmp(mark->path, path) == 0 && mark->seen.st_ino == now->st_ino &&
           mark->seen.st_size == now->st_size && mark->seen.st_mtim.tv_sec == now->st_mtim.tv_sec &&
           mark->seen.st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

/* Appends what the file holds. Returns 0, or -1 with errno. */
static int read_file(const char *path, struct cg_bytes *text, struct cg_error *err)
{
    char buffer[4096];
    int fd CG_AUTO_FD = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0) {
        if (cg_bytes_append(text, buffer, (size_t)got, err) < 0)
            return -1;
        if (text->size > HUB_CONFIG_SIZE_MAX)
            return errno = EFBIG, -1;
    }
    return got < 0 ? -1 : 0;
}

int hub_config_load(struct hub_config *config, struct config_mark *mark, const char *path, struct cg_bytes *faults,
                    struct cg_error *err)
{
    struct cg_bytes text CG_AUTO_BYTES = {0};
    struct stat now = {0};

    bool there = stat(path, &now) == 0;
    if (unchanged(mark, path, &now))
        return 0;
    char *copy = strdup(path);
    if (!copy)
        return cg_fail_memory(err);
    config_mark_finish(mark);
    mark->path = copy;
    mark->seen = now;

    hub_config_defaults(config);
    if (!there)
        return 1;
    if (read_file(path, &text, err) < 0) {
        if (err->code != CG_OK || cg_bytes_printf(faults, err, "cannot read it: %s", strerror(errno)) < 0)
            return -1;
        return 1;
    }
    return hub_config_parse(config, cg_bytes_text(&text), text.size, faults, err) < 0 ? -1 : 1;
}

void config_mark_finish(struct config_mark *mark)
{
    free(mark->path);
    *mark = (struct config_mark){0};
}
