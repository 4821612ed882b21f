/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_value.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* What a number is written with: "30 s", "10 GiB". The largest first. */
struct unit {
    const char *name;
    uint64_t factor;
};
static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000},
                                        {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit sizes[] = {
    {"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}, {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

/* --- back to text --------------------------------------------------------------------------------------------------
 */

static int show_number(uint64_t number, const struct unit *units, struct cg_bytes *text, struct cg_error *err)
{
    const struct unit *unit = units;
    /* The last is the one that always fits. */
    while (unit->factor > 1 && (number == 0 || number % unit->factor != 0))
        unit++;
    assert(unit->factor > 0 && unit->name);
    return cg_bytes_printf(text, err, "%" PRIu64 "%s%s", number / unit->factor, unit->name[0] ? " " : "", unit->name);
}

static int show_words(const char *const *words, uint64_t bits, const char *between, struct cg_bytes *text,
                      struct cg_error *err)
{
    const char *before = "";
    for (unsigned i = 0; words[i]; i++)
        if (bits & (1ULL << i)) {
            if (cg_bytes_printf(text, err, "%s%s", before, words[i]) < 0)
                return -1;
            before = between;
        }
    return 1;
}

static int show_list(char *const *list, struct cg_bytes *text, struct cg_error *err)
{
    for (size_t i = 0; list && list[i]; i++)
        if (cg_bytes_printf(text, err, "%s%s", i > 0 ? " " : "", list[i]) < 0)
            return -1;
    return list ? 1 : 0;
}

/* A lone percent sign would be a reference when read again. */
static int show_text(const char *value, struct cg_bytes *text, struct cg_error *err)
{
    if (!value)
        return 0;
    for (; *value; value++)
        if (cg_bytes_append(text, *value == '%' ? "%%" : value, *value == '%' ? 2 : 1, err) < 0)
            return -1;
    return 1;
}

int config_value_show(const struct config_key *key, const void *structure, struct cg_bytes *text, struct cg_error *err)
{
    const void *place = (const char *)structure + key->offset;
    switch (key->type) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_READABLE:
    case CONFIG_WORD:
        return show_text(*(char *const *)place, text, err);
    case CONFIG_LIST:
        return show_list(*(char **const *)place, text, err);
    case CONFIG_SWITCH:
        return cg_bytes_append_text(text, *(const bool *)place ? "yes" : "no", err) < 0 ? -1 : 1;
    case CONFIG_COUNT:
        return show_number(*(const uint64_t *)place, plain, text, err) < 0 ? -1 : 1;
    case CONFIG_SIZE:
        return show_number(*(const uint64_t *)place, sizes, text, err) < 0 ? -1 : 1;
    case CONFIG_DURATION:
        return show_number(*(const uint64_t *)place, durations, text, err) < 0 ? -1 : 1;
    case CONFIG_MODE:
        return cg_bytes_printf(text, err, "%04" PRIo64, *(const uint64_t *)place) < 0 ? -1 : 1;
    case CONFIG_CHOICE:
        return cg_bytes_append_text(text, key->words[*(const uint64_t *)place], err) < 0 ? -1 : 1;
    case CONFIG_ROLES:
        return *(const uint64_t *)place ? show_words(key->words, *(const uint64_t *)place, " ", text, err) : 0;
    case CONFIG_SECRET:
        if (!secret_is_set(place))
            return 0;
        return cg_bytes_append_text(text, "(hidden)", err) < 0 ? -1 : 1;
    case CONFIG_SECRET_FILE:
        return 0;
    }
    return 0;
}

/* --- from text -----------------------------------------------------------------------------------------------------
 */

/* What a number of the kind looks like, for messages. */
static const char *number_form(enum config_type type)
{
    switch (type) {
    case CONFIG_SIZE:
        return "a size with its unit (B, KiB, MiB, GiB, TiB)";
    case CONFIG_DURATION:
        return "a time with its unit (ms, s, min, h, d)";
    default:
        return "a whole number";
    }
}

static int refuse_number(const struct config_key *key, const struct unit *units, const char *text, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes range = {0};
    if (show_number(key->least, units, &range, err) < 0 || cg_bytes_append_text(&range, " to ", err) < 0 ||
        show_number(key->most, units, &range, err) < 0)
        return -1;
    return cg_fail(err, CG_E_CONFIG, "%s wants %s from %s, not \"%s\"", key->name, number_form(key->type),
                   cg_bytes_text(&range), text);
}

static int read_number(const struct config_key *key, const struct unit *units, const char *text, uint64_t *number,
                       struct cg_error *err)
{
    char *end = NULL;
    errno = 0;
    uint64_t read = strtoull(text, &end, 10);
    if (errno != 0 || end == text || text[0] < '0' || text[0] > '9')
        return refuse_number(key, units, text, err);
    end += strspn(end, " \t");
    const struct unit *unit = units;
    while (unit->name && strcmp(unit->name, end) != 0)
        unit++;
    /* Zero is zero in any unit. */
    uint64_t factor = unit->name ? unit->factor : (read == 0 && *end == '\0');
    if (factor == 0 || read > UINT64_MAX / factor || read * factor < key->least || read * factor > key->most)
        return refuse_number(key, units, text, err);
    *number = read * factor;
    return 0;
}

static int read_mode(const struct config_key *key, const char *text, uint64_t *mode, struct cg_error *err)
{
    size_t digits = strspn(text, "01234567");
    if (digits == 0 || digits > 4 || text[digits] != '\0' || strtoull(text, NULL, 8) > 0777)
        return cg_fail(err, CG_E_CONFIG, "%s wants octal permission bits such as 0660, not \"%s\"", key->name, text);
    *mode = strtoull(text, NULL, 8);
    return 0;
}

static int read_switch(const struct config_key *key, const char *text, bool *value, struct cg_error *err)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        return cg_fail(err, CG_E_CONFIG, "%s wants yes or no, not \"%s\"", key->name, text);
    *value = text[0] == 'y';
    return 0;
}

/* The index of the first `size` letters of `text` among the words; -1. */
static int find_word(const struct config_key *key, const char *text, size_t size, struct cg_error *err)
{
    for (int i = 0; key->words[i]; i++)
        if (strlen(key->words[i]) == size && memcmp(key->words[i], text, size) == 0)
            return i;
    CG_AUTO_BYTES struct cg_bytes words = {0};
    if (show_words(key->words, UINT64_MAX, ", ", &words, err) < 0)
        return -1;
    return cg_fail(err, CG_E_CONFIG, "%s knows %s, not \"%.*s\"", key->name, cg_bytes_text(&words), (int)size, text);
}

static int read_roles(const struct config_key *key, const char *text, uint64_t *roles, struct cg_error *err)
{
    uint64_t read = 0;
    for (size_t size; *(text += strspn(text, " \t\n,")); text += size) {
        size = strcspn(text, " \t\n,");
        int index = find_word(key, text, size, err);
        if (index < 0)
            return -1;
        read |= 1ULL << index;
    }
    *roles = read;
    return 0;
}

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

static int read_list(const char *text, char ***list, struct cg_error *err)
{
    /* A word takes a letter and a blank at least. */
    char **read = calloc(strlen(text) / 2 + 2, sizeof *read);
    if (!read)
        return cg_fail_memory(err);
    size_t count = 0;
    for (size_t size; *(text += strspn(text, " \t\n,")); text += size) {
        size = strcspn(text, " \t\n,");
        read[count] = strndup(text, size);
        if (!read[count++]) {
            free_list(read);
            return cg_fail_memory(err);
        }
    }
    free_list(*list);
    *list = read;
    return 0;
}

static int read_text(const char *text, char **place, struct cg_error *err)
{
    char *copy = strdup(text);
    if (!copy)
        return cg_fail_memory(err);
    free(*place);
    *place = copy;
    return 0;
}

static int read_path(const struct config_key *key, const char *text, char **place, struct cg_error *err)
{
    if (text[0] != '/')
        return cg_fail(err, CG_E_CONFIG, "%s wants an absolute path, not \"%s\"", key->name, text);
    if (key->type == CONFIG_READABLE) {
        CG_AUTO_FD int fd = open(text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
            return cg_fail(err, CG_E_CONFIG, "%s: cannot read %s: %s", key->name, text, strerror(errno));
    }
    return read_text(text, place, err);
}

static int read_secret_file(const struct config_key *key, const char *text, struct secret *place, struct cg_error *err)
{
    struct cg_error why = {0};
    if (secret_set_from_file(place, text, &why) == 0)
        return 0;
    if (why.code == CG_E_MEMORY)
        return cg_fail_memory(err);
    return cg_fail(err, CG_E_CONFIG, "%s: %s", key->name, why.message);
}

int config_value_read(const struct config_key *key, void *structure, const char *text, struct cg_error *err)
{
    void *place = (char *)structure + key->offset;
    if (text[0] == '\0')
        return cg_fail(err, CG_E_CONFIG, "%s is empty: leave the line out for the default", key->name);
    int index;
    switch (key->type) {
    case CONFIG_TEXT:
        return read_text(text, place, err);
    case CONFIG_PATH:
    case CONFIG_READABLE:
        return read_path(key, text, place, err);
    case CONFIG_WORD:
        return find_word(key, text, strlen(text), err) < 0 ? -1 : read_text(text, place, err);
    case CONFIG_CHOICE:
        index = find_word(key, text, strlen(text), err);
        if (index < 0)
            return -1;
        *(uint64_t *)place = (uint64_t)index;
        return 0;
    case CONFIG_LIST:
        return read_list(text, place, err);
    case CONFIG_SWITCH:
        return read_switch(key, text, place, err);
    case CONFIG_COUNT:
        return read_number(key, plain, text, place, err);
    case CONFIG_SIZE:
        return read_number(key, sizes, text, place, err);
    case CONFIG_DURATION:
        return read_number(key, durations, text, place, err);
    case CONFIG_MODE:
        return read_mode(key, text, place, err);
    case CONFIG_ROLES:
        return read_roles(key, text, place, err);
    case CONFIG_SECRET:
        return secret_set(place, text, err);
    case CONFIG_SECRET_FILE:
        return read_secret_file(key, text, place, err);
    }
    return 0;
}

void config_value_finish(const struct config_key *key, void *structure)
{
    void *place = (char *)structure + key->offset;
    switch (key->type) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_READABLE:
    case CONFIG_WORD:
        free(*(char **)place);
        *(char **)place = NULL;
        break;
    case CONFIG_LIST:
        free_list(*(char ***)place);
        *(char ***)place = NULL;
        break;
    case CONFIG_SECRET:
        secret_finish(place);
        break;
    default:
        break;
    }
}
