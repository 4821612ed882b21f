/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_KEPT_FILE_H
#define AUDIT_KEPT_FILE_H

/* Files of the log: written whole and durable or not at all, and read whole. */

#include "cg/bytes.h"

/*
 * Puts `size` bytes at `path`, in place of what is there: written beside it, synced, renamed, the directory synced.
 * Directories on the way are made. 0; -1 with CG_E_IO or CG_E_MEMORY, and what was there is there.
 */
int kept_file_write(const char *path, const void *data, size_t size, struct cg_error *err);

/* All bytes into an open file. 0, or -1 with errno. */
int kept_file_write_all(int fd, const void *data, size_t size);

/* Appends the file's bytes, at most `most`. 1, 0 there is none, -1 with CG_E_IO, CG_E_LIMIT, CG_E_MEMORY. */
int kept_file_read(const char *path, size_t most, struct cg_bytes *bytes, struct cg_error *err);

/* Locks `path` (made if need be) against other processes; the lock is given back by closing. A descriptor, or -1 with
 * CG_E_IO. */
int kept_file_lock(const char *path, struct cg_error *err);

#endif
