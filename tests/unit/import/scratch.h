/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

/* A directory of a test's own, removed after it. */

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[64];

static int scratch_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int scratch_make(void **state)
{
    (void)state;
    const char *below = getenv("TMPDIR");
    snprintf(scratch_path, sizeof scratch_path, "%.40s/cg-test-XXXXXX", below ? below : "/tmp");
    return mkdtemp(scratch_path) ? 0 : -1;
}

static inline int scratch_clear(void **state)
{
    (void)state;
    return nftw(scratch_path, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` in it; good until the eighth next call. */
static inline const char *scratch(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_path, name);
    return path;
}

static inline void scratch_write(const char *name, const char *text)
{
    FILE *file = fopen(scratch(name), "w");
    fputs(text, file);
    fclose(file);
}

#endif
