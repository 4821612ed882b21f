/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/fault_pattern.h"

#include <assert.h>
#include <string.h>

/* Where the literal of `size` bytes begins in `text`: at its end if it is the pattern's last piece, else the first. */
static const char *find_piece(const char *text, const char *piece, size_t size, bool last)
{
    size_t left = strlen(text);
    if (size > left)
        return NULL;
    if (last)
        return memcmp(text + left - size, piece, size) == 0 ? text + left - size : NULL;
    for (const char *at = text; (size_t)(at - text) + size <= left; at++)
        if (memcmp(at, piece, size) == 0)
            return at;
    return NULL;
}

bool fault_pattern_match(const char *pattern, const char *text, struct fault_parts *parts)
{
    *parts = (struct fault_parts){0};
    size_t size = strcspn(pattern, "*");
    if (strncmp(pattern, text, size) != 0)
        return false;
    pattern += size;
    text += size;
    while (*pattern == '*') {
        pattern++;
        size = strcspn(pattern, "*");
        const char *found = find_piece(text, pattern, size, pattern[size] == '\0');
        if (!found)
            return false;
        assert(parts->count < FAULT_PARTS_MAX);
        parts->start[parts->count] = text;
        parts->size[parts->count++] = (size_t)(found - text);
        text = found + size;
        pattern += size;
    }
    return *text == '\0';
}

int fault_pattern_fill(const char *message, const struct fault_parts *parts, const char *method, struct cg_bytes *out,
                       struct cg_error *err)
{
    while (*message) {
        size_t plain = strcspn(message, "$");
        if (cg_bytes_append(out, message, plain, err) != 0)
            return -1;
        message += plain;
        if (*message == '\0')
            break;
        char what = message[1];
        size_t part = (size_t)(what - '1');
        message += 2;
        int result = what == 'm'           ? cg_bytes_append_text(out, method, err)
                     : what == '$'         ? cg_bytes_append_text(out, "$", err)
                     : part < parts->count ? cg_bytes_append(out, parts->start[part], parts->size[part], err)
                                           : cg_fail(err, CG_E_INTERNAL, "a fault's message has no part %c", what);
        if (result != 0)
            return -1;
    }
    return 0;
}
