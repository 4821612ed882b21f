/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/spool.h"
#include "content/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* 1: there, 0: not there, -1. */
static int look(const struct spool *spool, const struct spool_place *place, struct stat *status, struct cg_error *err)
{
    if (fstatat(spool->contents_fd, place->path, status, AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    return errno == ENOENT ? 0 : spool_fail(err, errno, "look at the content", place->path);
}

static int make_young(const struct spool *spool, const struct spool_place *place, struct cg_error *err)
{
    const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    if (utimensat(spool->contents_fd, place->path, now, AT_SYMLINK_NOFOLLOW) < 0)
        return spool_fail(err, errno, "keep the content", place->path);
    return 0;
}

/* The lock is held. */
static int move_away(struct spool *spool, const char *sha256, const struct spool_place *place, struct cg_error *err)
{
    if (renameat(spool->contents_fd, place->path, spool->damaged_fd, sha256) < 0 && errno != ENOENT)
        return spool_fail(err, errno, "set aside the content", sha256);
    return spool_sync_fan(spool, place, err);
}

/* Meets a content that is there: 1 if it takes the part's place, 0 if it was in the way and is gone, -1. */
static int meet(struct spool *spool, const struct spool_place *place, const struct cg_digests *digests,
                struct cg_error *err)
{
    struct stat status;
    int found = look(spool, place, &status, err);
    if (found <= 0)
        return found;
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size != digests->size_bytes)
        return move_away(spool, digests->sha256, place, err);
    /* Whoever brought it may have died between its rename and its fsync of the directory. */
    if (make_young(spool, place, err) < 0 || spool_sync_fan(spool, place, err) < 0)
        return -1;
    return 1;
}

/*
 * The lock is held, so nothing appears at the new name between looking and renaming. Read-only comes after the rename:
 * a part that stays a part must be writable.
 */
static int rename_in(struct spool *spool, const char *name, int fd, const struct spool_place *place,
                     struct cg_error *err)
{
    if (renameat(spool->parts_fd, name, spool->contents_fd, place->path) < 0)
        return spool_fail(err, errno, "name the content", place->path);
    if (fchmod(fd, 0440) < 0 || make_young(spool, place, err) < 0 || spool_sync_fan(spool, place, err) < 0) {
        spool_fail(err, errno, "protect the content", place->path);
        unlinkat(spool->contents_fd, place->path, 0);
        return cg_hint(err, "it is removed: send it again from the start");
    }
    return 0;
}

int spool_content_admit(struct spool *spool, const char *name, int fd, const struct cg_digests *digests,
                        struct cg_error *err)
{
    struct spool_place place;
    if (spool_place_of(&place, digests->sha256, err) < 0)
        return -1;
    CG_AUTO_FD int lock = spool_lock_content(spool, digests->sha256, err);
    if (lock < 0)
        return -1;
    int met = meet(spool, &place, digests, err);
    if (met < 0)
        return -1;
    if (met == 0)
        return rename_in(spool, name, fd, &place, err);
    /* The content is whole and durable: a part that cannot be removed is left to the garbage collection. */
    unlinkat(spool->parts_fd, name, 0);
    return 0;
}

int spool_content_open(struct spool *spool, const char *sha256, uint64_t *size_bytes, struct cg_error *err)
{
    struct spool_place place;
    struct stat status;
    if (spool_place_of(&place, sha256, err) < 0)
        return -1;
    CG_AUTO_FD int fd = openat(spool->contents_fd, place.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return spool_fail(err, errno, "open the content", sha256);
    if (fstat(fd, &status) < 0)
        return spool_fail(err, errno, "look at the content", sha256);
    if (!S_ISREG(status.st_mode))
        return cg_fail(err, CG_E_IO, "the content %s is not a regular file", sha256);
    *size_bytes = (uint64_t)status.st_size;
    return cg_steal_fd(&fd);
}

int spool_content_verify(struct spool *spool, const char *sha256, struct cg_error *err)
{
    uint64_t size_bytes;
    struct cg_digests digests;
    CG_AUTO_FD int fd = spool_content_open(spool, sha256, &size_bytes, err);
    if (fd < 0 || cg_digest_fd(fd, sha256, CG_DIGEST_SHA256, &digests, err) < 0)
        return -1;
    if (strcmp(digests.sha256, sha256) == 0)
        return 0;
    if (spool_content_set_aside(spool, sha256, err) < 0)
        return -1;
    cg_fail(err, CG_E_MISMATCH, "the content %s of %" PRIu64 " bytes has the sha256 %s", sha256, digests.size_bytes,
            digests.sha256);
    return cg_hint(err, "it was set aside in damaged/ of the spool; check the disk, and send the file again");
}

int spool_content_set_aside(struct spool *spool, const char *sha256, struct cg_error *err)
{
    struct spool_place place;
    if (spool_place_of(&place, sha256, err) < 0)
        return -1;
    CG_AUTO_FD int lock = spool_lock_content(spool, sha256, err);
    return lock < 0 ? -1 : move_away(spool, sha256, &place, err);
}

int spool_content_remove(struct spool *spool, const char *sha256, double least_age_s, struct cg_error *err)
{
    struct spool_place place;
    struct stat status;
    if (spool_place_of(&place, sha256, err) < 0)
        return -1;
    CG_AUTO_FD int lock = spool_lock_content(spool, sha256, err);
    if (lock < 0)
        return -1;
    int found = look(spool, &place, &status, err);
    if (found <= 0)
        return found;
    double age_s = spool_age_s(&status);
    if (age_s < least_age_s)
        return cg_fail(err, CG_E_BUSY, "the content %s is %.0f s old, expected at least %.0f s", sha256, age_s,
                       least_age_s);
    if (unlinkat(spool->contents_fd, place.path, 0) < 0 && errno != ENOENT)
        return spool_fail(err, errno, "remove the content", sha256);
    return 0;
}
