/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_BENEATH_H
#define BASE_BENEATH_H

/*
 * Opening what lies below a root directory, so that no path and no race leaves it.
 *
 * openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS and no symbolic links at all. The root itself may be reached
 * through symbolic links: it is the operator's.
 */

#include "cg/error.h"

/*
 * Opens the regular file `path` below the directory `root` for reading. Descriptor, or -1 with CG_E_USAGE (not a
 * relative path, leaves the root, a symbolic link, no regular file), CG_E_IO, CG_E_UNSUPPORTED (a kernel without
 * openat2: nothing weaker is tried).
 */
int beneath_open_file(const char *root, const char *path, struct cg_error *err);

/* The same for a directory, in which files may be made with the descriptor; "." is the root. */
int beneath_open_directory(const char *root, const char *path, struct cg_error *err);

#endif
