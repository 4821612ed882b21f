/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: nftw(3). */
#define _GNU_SOURCE
#include "base/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

/* Open descriptors while a tree is removed. */
#define REMOVE_DEPTH 8

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

void tree_remove(const char *directory)
{
    if (directory)
        nftw(directory, remove_entry, REMOVE_DEPTH, FTW_DEPTH | FTW_PHYS);
}
