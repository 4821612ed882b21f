/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/scope.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/* A character that means itself. PostgreSQL: "\k matches k when k is not alphanumeric". */
static int append_plain(struct cg_bytes *out, char c, struct cg_error *err)
{
    unsigned char byte = (unsigned char)c;
    if (byte < 0x80 && !isalnum(byte) && cg_bytes_append(out, "\\", 1, err) != 0)
        return -1;
    return cg_bytes_append(out, &c, 1, err);
}

/* Length of the bracket expression that begins at `glob`, 0 if it is never closed. */
static size_t bracket_length(const char *glob)
{
    size_t i = 1;
    if (glob[i] == '!' || glob[i] == '^')
        i++;
    for (size_t first = i; glob[i]; i++) {
        if (glob[i] == ']' && i > first)
            return i + 1;
        const char *class_end = glob[i] == '[' && glob[i + 1] == ':' ? strstr(glob + i + 2, ":]") : NULL;
        if (class_end)
            i = (size_t)(class_end - glob) + 1;
        else if (glob[i] == '\\' && glob[i + 1])
            i++;
    }
    return 0;
}

/* Lets fnmatch say which characters of ASCII the bracket stands for and lists them; a bracket that excludes lists what
 * it excludes, since it stands for all others too. */
static int append_bracket(struct cg_bytes *out, const char *glob, size_t length, struct cg_error *err)
{
    char bracket[GLOB_SIZE_MAX + 1];
    memcpy(bracket, glob, length);
    bracket[length] = '\0';
    bool excludes = bracket[1] == '!' || bracket[1] == '^';
    if (cg_bytes_append_text(out, excludes ? "(?!" : "(?:", err) != 0)
        return -1;
    bool any = false;
    for (char c = ' '; c < 0x7f; c++) {
        bool matches = fnmatch(bracket, (char[]){c, '\0'}, 0) == 0;
        if (matches == excludes)
            continue;
        if (any && cg_bytes_append(out, "|", 1, err) != 0)
            return -1;
        if (append_plain(out, c, err) != 0)
            return -1;
        any = true;
    }
    /* Nothing listed: an expression that never matches. */
    if (!any && cg_bytes_append_text(out, "(?!)", err) != 0)
        return -1;
    return cg_bytes_append_text(out, excludes ? ")." : ")", err);
}

/* Appends what stands at *glob and moves on behind it. */
static int append_next(struct cg_bytes *out, const char **glob, struct cg_error *err)
{
    char c = *(*glob)++;
    if (c == '*')
        return cg_bytes_append(out, ".*", 2, err);
    if (c == '?')
        return cg_bytes_append(out, ".", 1, err);
    size_t length = c == '[' ? bracket_length(*glob - 1) : 0;
    if (length > 0) {
        const char *bracket = *glob - 1;
        *glob = bracket + length;
        return append_bracket(out, bracket, length, err);
    }
    if (c == '\\' && **glob)
        c = *(*glob)++;
    return append_plain(out, c, err);
}

int glob_pattern(const char *glob, struct cg_bytes *out, struct cg_error *err)
{
    if (strlen(glob) > GLOB_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a glob of %zu bytes; expected at most %d", strlen(glob), GLOB_SIZE_MAX);
    if (cg_bytes_append(out, "^", 1, err) != 0)
        return -1;
    while (*glob)
        if (append_next(out, &glob, err) != 0)
            return -1;
    return cg_bytes_append(out, "$", 1, err);
}

/* An element of an array's text form: in quotes, with a backslash before quotes and backslashes. */
static int append_element(struct cg_bytes *out, const char *glob, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pattern = {0};
    if (glob_pattern(glob, &pattern, err) != 0)
        return -1;
    if (cg_bytes_append_text(out, out->size > 1 ? ",\"" : "\"", err) != 0)
        return -1;
    for (const char *c = cg_bytes_text(&pattern); *c; c++) {
        if ((*c == '"' || *c == '\\') && cg_bytes_append(out, "\\", 1, err) != 0)
            return -1;
        if (cg_bytes_append(out, c, 1, err) != 0)
            return -1;
    }
    return cg_bytes_append(out, "\"", 1, err);
}

static int put_globs(struct pg_params *params, struct cg_bytes *text, const char *const *globs, struct cg_error *err)
{
    if (!globs) {
        pg_put_text(params, NULL);
        return 0;
    }
    if (cg_bytes_append(text, "{", 1, err) != 0)
        return -1;
    for (; *globs; globs++)
        if (append_element(text, *globs, err) != 0)
            return -1;
    if (cg_bytes_append(text, "}", 1, err) != 0)
        return -1;
    pg_put_text(params, cg_bytes_text(text));
    return 0;
}

int scope_put(struct pg_params *params, struct scope_texts *texts, const struct store_scope *scope,
              struct cg_error *err)
{
    if (put_globs(params, &texts->content_generators, scope ? scope->content_generators : NULL, err) != 0)
        return -1;
    return put_globs(params, &texts->packages, scope ? scope->packages : NULL, err);
}

void scope_texts_finish(struct scope_texts *texts)
{
    cg_bytes_finish(&texts->content_generators);
    cg_bytes_finish(&texts->packages);
}
