/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* syscall(), O_PATH: Linux, in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "base/beneath.h"

#include "cg/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The kernel refuses these, too; said here in words. */
static int check_path(const char *path, struct cg_error *err)
{
    if (path[0] == '\0' || path[0] == '/' || strlen(path) >= PATH_MAX)
        return cg_fail(err, CG_E_USAGE, "\"%.200s\" is no path below a root, expected a relative path", path);
    for (const char *step = path;;) {
        size_t length = strcspn(step, "/");
        if (length == 2 && strncmp(step, "..", 2) == 0)
            return cg_fail(err, CG_E_USAGE, "\"%.200s\" has the step \"..\", expected a path that stays below its root",
                           path);
        if (step[length] == '\0')
            return 0;
        step += length + 1;
    }
}

static int fail_open(int error, const char *path, struct cg_error *err)
{
    if (error == ENOSYS) {
        cg_fail(err, CG_E_UNSUPPORTED, "cannot open \"%.200s\" safely: this kernel has no openat2", path);
        return cg_hint(err, "Linux 5.6 or later is needed to take outputs by reference; send the file instead");
    }
    if (error == ELOOP)
        return cg_fail(err, CG_E_USAGE, "\"%.200s\" is a symbolic link or passes one, expected none", path);
    if (error == EXDEV)
        return cg_fail(err, CG_E_USAGE, "\"%.200s\" leaves its root", path);
    errno = error;
    return cg_fail_errno(err, "open", path);
}

/* Descriptor, or -1 with errno. */
static int open_beneath(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static int check_regular(int fd, const char *path, struct stat *status, struct cg_error *err)
{
    if (fstat(fd, status) < 0)
        return cg_fail_errno(err, "look at", path);
    if (!S_ISREG(status->st_mode))
        return cg_fail(err, CG_E_USAGE, "\"%.200s\" is not a regular file", path);
    return 0;
}

static int open_root(const char *root, struct cg_error *err)
{
    int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return top < 0 ? cg_fail_errno(err, "open the root", root) : top;
}

/*
 * Opened twice: first only as a place (O_PATH), since the mere opening of a device can have effects; the second opening
 * does not wait for a FIFO's writer, should one have been put there in between, and must give the same file.
 */
int beneath_open_file(const char *root, const char *path, struct cg_error *err)
{
    struct stat looked, opened;
    if (check_path(path, err) < 0)
        return -1;
    CG_AUTO_FD int top = open_root(root, err);
    if (top < 0)
        return -1;
    CG_AUTO_FD int place = open_beneath(top, path, O_PATH);
    if (place < 0)
        return fail_open(errno, path, err);
    if (check_regular(place, path, &looked, err) < 0)
        return -1;
    CG_AUTO_FD int fd = open_beneath(top, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_open(errno, path, err);
    if (check_regular(fd, path, &opened, err) < 0)
        return -1;
    if (looked.st_ino != opened.st_ino || looked.st_dev != opened.st_dev)
        return cg_fail(err, CG_E_IO, "\"%.200s\" was replaced while it was opened", path);
    return cg_steal_fd(&fd);
}

int beneath_open_directory(const char *root, const char *path, struct cg_error *err)
{
    if (check_path(path, err) < 0)
        return -1;
    CG_AUTO_FD int top = open_root(root, err);
    if (top < 0)
        return -1;
    int fd = open_beneath(top, path, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? fail_open(errno, path, err) : fd;
}
