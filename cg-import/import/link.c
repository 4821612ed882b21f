/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Bytes of one read of a copy. */
#define COPY_SIZE (256U * 1024U)

/* The hub's work directory, opened. */
struct volume {
    int work;          /* descriptor of TOPDIR/work */
    struct stat owner; /* of TOPDIR/work */
    char *path;        /* owned */
};

static void volume_finish(struct volume *volume)
{
    if (volume->work >= 0)
        close(volume->work);
    free(volume->path);
}

static int open_volume(const struct import_work *work, struct volume *volume, struct cg_error *err)
{
    const char *topdir = koji_session_profile(work->session)->topdir;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (!topdir || !topdir[0])
        return cg_fail(err, CG_E_CONFIG, "the profile has no topdir, so there is no hub volume to link into");
    if (cg_bytes_printf(&path, err, "%s/work", topdir) < 0)
        return -1;
    volume->work = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (volume->work < 0 || fstat(volume->work, &volume->owner) < 0) {
        cg_fail_errno(err, "open the hub's work directory", path.data);
        return cg_hint(err, "--link wants the hub's volume mounted at the profile's topdir; without it files are sent");
    }
    volume->path = cg_bytes_steal(&path);
    return 0;
}

/* Makes one directory below `parent` if it is missing, and gives it to the owner of the work directory. */
static int make_directory(const struct volume *volume, const char *path, struct cg_error *err)
{
    if (mkdirat(volume->work, path, 0755) < 0) {
        if (errno == EEXIST)
            return 0;
        return cg_fail_errno(err, "make in the hub's work directory", path);
    }
    struct stat made;
    if (fstatat(volume->work, path, &made, AT_SYMLINK_NOFOLLOW) < 0)
        return cg_fail_errno(err, "look at", path);
    if (made.st_uid == volume->owner.st_uid)
        return 0;
    if (fchownat(volume->work, path, volume->owner.st_uid, volume->owner.st_gid, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    cg_fail_errno(err, "give to the owner of the hub's work directory", path);
    unlinkat(volume->work, path, AT_REMOVEDIR);
    return cg_hint(err, "run as root or as user %ju, or leave --link out", (uintmax_t)volume->owner.st_uid);
}

/* Makes every directory of `path`. */
static int make_directories(const struct volume *volume, const char *path, struct cg_error *err)
{
    CG_AUTO_FREE char *copy = strdup(path);
    if (!copy)
        return cg_fail_memory(err);
    for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_directory(volume, copy, err) < 0)
            return -1;
        *slash = '/';
    }
    return make_directory(volume, copy, err);
}

static int copy_bytes(int from, int to)
{
    CG_AUTO_FREE char *buffer = malloc(COPY_SIZE);
    if (!buffer)
        return -1;
    for (;;) {
        ssize_t got = read(from, buffer, COPY_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(to, buffer + done, (size_t)(got - done));
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return -1;
            done += written;
        }
    }
}

/* A new, empty file of the hub's: owned by the web server's user when we may, who can read it all the same. */
static int make_file(const struct volume *volume, const char *target, struct cg_error *err)
{
    int fd = openat(volume->work, target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return cg_fail_errno(err, "make in the hub's work directory", target);
    if (fchown(fd, volume->owner.st_uid, volume->owner.st_gid) == 0 || errno == EPERM)
        return fd;
    cg_fail_errno(err, "give to the owner of the hub's work directory", target);
    close(fd);
    return -1;
}

/*
 * May the hub live with a hard link to this file? The link keeps owner and mode: the file must be readable for the web
 * server, and nobody but the web server's user and root may be able to change the build through it.
 */
static bool may_hard_link(const struct volume *volume, const struct stat *file)
{
    bool trusted = file->st_uid == volume->owner.st_uid || file->st_uid == 0;
    bool readable = file->st_uid == volume->owner.st_uid || (file->st_mode & S_IROTH);
    return trusted && readable && !(file->st_mode & (S_IWGRP | S_IWOTH));
}

/* The same blocks if the file system can share them, else a hard link, else a copy. */
static int place_file(const struct volume *volume, int source, const char *local_path, const char *target,
                      struct cg_error *err)
{
    struct stat status;
    if (fstat(source, &status) < 0)
        return cg_fail_errno(err, "look at", local_path);
    CG_AUTO_FD int fd = make_file(volume, target, err);
    if (fd < 0)
        return -1;
    if (ioctl(fd, FICLONE, source) == 0)
        return 0;
    if (may_hard_link(volume, &status) && unlinkat(volume->work, target, 0) == 0) {
        if (linkat(AT_FDCWD, local_path, volume->work, target, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        close(fd);
        fd = make_file(volume, target, err);
    }
    if (fd < 0)
        return -1;
    return copy_bytes(source, fd) < 0 ? cg_fail_errno(err, "copy to the hub's work directory", target) : 0;
}

/*
 * Reads back what lies in the hub's work directory. A large file is left to the hub, which makes the stated checksum of
 * what lies there before it imports anything.
 */
static int verify(struct import_work *work, const struct volume *volume, const struct import_parcel *parcel,
                  const char *target, struct cg_error *err)
{
    if (parcel->output->size_bytes > IMPORT_JUDGED_BYTES)
        return 0;
    CG_AUTO_FD int fd = openat(volume->work, target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return cg_fail_errno(err, "open", target);
    struct cg_digests digests;
    if (cg_digest_fd(fd, target, (unsigned)parcel->output->checksum_kind, &digests, err) < 0)
        return -1;
    return import_parcel_judge(work, parcel, &digests, err);
}

static int place(struct import_work *work, const struct volume *volume, const struct import_parcel *parcel,
                 struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes target = {0};
    if (cg_bytes_printf(&target, err, "%s/%s", parcel->hub_directory, parcel->filename) < 0 ||
        make_directories(volume, parcel->hub_directory, err) < 0)
        return -1;
    CG_AUTO_FD int source = open(parcel->local_path, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return cg_fail_errno(err, "open", parcel->local_path);
    if (unlinkat(volume->work, target.data, 0) < 0 && errno != ENOENT)
        return cg_fail_errno(err, "replace", target.data);
    if (place_file(volume, source, parcel->local_path, target.data, err) < 0)
        return -1;
    return verify(work, volume, parcel, target.data, err);
}

int import_link(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    CG_AUTO(volume_finish) struct volume volume = {.work = -1};
    if (open_volume(work, &volume, err) < 0)
        return -1;
    for (size_t i = 0; i < parcels->count; i++) {
        struct import_parcel *parcel = &parcels->items[i];
        if (import_may_go_on(work, "all files were linked", err) < 0 || place(work, &volume, parcel, err) < 0)
            return -1;
        parcel->state = IMPORT_PARCEL_THERE;
        work->result->linked_bytes += parcel->output->size_bytes;
        if (work->listener->progress)
            work->listener->progress(work->listener->context, work->result->linked_bytes, parcels->total_bytes);
    }
    return 0;
}
