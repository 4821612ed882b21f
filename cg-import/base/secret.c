/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explicit_bzero: a wipe that the compiler does not take away. */
#define _GNU_SOURCE
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes of a secret's line; session keys, tokens and passwords have less than a hundred. */
#define LINE_MAX_BYTES 4096

int secret_set(struct secret *secret, const char *text, struct cg_error *err)
{
    char *copy = strdup(text);
    if (!copy)
        return cg_fail_memory(err);
    secret_finish(secret);
    secret->hidden_ = copy;
    return 0;
}

static int check_private(int fd, const char *path, struct cg_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return cg_fail_errno(err, "read", path);
    if (!S_ISREG(status.st_mode))
        return cg_fail(err, CG_E_CONFIG, "%s is not a regular file", path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return 0;
    cg_fail(err, CG_E_CONFIG, "%s can be written by others (mode %04o)", path, (unsigned)(status.st_mode & 07777));
    return cg_hint(err, "chmod 600 %s", path);
}

/* Fills `line`, at most `size` bytes, up to the end of the file; the number of bytes, or -1. */
static ssize_t read_all(int fd, char *line, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        ssize_t got = read(fd, line + filled, size - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        filled += (size_t)got;
    }
    return (ssize_t)filled;
}

/* Cuts `text`, of `size` bytes and one to spare, after its first line and takes it as the secret. */
static int take_line(struct secret *secret, char *text, size_t size, const char *path, struct cg_error *err)
{
    char *end = memchr(text, '\n', size);
    if (!end && size == LINE_MAX_BYTES)
        return cg_fail(err, CG_E_CONFIG, "the first line of %s is longer than %d bytes", path, LINE_MAX_BYTES - 1);
    size_t length = end ? (size_t)(end - text) : size;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (memchr(text, '\0', length))
        return cg_fail(err, CG_E_CONFIG, "the first line of %s has a NUL byte", path);
    if (length == 0)
        return cg_fail(err, CG_E_CONFIG, "the first line of %s is empty; expected a secret", path);
    text[length] = '\0';
    return secret_set(secret, text, err);
}

int secret_set_from_file(struct secret *secret, const char *path, struct cg_error *err)
{
    /* O_NONBLOCK: opening a pipe that nobody writes must not hang. */
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    if (check_private(fd, path, err) != 0)
        return -1;
    char text[LINE_MAX_BYTES + 1];
    ssize_t size = read_all(fd, text, LINE_MAX_BYTES);
    int result = size < 0 ? cg_fail_errno(err, "read", path) : take_line(secret, text, (size_t)size, path, err);
    secret_wipe(text, sizeof text);
    return result;
}

int secret_copy(struct secret *to, const struct secret *from, struct cg_error *err)
{
    if (to == from)
        return 0;
    if (secret_is_set(from))
        return secret_set(to, from->hidden_, err);
    secret_finish(to);
    return 0;
}

int secret_join(struct secret *to, const char *before, const struct secret *secret, const char *after,
                struct cg_error *err)
{
    const char *middle = secret_reveal(secret);
    size_t size = strlen(before) + strlen(middle) + strlen(after) + 1;
    char *joined = malloc(size);
    if (!joined)
        return cg_fail_memory(err);
    stpcpy(stpcpy(stpcpy(joined, before), middle), after);
    secret_finish(to);
    to->hidden_ = joined;
    return 0;
}

bool secret_is_set(const struct secret *secret)
{
    return secret->hidden_ != NULL;
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->hidden_ ? secret->hidden_ : "";
}

void secret_wipe(void *memory, size_t size)
{
    if (memory)
        explicit_bzero(memory, size);
}

void secret_finish(struct secret *secret)
{
    if (!secret->hidden_)
        return;
    secret_wipe(secret->hidden_, strlen(secret->hidden_));
    free(secret->hidden_);
    secret->hidden_ = NULL;
}
