/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/staging.h"

#include "cg/bytes.h"
#include "logic/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

/* A name that no upload can have: the hub refuses those that begin with a dot (kojihub get_upload_path). */
#define PASSING_NAME_SIZE 48

const char *staging_method_name(enum staging_method method)
{
    static const char *const names[] = {"there", "reflink", "link", "copy"};
    return names[method];
}

/* --- the three ways ----------------------------------------------------------------------------------------------- */

/* What is being put into the directory, under a passing name. */
struct placing {
    int source;
    int directory;
    const char *name;
    const struct content_id *content;
    struct content_seal *seal;
    unsigned threads;
    char passing[PASSING_NAME_SIZE];
};

static int fail_place(int error, const char *what, const char *name, struct cg_error *err)
{
    if (error == ENOSPC || error == EDQUOT)
        return cg_fail(err, CG_E_LIMIT, "cannot %s %s: %s", what, name, strerror(error));
    errno = error;
    return cg_fail_errno(err, what, name);
}

static int choose_passing(struct placing *placing, struct cg_error *err)
{
    unsigned char random[16];
    char digits[2 * sizeof random + 1];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return cg_fail_errno(err, "get", "random bytes");
    cg_hex(digits, random, sizeof random);
    snprintf(placing->passing, sizeof placing->passing, ".cgimport-%s", digits);
    return 0;
}

/* A file of its own with the source's blocks or bytes, read back. 1, 0, -1. */
static int place_own(const struct placing *placing, enum staging_method method, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(placing->directory, placing->passing, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_place(errno, "make a file for", placing->name, err);
    int made = method == STAGING_REFLINK ? ioctl(fd, FICLONE, placing->source)
                                         : file_copy(placing->source, fd, placing->content->size_bytes);
    if (made < 0)
        return fail_place(errno, method == STAGING_REFLINK ? "reflink" : "copy to", placing->name, err);
    return reading_verify(fd, placing->name, placing->content, placing->seal, placing->threads, err);
}

/*
 * The source itself under another name, read-only first: 1, 0, -1, or 2 when it cannot be linked. By its descriptor, so
 * that what is linked is what was opened.
 */
static int place_link(const struct placing *placing, struct cg_error *err)
{
    struct stat status;
    char path[64];
    if (fstat(placing->source, &status) < 0 || fchmod(placing->source, status.st_mode & 07555) < 0)
        return 2;
    snprintf(path, sizeof path, "/proc/self/fd/%d", placing->source);
    if (linkat(AT_FDCWD, path, placing->directory, placing->passing, AT_SYMLINK_FOLLOW) < 0)
        return 2;
    return reading_verify(placing->source, placing->name, placing->content, placing->seal, placing->threads, err);
}

static void forget(const struct placing *placing)
{
    unlinkat(placing->directory, placing->passing, 0);
}

/* Reflink, else link, else copy; under the passing name when 1 is returned. */
static int place(const struct placing *placing, enum staging_links links, enum staging_method *method,
                 struct cg_error *err)
{
    struct cg_error refused = {0};
    *method = STAGING_REFLINK;
    int placed = place_own(placing, STAGING_REFLINK, &refused);
    if (placed >= 0)
        return placed;
    forget(placing);
    if (refused.code == CG_E_LIMIT || refused.code == CG_E_MEMORY) {
        *err = refused;
        return -1;
    }
    *method = STAGING_LINK;
    placed = links == STAGING_MAY_LINK ? place_link(placing, err) : 2;
    if (placed != 2)
        return placed;
    *method = STAGING_COPY;
    return place_own(placing, STAGING_COPY, err);
}

/* --- the name ----------------------------------------------------------------------------------------------------- */

/* Is what has the name that very content? 1, or -1 with CG_E_CONFLICT. */
static int meet(const struct placing *placing, struct cg_error *err)
{
    CG_AUTO_FD int fd = openat(placing->directory, placing->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return cg_fail(err, CG_E_CONFLICT, "upload path exists and is no file: %s", placing->name);
    int same = reading_verify(fd, placing->name, placing->content, placing->seal, placing->threads, err);
    return same == 0 ? cg_fail(err, CG_E_CONFLICT, "upload path exists: %s", placing->name) : same;
}

/* Gives the passing file its name, never replacing another. */
static int publish(const struct placing *placing, enum staging_method *method, struct cg_error *err)
{
    if (linkat(placing->directory, placing->passing, placing->directory, placing->name, 0) == 0)
        return 1;
    if (errno == EEXIST) {
        *method = STAGING_THERE;
        return meet(placing, err);
    }
    /* A file system without hard links, or one that gives no more of them. */
    struct stat status;
    if (fstatat(placing->directory, placing->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return cg_fail(err, CG_E_CONFLICT, "upload path exists: %s", placing->name);
    if (renameat(placing->directory, placing->passing, placing->directory, placing->name) < 0)
        return fail_place(errno, "name", placing->name, err);
    return 1;
}

int staging_place(int source, int directory, const char *name, const struct content_id *content,
                  struct content_seal *seal, enum staging_links links, unsigned threads, enum staging_method *method,
                  struct cg_error *err)
{
    struct placing placing = {source, directory, name, content, seal, threads, ""};
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        *method = STAGING_THERE;
        return meet(&placing, err);
    }
    if (choose_passing(&placing, err) < 0)
        return -1;
    int placed = place(&placing, links, method, err);
    if (placed == 1)
        placed = publish(&placing, method, err);
    forget(&placing);
    return placed;
}
