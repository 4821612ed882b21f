/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int cg_json_load_file(const char *path, struct cg_bytes *text, struct cg_error *err)
{
    enum { PIECE = 64 * 1024 };
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    CG_AUTO_FD int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!is_stdin && opened < 0)
        return cg_fail_errno(err, "open", name);
    size_t begin = text->size;
    for (;;) {
        if (cg_bytes_reserve(text, PIECE, err) < 0)
            return -1;
        ssize_t got = read(is_stdin ? STDIN_FILENO : opened, text->data + text->size, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", name);
        if (got == 0)
            return 0;
        text->size += (size_t)got;
        text->data[text->size] = '\0';
        if (text->size - begin > CG_JSON_SIZE_MAX)
            return cg_fail(err, CG_E_LIMIT, "%s is larger than %u bytes, the most a document may have", name,
                           CG_JSON_SIZE_MAX);
    }
}
