/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* F_OFD_SETLK, sync_file_range: glibc has them behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "content/spool.h"
#include "content/spool_private.h"

#include "content/hash_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Bytes after which the kernel is asked to begin writing, so that the fsync at the end has little left to do. */
#define WRITE_BACK_EVERY (8ULL * 1024ULL * 1024ULL)
/* How often a part may vanish between being opened and being locked before it is called busy. */
enum { OPEN_TRIES = 100 };

struct spool_part {
    struct spool *spool; /* borrowed */
    char name[SPOOL_PART_NAME_MOST + 1];
    int fd; /* locked */
    uint64_t size_bytes;
    uint64_t room_asked_at;   /* size at which the free space is looked at next */
    uint64_t written_back;    /* bytes that the kernel was asked to write */
    struct hash_ring *hashes; /* of all bytes so far; NULL: they are read again when the part is finished */
    bool entry_durable;
    bool lost; /* an fsync failed and the file was removed */
};

static int check_name(const char *name, struct cg_error *err)
{
    if (spool_is_part_name(name))
        return 0;
    return cg_fail(err, CG_E_USAGE, "\"%.80s\" is no name of a part, expected 1 to %d letters, digits and dashes", name,
                   SPOOL_PART_NAME_MOST);
}

/* 1: locked, 0: another has it, -1. */
static int lock_part(int fd, const char *name, struct cg_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (;;) {
        if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
            return 1;
        if (errno == EAGAIN || errno == EACCES)
            return 0;
        if (errno != EINTR)
            return spool_fail(err, errno, "lock the part", name);
    }
}

/* Is the file just locked still the one of that name? It may have been finished or removed meanwhile. */
static bool still_there(const struct spool *spool, const char *name, const struct stat *opened)
{
    struct stat named;
    return fstatat(spool->parts_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == opened->st_ino &&
           named.st_dev == opened->st_dev;
}

static int fail_busy(const char *name, struct cg_error *err)
{
    cg_fail(err, CG_E_BUSY, "the part %s is being written by another", name);
    return cg_hint(err, "try again when the other has ended");
}

/* Opens with `flags` and locks. 1: *fd is the part, 0: there is none, -1. */
static int open_locked(struct spool *spool, const char *name, int flags, int *fd, struct stat *status,
                       struct cg_error *err)
{
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        CG_AUTO_FD int opened =
            openat(spool->parts_fd, name, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (opened < 0 && errno == ENOENT)
            return 0;
        if (opened < 0)
            return spool_fail(err, errno, "open the part", name);
        int locked = lock_part(opened, name, err);
        if (locked < 0)
            return -1;
        if (locked == 0)
            return fail_busy(name, err);
        if (fstat(opened, status) < 0)
            return spool_fail(err, errno, "look at the part", name);
        if (!still_there(spool, name, status))
            continue;
        *fd = cg_steal_fd(&opened);
        return 1;
    }
    return fail_busy(name, err);
}

static int open_part(struct spool_part *part, struct cg_error *err)
{
    struct stat status = {0};
    int found = open_locked(part->spool, part->name, O_CREAT, &part->fd, &status, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return spool_fail(err, ENOENT, "make the part", part->name);
    part->size_bytes = part->room_asked_at = part->written_back = (uint64_t)status.st_size;
    if (status.st_size > 0)
        return 0;
    part->hashes = hash_ring_create(err);
    return part->hashes ? 0 : -1;
}

struct spool_part *spool_part_open(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err)
{
    if (check_name(name, err) < 0)
        return NULL;
    struct spool_part *part = calloc(1, sizeof *part);
    if (!part) {
        cg_fail_memory(err);
        return NULL;
    }
    part->spool = spool;
    part->fd = -1;
    snprintf(part->name, sizeof part->name, "%s", name);
    if (open_part(part, err) < 0) {
        spool_part_close(part);
        return NULL;
    }
    *size_bytes = part->size_bytes;
    return part;
}

static int fail_if_lost(const struct spool_part *part, struct cg_error *err)
{
    return part->lost ? cg_fail(err, CG_E_IO, "the part %s was lost when it could not be made durable", part->name) : 0;
}

/* The reserve is kept also when many parts are received at once, each of which had room when it began. */
static int check_room(struct spool_part *part, size_t size, struct cg_error *err)
{
    if (part->size_bytes + size <= part->room_asked_at)
        return 0;
    if (spool_room(part->spool, size, err) < 0)
        return -1;
    part->room_asked_at = part->size_bytes + size + SPOOL_ROOM_EVERY;
    return 0;
}

/* What a failed write left behind its end is cut off; were that to fail, it would still be bytes that the sender sent.
 */
static int write_all(const struct spool_part *part, const char *data, size_t size, struct cg_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = pwrite(part->fd, data + done, size - done, (off_t)(part->size_bytes + done));
        if (wrote > 0) {
            done += (size_t)wrote;
            continue;
        }
        int error = wrote == 0 ? ENOSPC : errno;
        if (error == EINTR)
            continue;
        if (ftruncate(part->fd, (off_t)part->size_bytes) < 0)
            return spool_fail(err, error, "write and cut back the part", part->name);
        return spool_fail(err, error, "write the part", part->name);
    }
    return 0;
}

int spool_part_append(struct spool_part *part, const void *data, size_t size, struct cg_error *err)
{
    if (fail_if_lost(part, err) < 0 || check_room(part, size, err) < 0 || write_all(part, data, size, err) < 0)
        return -1;
    part->size_bytes += size;
    if (part->size_bytes - part->written_back >= WRITE_BACK_EVERY) {
        (void)sync_file_range(part->fd, (off_t)part->written_back, (off_t)(part->size_bytes - part->written_back),
                              SYNC_FILE_RANGE_WRITE); /* a hint: what goes wrong here, fsync says */
        part->written_back = part->size_bytes;
    }
    if (part->hashes && hash_ring_add(part->hashes, data, size, NULL) < 0) {
        hash_ring_destroy(part->hashes);
        part->hashes = NULL;
    }
    return 0;
}

/* After a failed fsync the kernel may have dropped the pages and a second one would say all is well. */
static int lose(struct spool_part *part, int error, struct cg_error *err)
{
    part->lost = true;
    unlinkat(part->spool->parts_fd, part->name, 0);
    spool_fail(err, error, "make durable the part", part->name);
    return cg_hint(err, "what was received of it is removed: send it again from the start");
}

int spool_part_sync(struct spool_part *part, struct cg_error *err)
{
    if (fail_if_lost(part, err) < 0)
        return -1;
    if (fsync(part->fd) < 0)
        return lose(part, errno, err);
    if (part->entry_durable)
        return 0;
    if (fsync(part->spool->parts_fd) < 0)
        return lose(part, errno, err);
    part->entry_durable = true;
    return 0;
}

void spool_part_close(struct spool_part *part)
{
    if (!part)
        return;
    hash_ring_destroy(part->hashes);
    if (part->fd >= 0)
        close(part->fd);
    free(part);
}

void spool_part_discard(struct spool_part *part)
{
    if (part && !part->lost)
        unlinkat(part->spool->parts_fd, part->name, 0);
    spool_part_close(part);
}

/* Hashes the file from its start. */
static int read_again(struct spool_part *part, struct cg_error *err)
{
    AUTO_HASH_RING struct hash_ring *hashes = hash_ring_create(err);
    CG_AUTO_FREE char *buffer = malloc(CG_DIGEST_READ_SIZE);
    if (!hashes || !buffer)
        return cg_fail_memory(err);
    (void)posix_fadvise(part->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    for (uint64_t done = 0; done < part->size_bytes;) {
        ssize_t got = pread(part->fd, buffer, CG_DIGEST_READ_SIZE, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spool_fail(err, errno, "read the part", part->name);
        if (got == 0)
            return cg_fail(err, CG_E_IO, "the part %s ends at %" PRIu64 " bytes, expected %" PRIu64, part->name, done,
                           part->size_bytes);
        if (hash_ring_add(hashes, buffer, (size_t)got, err) < 0)
            return -1;
        done += (uint64_t)got;
    }
    part->hashes = CG_STEAL(hashes);
    return 0;
}

static int finish(struct spool_part *part, struct cg_digests *digests, struct cg_error *err)
{
    struct cg_digests made;
    if (fail_if_lost(part, err) < 0)
        return -1;
    /* The part's own name need not last: the content's will. */
    if (fsync(part->fd) < 0)
        return lose(part, errno, err);
    if (!part->hashes && read_again(part, err) < 0)
        return -1;
    if (hash_ring_read(part->hashes, &made, err) < 0 ||
        spool_content_admit(part->spool, part->name, part->fd, &made, err) < 0)
        return -1;
    *digests = made;
    return 0;
}

int spool_part_finish(struct spool_part *part, struct cg_digests *digests, struct cg_error *err)
{
    int result = finish(part, digests, err);
    spool_part_close(part);
    return result;
}

/* Asks for the lock without taking it, so that who asks for a size is never in the way of who writes. */
int spool_part_size(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err)
{
    struct stat status;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (check_name(name, err) < 0)
        return -1;
    CG_AUTO_FD int fd = openat(spool->parts_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *size_bytes = 0;
    if (fd < 0)
        return errno == ENOENT ? 0 : spool_fail(err, errno, "open the part", name);
    if (fcntl(fd, F_OFD_GETLK, &whole) < 0 || fstat(fd, &status) < 0)
        return spool_fail(err, errno, "look at the part", name);
    if (whole.l_type != F_UNLCK)
        return fail_busy(name, err);
    if (still_there(spool, name, &status))
        *size_bytes = (uint64_t)status.st_size;
    return 0;
}

int spool_part_remove(struct spool *spool, const char *name, struct cg_error *err)
{
    struct stat status;
    CG_AUTO_FD int fd = -1;
    if (check_name(name, err) < 0 || open_locked(spool, name, 0, &fd, &status, err) < 0)
        return -1;
    if (fd >= 0 && unlinkat(spool->parts_fd, name, 0) < 0 && errno != ENOENT)
        return spool_fail(err, errno, "remove the part", name);
    return 0;
}

/* 0: the part has all bytes of `fd` without a copy, 1: this file system cannot do that, -1. */
static int clone_into(struct spool_part *part, int fd, struct cg_error *err)
{
    struct stat status;
    if (ioctl(part->fd, FICLONE, fd) < 0)
        return 1;
    if (fstat(part->fd, &status) < 0)
        return spool_fail(err, errno, "look at the part", part->name);
    part->size_bytes = (uint64_t)status.st_size;
    hash_ring_destroy(part->hashes);
    part->hashes = NULL;
    return 0;
}

static int copy_into(struct spool_part *part, int fd, struct cg_error *err)
{
    CG_AUTO_FREE char *buffer = malloc(CG_DIGEST_READ_SIZE);
    if (!buffer)
        return cg_fail_memory(err);
    for (;;) {
        ssize_t got = pread(fd, buffer, CG_DIGEST_READ_SIZE, (off_t)part->size_bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spool_fail(err, errno, "read the file for the part", part->name);
        if (got == 0)
            return 0;
        if (spool_part_append(part, buffer, (size_t)got, err) < 0)
            return -1;
    }
}

int spool_take(struct spool *spool, int fd, struct cg_digests *digests, struct cg_error *err)
{
    uint64_t random_, size_bytes;
    char name[SPOOL_PART_NAME_MOST + 1];
    if (getrandom(&random_, sizeof random_, 0) != (ssize_t)sizeof random_)
        return spool_fail(err, errno, "draw a name for a part in", spool->directory);
    snprintf(name, sizeof name, "take-%016" PRIx64, random_);
    struct spool_part *part = spool_part_open(spool, name, &size_bytes, err);
    if (!part)
        return -1;
    int cloned = clone_into(part, fd, err);
    if (cloned < 0 || (cloned > 0 && copy_into(part, fd, err) < 0)) {
        spool_part_discard(part);
        return -1;
    }
    return spool_part_finish(part, digests, err);
}
