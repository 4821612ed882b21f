/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/spool.h"
#include "content/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The length of the path's first step; 0 if it is empty, "." or "..", or longer than a name may be. */
static size_t step_length(const char *path)
{
    size_t length = strcspn(path, "/");
    bool dots = (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.');
    return dots || length > NAME_MAX ? 0 : length;
}

/* Opens the directory of one step below `above`, made if missing. Descriptor, or -1. */
static int enter(int above, const char *step, struct cg_error *err)
{
    if (mkdirat(above, step, 0750) < 0 && errno != EEXIST)
        return spool_fail(err, errno, "make the directory", step);
    int fd = openat(above, step, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 ? fd : spool_fail(err, errno, "open the directory", step);
}

/* The directory that the path's last step lies in, and that step. Descriptor, or -1. */
static int enter_all(int directory_fd, const char *path, const char **last, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return spool_fail(err, errno, "open the directory for", path);
    const char *rest = path;
    for (;;) {
        char step[NAME_MAX + 1];
        size_t length = step_length(rest);
        if (length == 0)
            return cg_fail(err, CG_E_USAGE, "\"%s\" is no place for a content, expected a relative path without \"..\"",
                           path);
        if (rest[length] == '\0')
            break;
        memcpy(step, rest, length);
        step[length] = '\0';
        rest += length + 1;
        int next = enter(fd, step, err);
        if (next < 0)
            return -1;
        close(fd);
        fd = next;
    }
    *last = rest;
    return cg_steal_fd(&fd);
}

/* 0, or -1 with errno. */
static int write_all(int fd, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(fd, data + done, size - done);
        if (wrote < 0 && errno != EINTR)
            return -1;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

/* The bytes are compared with their digest by whoever reads them for the import. */
static int copy(int from, int to, const char *path, struct cg_error *err)
{
    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    CG_AUTO_FREE char *buffer = malloc(CG_DIGEST_READ_SIZE);
    if (!buffer)
        return cg_fail_memory(err);
    for (;;) {
        ssize_t got = read(from, buffer, CG_DIGEST_READ_SIZE);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return spool_fail(err, errno, "read the content for", path);
        if (got > 0 && write_all(to, buffer, (size_t)got) < 0)
            return spool_fail(err, errno, "copy a content to", path);
    }
}

static int place_copy(struct spool *spool, const char *sha256, int directory, const char *name, struct cg_error *err)
{
    uint64_t size_bytes;
    CG_AUTO_FD int from = spool_content_open(spool, sha256, &size_bytes, err);
    if (from < 0)
        return -1;
    CG_AUTO_FD int to = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
    if (to < 0)
        return spool_fail(err, errno, "make the file", name);
    if (copy(from, to, name, err) == 0)
        return 0;
    unlinkat(directory, name, 0);
    return -1;
}

int spool_content_place(struct spool *spool, const char *sha256, int directory_fd, const char *path,
                        struct cg_error *err)
{
    struct spool_place place;
    const char *name = "";
    if (spool_place_of(&place, sha256, err) < 0)
        return -1;
    CG_AUTO_FD int directory = enter_all(directory_fd, path, &name, err);
    if (directory < 0)
        return -1;
    if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
        return spool_fail(err, errno, "replace", path);
    if (linkat(spool->contents_fd, place.path, directory, name, 0) == 0)
        return 0;
    /* EXDEV: another file system; EPERM, EMLINK, EOPNOTSUPP: this one gives no more hard links. */
    if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP)
        return place_copy(spool, sha256, directory, name, err);
    return spool_fail(err, errno, "place a content at", path);
}
