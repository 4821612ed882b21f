/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

/* One directory of the test program's own, for tests that need files: a cmocka setup and teardown, and writing in it.
 */

#include <stddef.h>
#include <sys/types.h>

/* Make the directory (below TMPDIR) and remove it with all that is in it. 0 or -1. */
int scratch_create(void **state);
int scratch_remove(void **state);

/* The path of `name` in the directory, "" for the directory; valid until eight more calls. */
const char *scratch_path(const char *name);

/* Writes a file of that mode, making the directories above it. Fails the test if it cannot. */
void scratch_write_bytes(const char *name, const void *data, size_t size, mode_t mode);
void scratch_write(const char *name, const char *text);
void scratch_make_directory(const char *name);

/* Removes all files, so that the next test begins with an empty directory. */
void scratch_clear(void);

#endif
