/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

/* NAME_MAX of Linux file systems, bytes. */
#define NAME_SIZE_MAX 255

static const char *segment_fault(const char *segment, size_t size)
{
    if (size == 0)
        return "has an empty segment";
    if (size == 1 && segment[0] == '.')
        return "has the segment \".\"";
    if (size == 2 && segment[0] == '.' && segment[1] == '.')
        return "has the segment \"..\", which leaves the directory";
    if (size > NAME_SIZE_MAX)
        return "has a segment of more than 255 bytes, which no file system takes";
    return NULL;
}

const char *rules_path_fault(const char *text, size_t size)
{
    if (size == 0)
        return "is empty";
    if (text[0] == '/')
        return "is absolute";
    if (size > RULES_PATH_MAX)
        return "is longer than a path can be";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return "has a control character";

    const char *segment = text, *end = text + size;
    for (;;) {
        const char *slash = memchr(segment, '/', (size_t)(end - segment));
        const char *fault = segment_fault(segment, (size_t)((slash ? slash : end) - segment));
        if (fault || !slash)
            return fault;
        segment = slash + 1;
    }
}

const char *rules_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
