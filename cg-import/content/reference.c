/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/reference.h"

#include "base/beneath.h"

#include <string.h>

static const struct reference_root *find_root(const struct reference_root *roots, size_t count, const char *name,
                                              struct cg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(roots[i].name, name) == 0)
            return &roots[i];
    cg_fail(err, CG_E_USAGE, "no root is called \"%.80s\"", name);
    cg_hint(err, "the operator configures the roots that outputs may be taken from");
    return NULL;
}

int reference_open(const struct reference_root *roots, size_t count, const char *name, const char *path,
                   struct cg_error *err)
{
    const struct reference_root *root = find_root(roots, count, name, err);
    return root ? beneath_open_file(root->directory, path, err) : -1;
}
