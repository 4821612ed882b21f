/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* copy_file_range(2): Linux, in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "logic/file_copy.h"

#include "cg/auto.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

/* Bytes of one step where the kernel does not copy. */
#define STEP (256U * 1024U)

/* These two file systems do not copy between each other. */
static bool is_unable(int error)
{
    return error == EXDEV || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL;
}

static int write_all(int to, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(to, data + done, size - done);
        if (wrote < 0 && errno != EINTR)
            return -1;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

/* From `offset` on, by a buffer. */
static int copy_by_steps(int from, int to, off_t offset, uint64_t size_bytes)
{
    char *buffer CG_AUTO_FREE = malloc(STEP);
    while (buffer && (uint64_t)offset < size_bytes) {
        uint64_t left = size_bytes - (uint64_t)offset;
        ssize_t got = pread(from, buffer, left < STEP ? (size_t)left : STEP, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        if (write_all(to, buffer, (size_t)got) < 0)
            return -1;
        offset += got;
    }
    return buffer ? 0 : -1;
}

int file_copy(int from, int to, uint64_t size_bytes)
{
    off_t offset = 0;
    while ((uint64_t)offset < size_bytes) {
        ssize_t got = copy_file_range(from, &offset, to, NULL, (size_t)(size_bytes - (uint64_t)offset), 0);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return offset == 0 && is_unable(errno) ? copy_by_steps(from, to, 0, size_bytes) : -1;
    }
    return 0;
}
