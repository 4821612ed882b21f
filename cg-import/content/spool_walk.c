/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/spool.h"
#include "content/spool_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One directory on its way. */
struct walk {
    enum spool_kind kind;
    const char *fan; /* what stands before each name: "" for parts */
    spool_seen *seen;
    void *context;
};

static void close_directory(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

/* Tells of one entry unless it is not ours or has gone meanwhile. */
static int tell(const struct walk *walk, int fd, const char *entry, struct cg_error *err)
{
    char name[SPOOL_SHA256_DIGITS + 2];
    struct stat status;
    int length = snprintf(name, sizeof name, "%s%s", walk->fan, entry);
    bool ours = length > 0 && (size_t)length < sizeof name &&
                (walk->kind == SPOOL_PARTS ? spool_is_part_name(name) : spool_is_sha256(name));
    if (!ours)
        return 0;
    if (fstatat(fd, entry, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : spool_fail(err, errno, "look at", name);
    if (!S_ISREG(status.st_mode))
        return 0;
    return walk->seen(walk->context, name, spool_age_s(&status), (uint64_t)status.st_size);
}

static int walk_directory(const struct walk *walk, int above, const char *path, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : spool_fail(err, errno, "open the directory", path);
    CG_AUTO(close_directory) DIR *directory = fdopendir(fd);
    if (!directory)
        return spool_fail(err, errno, "list the directory", path);
    (void)cg_steal_fd(&fd); /* the directory's */
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry && errno != 0)
            return spool_fail(err, errno, "list the directory", path);
        if (!entry)
            return 0;
        int told = tell(walk, dirfd(directory), entry->d_name, err);
        if (told != 0)
            return told;
    }
}

int spool_walk(struct spool *spool, enum spool_kind kind, spool_seen *seen, void *context, struct cg_error *err)
{
    struct walk walk = {.kind = kind, .fan = "", .seen = seen, .context = context};
    if (kind == SPOOL_PARTS)
        return walk_directory(&walk, spool->root_fd, "parts", err);
    for (unsigned i = 0; i < 256; i++) {
        char fan[SPOOL_FAN_DIGITS + 1];
        snprintf(fan, sizeof fan, "%02x", i & 0xFFU);
        walk.fan = fan;
        int result = walk_directory(&walk, spool->contents_fd, fan, err);
        if (result != 0)
            return result;
    }
    return 0;
}
