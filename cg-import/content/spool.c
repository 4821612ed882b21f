/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of an open file description (F_OFD_SETLKW): POSIX.1-2024, in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "content/spool.h"
#include "content/spool_private.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { FANS = 256, OWNER_ONLY = 0750 };

int spool_fail(struct cg_error *err, int error, const char *what, const char *path)
{
    const char *full = error == ENOSPC   ? "the disk is full"
                       : error == EDQUOT ? "the quota is used up"
                       : error == EFBIG  ? "the file would be too large"
                                         : NULL;
    if (full)
        return cg_fail(err, CG_E_LIMIT, "cannot %s %s: %s", what, path, full);
    errno = error;
    return cg_fail_errno(err, what, path);
}

bool spool_is_sha256(const char *text)
{
    return strlen(text) == SPOOL_SHA256_DIGITS && strspn(text, "0123456789abcdef") == SPOOL_SHA256_DIGITS;
}

bool spool_is_part_name(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(text);
    return length > 0 && length <= SPOOL_PART_NAME_MOST && strspn(text, allowed) == length;
}

int spool_place_of(struct spool_place *place, const char *sha256, struct cg_error *err)
{
    if (!spool_is_sha256(sha256))
        return cg_fail(err, CG_E_USAGE, "\"%.80s\" is no sha256, expected 64 lower-case hexadecimal digits", sha256);
    snprintf(place->fan, sizeof place->fan, "%.2s", sha256);
    snprintf(place->path, sizeof place->path, "%.2s/%.62s", sha256, sha256 + SPOOL_FAN_DIGITS);
    return 0;
}

double spool_age_s(const struct stat *status)
{
    double age = clock_epoch_seconds() - ((double)status->st_mtim.tv_sec + (double)status->st_mtim.tv_nsec / 1e9);
    return age > 0 ? age : 0;
}

/* Makes a directory unless it is there and opens it. Descriptor, or -1. */
static int make_directory(int above, const char *name, const char *shown, struct cg_error *err)
{
    if (mkdirat(above, name, OWNER_ONLY) < 0 && errno != EEXIST)
        return spool_fail(err, errno, "make the directory", shown);
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : spool_fail(err, errno, "open the directory", shown);
}

static int check_owner(const struct spool *spool, struct cg_error *err)
{
    struct stat status;
    if (fstat(spool->root_fd, &status) < 0)
        return spool_fail(err, errno, "look at", spool->directory);
    if (status.st_uid != geteuid()) {
        cg_fail(err, CG_E_CONFIG, "%s belongs to user %ju, expected %ju", spool->directory, (uintmax_t)status.st_uid,
                (uintmax_t)geteuid());
        return cg_hint(err, "all replicas share the directory as one user; chown it to that user");
    }
    if (status.st_mode & (S_IWGRP | S_IWOTH)) {
        cg_fail(err, CG_E_CONFIG, "others may write in %s: its mode is %04o, expected 0750 or less", spool->directory,
                (unsigned)(status.st_mode & 07777U));
        return cg_hint(err, "chmod 0750 %s", spool->directory);
    }
    return 0;
}

/*
 * All directories that a content can lie in are made and durable before the first content is: were they made as needed,
 * one replica could rely on a directory that another has made but not yet synced.
 */
static int make_fans(const struct spool *spool, struct cg_error *err)
{
    for (unsigned i = 0; i < FANS; i++) {
        char name[SPOOL_FAN_DIGITS + 1];
        snprintf(name, sizeof name, "%02x", i & 0xFFU);
        if (mkdirat(spool->contents_fd, name, OWNER_ONLY) < 0 && errno != EEXIST)
            return spool_fail(err, errno, "make a directory in", spool->directory);
    }
    if (fsync(spool->contents_fd) < 0 || fsync(spool->root_fd) < 0)
        return spool_fail(err, errno, "make durable", spool->directory);
    return 0;
}

static int lay_out(struct spool *spool, struct cg_error *err)
{
    spool->root_fd = make_directory(AT_FDCWD, spool->directory, spool->directory, err);
    if (spool->root_fd < 0 || check_owner(spool, err) < 0)
        return -1;
    spool->parts_fd = make_directory(spool->root_fd, "parts", "parts of the spool", err);
    if (spool->parts_fd < 0)
        return -1;
    spool->contents_fd = make_directory(spool->root_fd, "contents", "contents of the spool", err);
    if (spool->contents_fd < 0)
        return -1;
    spool->damaged_fd = make_directory(spool->root_fd, "damaged", "damaged of the spool", err);
    if (spool->damaged_fd < 0)
        return -1;
    return make_fans(spool, err);
}

struct spool *spool_open(const struct spool_options *options, struct cg_error *err)
{
    struct spool *spool = calloc(1, sizeof *spool);
    if (!spool) {
        cg_fail_memory(err);
        return NULL;
    }
    *spool = (struct spool){.reserve_bytes = options->reserve_bytes,
                            .root_fd = -1,
                            .parts_fd = -1,
                            .contents_fd = -1,
                            .damaged_fd = -1,
                            .directory = strdup(options->directory)};
    if (!spool->directory)
        cg_fail_memory(err);
    if (!spool->directory || lay_out(spool, err) < 0) {
        spool_close(spool);
        return NULL;
    }
    return spool;
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    const int fds[] = {spool->damaged_fd, spool->contents_fd, spool->parts_fd, spool->root_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(spool->directory);
    free(spool);
}

int spool_room(struct spool *spool, uint64_t size_bytes, struct cg_error *err)
{
    struct statvfs status;
    if (fstatvfs(spool->root_fd, &status) < 0)
        return spool_fail(err, errno, "ask for the free space of", spool->directory);
    uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    if (free_bytes >= spool->reserve_bytes && free_bytes - spool->reserve_bytes >= size_bytes)
        return 0;
    cg_fail(err, CG_E_LIMIT,
            "no room in %s: %" PRIu64 " bytes are free, expected %" PRIu64 " and a reserve of %" PRIu64,
            spool->directory, free_bytes, size_bytes, spool->reserve_bytes);
    return cg_hint(err, "free disk space, or let finished builds leave the spool sooner");
}

/* One byte of the file `locks` stands for all contents whose sha256 begins with the same four digits. */
int spool_lock_content(struct spool *spool, const char *sha256, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(spool->root_fd, "locks", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return spool_fail(err, errno, "open the locks of", spool->directory);
    char start[5];
    snprintf(start, sizeof start, "%.4s", sha256);
    struct flock byte = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)strtoul(start, NULL, 16), .l_len = 1};
    while (fcntl(fd, F_OFD_SETLKW, &byte) < 0)
        if (errno != EINTR)
            return spool_fail(err, errno, "lock a content of", spool->directory);
    return cg_steal_fd(&fd);
}

int spool_sync_fan(struct spool *spool, const struct spool_place *place, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(spool->contents_fd, place->fan, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return spool_fail(err, errno, "make durable the directory of", place->path);
    return 0;
}
