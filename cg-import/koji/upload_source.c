/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/upload_source.h"
#include "koji/digest_pipe.h"
#include "koji/http.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct koji_source {
    const struct koji_upload *upload; /* borrowed */
    struct stat at_first;
    uint64_t offset;
    uint64_t piece_end;
    uint64_t given;
    struct koji_digest_pipe *pipe;
    struct cg_digest *whole; /* sha256 and the kinds wanted, of everything before `offset` */
    struct cg_digest *piece; /* sha256 of a piece that is not the whole file, else NULL */
    struct cg_error failure;
};

static int check_size(const struct koji_upload *upload, const struct stat *status, struct cg_error *err)
{
    if (!S_ISREG(status->st_mode))
        return cg_fail(err, CG_E_IO, "%s is not a regular file", upload->local_name);
    if ((uint64_t)status->st_size == upload->size_bytes)
        return 0;
    return cg_fail(err, CG_E_MISMATCH, "%s has %" PRIu64 " bytes, expected %" PRIu64, upload->local_name,
                   (uint64_t)status->st_size, upload->size_bytes);
}

/* Digests of nothing yet. */
static int begin_whole(struct koji_source *source, struct cg_error *err)
{
    cg_digest_destroy(source->whole);
    source->offset = 0;
    source->whole = cg_digest_create(source->upload->kinds | CG_DIGEST_SHA256, err);
    return source->whole ? 0 : -1;
}

struct koji_source *koji_source_create(const struct koji_upload *upload, struct cg_error *err)
{
    AUTO_KOJI_SOURCE struct koji_source *source = calloc(1, sizeof *source);
    if (!source) {
        cg_fail_memory(err);
        return NULL;
    }
    source->upload = upload;
    if (fstat(upload->fd, &source->at_first) != 0) {
        cg_fail_errno(err, "look at", upload->local_name);
        return NULL;
    }
    if (check_size(upload, &source->at_first, err) < 0 || begin_whole(source, err) < 0)
        return NULL;
    source->pipe = koji_digest_pipe_create(upload->size_bytes, err);
    if (!source->pipe)
        return NULL;
    /* Only advice: a file system that knows none is read all the same. */
    posix_fadvise(upload->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return CG_STEAL(source);
}

/* Reads up to `size` bytes at the offset. The number, 0 at the end of the file, or -1. */
static ssize_t read_here(const struct koji_source *source, char *buffer, size_t size)
{
    ssize_t got;
    do
        got = pread(source->upload->fd, buffer, size, (off_t)source->offset);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Records why a read gave nothing. */
static int fail_read(const struct koji_source *source, ssize_t got, struct cg_error *err)
{
    if (got < 0)
        return cg_fail_errno(err, "read", source->upload->local_name);
    cg_fail(err, CG_E_MISMATCH, "%s was cut short while it was read: it ends after %" PRIu64 " of %" PRIu64 " bytes",
            source->upload->local_name, source->offset, source->upload->size_bytes);
    return cg_hint(err, "nothing may write to the files of a build while it is imported");
}

/* One block, at most to `end`, into the digests; *block holds it until the next call. The number of bytes, or -1. */
static ssize_t read_block(struct koji_source *source, uint64_t end, size_t most, char **block, struct cg_error *err)
{
    uint64_t left = end - source->offset;
    size_t size = most < KOJI_PIPE_BLOCK ? most : KOJI_PIPE_BLOCK;
    if (left < size)
        size = (size_t)left;
    *block = koji_digest_pipe_take(source->pipe);
    ssize_t got = read_here(source, *block, size);
    return got > 0 ? got : fail_read(source, got, err);
}

static void put_block(struct koji_source *source, ssize_t size)
{
    koji_digest_pipe_put(source->pipe, (size_t)size);
    source->offset += (uint64_t)size;
}

int koji_source_go(struct koji_source *source, uint64_t offset, char sha256[65], struct cg_error *err)
{
    struct cg_digests digests;
    if (koji_digest_pipe_wait(source->pipe, err) < 0)
        return -1;
    if (offset != source->offset) {
        if (begin_whole(source, err) < 0)
            return -1;
        koji_digest_pipe_aim(source->pipe, source->whole, NULL);
    }
    while (source->offset < offset) {
        char *block;
        ssize_t got = read_block(source, offset, KOJI_PIPE_BLOCK, &block, err);
        if (got < 0)
            return -1;
        put_block(source, got);
    }
    if (koji_digest_pipe_wait(source->pipe, err) < 0 || cg_digest_read(source->whole, &digests, err) < 0)
        return -1;
    memcpy(sha256, digests.sha256, sizeof digests.sha256);
    return 0;
}

uint64_t koji_source_offset(const struct koji_source *source)
{
    return source->offset;
}

int koji_source_begin_piece(struct koji_source *source, uint64_t length, struct cg_error *err)
{
    if (koji_digest_pipe_wait(source->pipe, err) < 0)
        return -1;
    cg_digest_destroy(source->piece);
    source->piece = NULL;
    source->piece_end = source->offset + length;
    source->failure = (struct cg_error){0};
    bool is_whole = source->offset == 0 && length == source->upload->size_bytes;
    if (!is_whole) {
        source->piece = cg_digest_create(CG_DIGEST_SHA256, err);
        if (!source->piece)
            return -1;
    }
    koji_digest_pipe_aim(source->pipe, source->whole, source->piece);
    return 0;
}

size_t koji_source_read(void *context, char *buffer, size_t size)
{
    struct koji_source *source = context;
    if (source->offset >= source->piece_end)
        return 0;
    char *block;
    ssize_t got = read_block(source, source->piece_end, size, &block, &source->failure);
    if (got < 0)
        return KOJI_HTTP_READ_FAILED;
    memcpy(buffer, block, (size_t)got);
    put_block(source, got);
    source->given += (uint64_t)got;
    if (source->upload->progress)
        source->upload->progress(source->upload->progress_context, source->offset);
    return (size_t)got;
}

const struct cg_error *koji_source_failure(const struct koji_source *source)
{
    return &source->failure;
}

int koji_source_end_piece(struct koji_source *source, char sha256[65], struct cg_error *err)
{
    struct cg_digests digests;
    if (koji_digest_pipe_wait(source->pipe, err) < 0)
        return -1;
    if (source->offset != source->piece_end)
        return cg_fail(err, CG_E_TRANSFER, "the hub answered after %" PRIu64 " of %" PRIu64 " bytes of %s",
                       source->offset, source->piece_end, source->upload->local_name);
    if (cg_digest_read(source->piece ? source->piece : source->whole, &digests, err) < 0)
        return -1;
    memcpy(sha256, digests.sha256, sizeof digests.sha256);
    return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int koji_source_finish(struct koji_source *source, struct cg_digests *digests, struct cg_error *err)
{
    const struct koji_upload *upload = source->upload;
    struct stat now;
    if (koji_digest_pipe_wait(source->pipe, err) < 0)
        return -1;
    if (fstat(upload->fd, &now) != 0)
        return cg_fail_errno(err, "look at", upload->local_name);
    if (check_size(upload, &now, err) < 0)
        return -1;
    if (!same_time(&now.st_mtim, &source->at_first.st_mtim)) {
        cg_fail(err, CG_E_MISMATCH, "%s was changed while it was read", upload->local_name);
        return cg_hint(err, "nothing may write to the files of a build while it is imported");
    }
    return cg_digest_read(source->whole, digests, err);
}

uint64_t koji_source_given(const struct koji_source *source)
{
    return source->given;
}

void koji_source_destroy(struct koji_source *source)
{
    if (!source)
        return;
    koji_digest_pipe_destroy(source->pipe);
    cg_digest_destroy(source->whole);
    cg_digest_destroy(source->piece);
    free(source);
}
