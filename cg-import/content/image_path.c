/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_path.h"

#include <string.h>

/* Takes the last step away; at the top there is none. */
static void step_up(struct cg_bytes *path)
{
    while (path->size > 0 && path->data[--path->size] != '/')
        continue;
    if (path->data)
        path->data[path->size] = '\0';
}

static int add_steps(struct cg_bytes *path, const char *name, struct cg_error *err)
{
    for (size_t length; *(name += strspn(name, "/")); name += length) {
        length = strcspn(name, "/");
        if (length == 1 && name[0] == '.')
            continue;
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            step_up(path);
            continue;
        }
        if ((path->size > 0 && cg_bytes_append(path, "/", 1, err) < 0) || cg_bytes_append(path, name, length, err) < 0)
            return -1;
    }
    return 0;
}

int image_path_clean(struct cg_bytes *path, const char *name, struct cg_error *err)
{
    cg_bytes_clear(path);
    return add_steps(path, name ? name : "", err);
}

int image_path_resolve(struct cg_bytes *path, const char *link, const char *target, struct cg_error *err)
{
    cg_bytes_clear(path);
    if (target[0] != '/') {
        if (cg_bytes_append_text(path, link, err) < 0)
            return -1;
        step_up(path);
    }
    return add_steps(path, target, err);
}
