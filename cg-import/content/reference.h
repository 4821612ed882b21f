/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_REFERENCE_H
#define CONTENT_REFERENCE_H

/*
 * Outputs that already lie on a volume the service can read: opened below configured roots only.
 *
 * openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS and no symbolic links at all, so that no path and no race
 * leaves the root; regular files only.
 */

#include "cg/error.h"

#include <stddef.h>

/* Opens `path` below the root called `name`. Descriptor, or -1 with CG_E_USAGE (no such root, not a relative path,
 * leaves it), CG_E_IO. */
struct reference_root {
    const char *name;
    const char *directory;
};
int reference_open(const struct reference_root *roots, size_t count, const char *name, const char *path,
                   struct cg_error *err);

#endif
