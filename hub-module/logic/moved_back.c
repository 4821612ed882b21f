/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* realpath(3) is of X/Open. */
#define _XOPEN_SOURCE 700
#include "logic/moved_back.h"

#include "cg/auto.h"
#include "cg/bytes.h"
#include "logic/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

static bool is_below(const char *directory, const char *path)
{
    size_t length = strlen(directory);
    return strncmp(directory, path, length) == 0 && path[length] == '/';
}

/* The file that the link leads to, if it is one of the build's; NULL if not. To be freed. */
static char *target_of(const char *build_directory, const char *upload)
{
    struct stat st;
    if (lstat(upload, &st) < 0 || !S_ISLNK(st.st_mode))
        return NULL;
    char *directory CG_AUTO_FREE = realpath(build_directory, NULL);
    char *target CG_AUTO_FREE = realpath(upload, NULL);
    if (!directory || !target || !is_below(directory, target) || lstat(target, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    return CG_STEAL(target);
}

/* What is copied is about to be removed, so it has to be on the disk. */
static int copy(int from, int to)
{
    struct stat st;
    if (fstat(from, &st) < 0 || file_copy(from, to, (uint64_t)st.st_size) < 0)
        return -1;
    return fsync(to);
}

static int copy_over(const char *target, const char *upload, struct cg_error *err)
{
    struct cg_bytes part CG_AUTO_BYTES = {0};
    if (cg_bytes_printf(&part, err, "%s.cg_import-part", upload) < 0)
        return -1;
    int from CG_AUTO_FD = open(target, O_RDONLY | O_CLOEXEC);
    int to CG_AUTO_FD = open(part.data, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (from < 0 || to < 0 || copy(from, to) < 0 || rename(part.data, upload) < 0) {
        cg_fail_errno(err, "move back", upload);
        unlink(part.data);
        return -1;
    }
    return 1;
}

int moved_back(const char *build_directory, const char *upload, struct cg_error *err)
{
    char *target CG_AUTO_FREE = target_of(build_directory, upload);
    if (!target)
        return 0;
    if (rename(target, upload) == 0)
        return 1;
    if (errno != EXDEV)
        return cg_fail_errno(err, "move back", upload);
    return copy_over(target, upload, err);
}
