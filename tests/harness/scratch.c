/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nftw() is of the XSI part of POSIX. */
#define _XOPEN_SOURCE 700
#include "scratch.h"

#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

static char top[PATH_SIZE];

int scratch_create(void **state)
{
    (void)state;
    const char *above = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/cg-import-test-XXXXXX", above && *above ? above : "/tmp");
    return mkdtemp(top) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    return at->level == 0 ? 0 : remove(path);
}

void scratch_clear(void)
{
    nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int scratch_remove(void **state)
{
    (void)state;
    scratch_clear();
    return rmdir(top);
}

const char *scratch_path(const char *name)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, PATH_SIZE, "%.200s%s%.200s", top, *name ? "/" : "", name);
    return path;
}

static void make_directories_above(const char *name)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s", scratch_path(name));
    for (char *slash = path + strlen(top) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

void scratch_write_bytes(const char *name, const void *data, size_t size, mode_t mode)
{
    make_directories_above(name);
    FILE *file = fopen(scratch_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(scratch_path(name), mode), 0);
}

void scratch_write(const char *name, const char *text)
{
    scratch_write_bytes(name, text, strlen(text), 0644);
}

void scratch_make_directory(const char *name)
{
    make_directories_above(name);
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}
