/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/upload_file.h"

#include "cg/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* Is `path` relative, without "..", and does its last part begin with something else than a dot? */
static bool is_inside(const char *path)
{
    const char *part = path;
    if (path[0] == '/' || path[0] == '\0')
        return false;
    for (;;) {
        size_t length = strcspn(part, "/");
        if (length == 2 && strncmp(part, "..", 2) == 0)
            return false;
        if (part[length] == '\0')
            return length > 0;
        part += length + 1;
    }
}

/* Whose directory it is, as the hub wrote it there; false when it does not say. */
static bool read_owner(int directory, int64_t *owner)
{
    char text[32] = "";
    char *end = NULL;
    int fd CG_AUTO_FD = openat(directory, ".user", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return false;
    *owner = strtoll(text, &end, 10);
    return end != text && (*end == '\0' || *end == '\n');
}

static int open_directory(const char *work, const char *directory, struct cg_error *err)
{
    int root CG_AUTO_FD = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return cg_fail_errno(err, "open", work);
    int fd = openat(root, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail(err, CG_E_MISMATCH, "no such upload directory: %s", directory);
    return fd;
}

int upload_file_open(const char *work, const char *directory, const char *name, int64_t user_id, struct cg_error *err)
{
    struct stat st;
    int64_t owner = 0;
    const char *slash = strrchr(name, '/');

    if (!is_inside(directory))
        return cg_fail(err, CG_E_USAGE, "\"%s\" is no upload directory: expected a path below the hub's work directory",
                       directory);
    if (!is_inside(name) || (slash ? slash[1] : name[0]) == '.')
        return cg_fail(err, CG_E_USAGE, "\"%s\" is no name of an upload: expected a path below the upload directory",
                       name);
    int place CG_AUTO_FD = open_directory(work, directory, err);
    if (place < 0)
        return -1;
    if (user_id != UPLOAD_ANY_USER && (!read_owner(place, &owner) || owner != user_id))
        return cg_fail(err, CG_E_AUTH, "the upload directory %s is another user's", directory);

    int fd CG_AUTO_FD = openat(place, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return cg_fail(err, CG_E_MISMATCH, "no such file: %s", name);
    if (fd < 0 || fstat(fd, &st) < 0)
        return cg_fail_errno(err, "open", name);
    if (!S_ISREG(st.st_mode))
        return cg_fail(err, CG_E_MISMATCH, "%s is no regular file", name);
    return cg_steal_fd(&fd);
}
