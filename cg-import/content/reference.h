/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_REFERENCE_H
#define CONTENT_REFERENCE_H

/*
 * Outputs that already lie on a volume the service can read: opened below configured roots only.
 *
 * base/beneath.h opens them: no path and no race leaves the root. Not a copy: the caller takes the file into the spool
 * (spool_take).
 */

#include "cg/error.h"

#include <stddef.h>

/* A directory of the configuration; it may itself be reached through symbolic links, they are the operator's. */
struct reference_root {
    const char *name;      /* how callers call it */
    const char *directory; /* absolute */
};

/*
 * Opens the regular file `path` below the root called `name` for reading. Descriptor, or -1 with CG_E_USAGE (no such
 * root, not a relative path, leaves the root, a symbolic link, no regular file), CG_E_IO, CG_E_UNSUPPORTED (a kernel
 * without openat2: nothing weaker is tried).
 */
int reference_open(const struct reference_root *roots, size_t count, const char *name, const char *path,
                   struct cg_error *err);

#endif
