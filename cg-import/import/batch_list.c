/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/batch.h"

#include "cg/json.h"

#include <string.h>

/* A line being taken apart. */
struct line {
    const char *path; /* of the list, for messages */
    size_t number;
    const char *at;
    const char *end;
};

static int bad_line(const struct line *line, const char *what, struct cg_error *err)
{
    cg_fail(err, CG_E_USAGE, "%s:%zu: %s", line->path, line->number, what);
    return cg_hint(err, "a line is: METADATA DIRECTORY, or a directory that holds metadata.json");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A part between quotes, up to the closing one; in double quotes a backslash takes the next character as it is. */
static int read_quoted(struct line *line, char quote, struct cg_bytes *word, struct cg_error *err)
{
    for (line->at++; line->at < line->end; line->at++) {
        if (*line->at == quote) {
            line->at++;
            return 0;
        }
        if (*line->at == '\\' && quote == '"' && line->at + 1 < line->end)
            line->at++;
        if (cg_bytes_append(word, line->at, 1, err) < 0)
            return -1;
    }
    return bad_line(line, "a quote is not closed", err);
}

/* 1: the next word, 0: none is left or a comment begins, -1. */
static int read_word(struct line *line, struct cg_bytes *word, struct cg_error *err)
{
    cg_bytes_clear(word);
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    if (line->at == line->end || *line->at == '#')
        return 0;
    while (line->at < line->end && !is_blank(*line->at)) {
        if (*line->at == '"' || *line->at == '\'') {
            if (read_quoted(line, *line->at, word, err) < 0)
                return -1;
            continue;
        }
        if (*line->at == '\\') {
            if (++line->at == line->end)
                return bad_line(line, "a backslash ends the line", err);
        }
        if (cg_bytes_append(word, line->at++, 1, err) < 0)
            return -1;
    }
    return word->size > 0 ? 1 : bad_line(line, "a name is empty", err);
}

/* `name` as seen from the directory of the list. To be freed; NULL with CG_E_MEMORY. */
static char *resolve(const char *list_path, const char *name, const char *below, struct cg_error *err)
{
    const char *slash = strrchr(list_path, '/');
    size_t length = name[0] == '/' || !slash ? 0 : (size_t)(slash - list_path) + 1;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%.*s%s%s", (int)length, list_path, name, below) < 0)
        return NULL;
    return cg_bytes_steal(&path);
}

static int add_item(struct import_batch *batch, const struct line *line, const char *first, const char *second,
                    struct cg_error *err)
{
    struct import_batch_item *items = realloc(batch->items, (batch->count + 1) * sizeof *items);
    if (!items)
        return cg_fail_memory(err);
    batch->items = items;
    struct import_batch_item *item = &items[batch->count++];
    *item = (struct import_batch_item){.line = line->number};
    item->metadata_path = resolve(line->path, first, second ? "" : "/metadata.json", err);
    item->directory = resolve(line->path, second ? second : first, "", err);
    return item->metadata_path && item->directory ? 0 : -1;
}

static int read_line(struct line *line, struct import_batch *batch, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes first = {0};
    CG_AUTO_BYTES struct cg_bytes second = {0};
    CG_AUTO_BYTES struct cg_bytes third = {0};
    if (memchr(line->at, '\0', (size_t)(line->end - line->at)))
        return bad_line(line, "it holds a NUL character", err);
    int words = read_word(line, &first, err);
    if (words <= 0)
        return words;
    words = read_word(line, &second, err);
    if (words < 0)
        return -1;
    if (words == 1) {
        int more = read_word(line, &third, err);
        if (more != 0)
            return more < 0 ? -1 : bad_line(line, "it has more than two names", err);
    }
    return add_item(batch, line, first.data, words == 1 ? second.data : NULL, err);
}

int import_batch_read(const char *path, struct import_batch *batch, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_json_load_file(path, &text, err) < 0)
        return -1;
    struct import_batch made = {0};
    const char *at = cg_bytes_text(&text);
    const char *end = at + text.size;
    struct line line = {.path = path};
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        line.number++;
        line.at = at;
        line.end = newline ? newline : end;
        if (read_line(&line, &made, err) < 0) {
            import_batch_finish(&made);
            return -1;
        }
        at = newline ? newline + 1 : end;
    }
    *batch = made;
    return 0;
}

void import_batch_finish(struct import_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->items[i].metadata_path);
        free(batch->items[i].directory);
        import_result_finish(&batch->items[i].result);
    }
    free(batch->items);
    *batch = (struct import_batch){0};
}
