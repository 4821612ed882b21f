/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_MODE 0755
#define FILE_MODE 0644

int kept_file_write_all(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t put = write(fd, next, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        next += put;
        size -= (size_t)put;
    }
    return 0;
}

/* The directory of `path`, made with those above it. */
static int make_directories(const char *path, char **directory, struct cg_error *err)
{
    CG_AUTO_FREE char *copy = strdup(path);
    if (!copy)
        return cg_fail_memory(err);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, DIRECTORY_MODE) != 0 && errno != EEXIST)
            return cg_fail_errno(err, "make the directory", copy);
        *slash = '/';
    }
    char *last = strrchr(copy, '/');
    if (last)
        last[last == copy] = '\0';
    *directory = last ? CG_STEAL(copy) : strdup(".");
    return *directory ? 0 : cg_fail_memory(err);
}

static int sync_directory(const char *directory, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? 0 : cg_fail_errno(err, "sync", directory);
}

static int write_synced(const char *path, const void *data, size_t size, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return cg_fail_errno(err, "create", path);
    return kept_file_write_all(fd, data, size) == 0 && fsync(fd) == 0 ? 0 : cg_fail_errno(err, "write", path);
}

int kept_file_write(const char *path, const void *data, size_t size, struct cg_error *err)
{
    CG_AUTO_FREE char *directory = NULL;
    CG_AUTO_BYTES struct cg_bytes beside = {0};
    if (make_directories(path, &directory, err) != 0 ||
        cg_bytes_printf(&beside, err, "%s.%ld.new", path, (long)getpid()) != 0)
        return -1;
    if (write_synced(cg_bytes_text(&beside), data, size, err) != 0 ||
        (rename(cg_bytes_text(&beside), path) != 0 && cg_fail_errno(err, "rename to", path) != 0)) {
        unlink(cg_bytes_text(&beside));
        return -1;
    }
    return sync_directory(directory, err);
}

int kept_file_read(const char *path, size_t most, struct cg_bytes *bytes, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : cg_fail_errno(err, "open", path);
    for (size_t begin = bytes->size;;) {
        if (cg_bytes_reserve(bytes, 16384, err) != 0)
            return -1;
        ssize_t got = read(fd, bytes->data + bytes->size, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", path);
        bytes->size += (size_t)got;
        bytes->data[bytes->size] = '\0';
        if (got == 0)
            return 1;
        if (bytes->size - begin > most)
            return cg_fail(err, CG_E_LIMIT, "%s has more than %zu bytes", path, most);
    }
}

int kept_file_lock(const char *path, struct cg_error *err)
{
    CG_AUTO_FREE char *directory = NULL;
    if (make_directories(path, &directory, err) != 0)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_SETLKW, &lock) != 0)
        if (errno != EINTR) {
            cg_fail_errno(err, "lock", path);
            close(fd);
            return -1;
        }
    return fd;
}
