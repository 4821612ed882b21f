/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

struct image_stream {
    struct image_source source;
    struct image_budget *budget;
    struct archive *unpacker;   /* the format "raw" behind the filters */
    struct cg_digest *packed;   /* of what came */
    struct cg_digest *unpacked; /* NULL: nothing is compressed, so `packed` is it */
    struct cg_error failure;    /* of the source, while libarchive is between it and us */
    bool ended;
};

/* What libarchive says is wrong, unless the source failed, whose error is the reason then. Returns -1. */
static int fail_archive(struct archive *archive, const struct cg_error *failure, struct cg_error *err)
{
    if (failure->code != CG_OK) {
        if (err && err->code == CG_OK)
            *err = *failure;
        return -1;
    }
    const char *text = archive_error_string(archive);
    if (archive_errno(archive) == ENOMEM)
        return cg_fail_memory(err);
    return cg_fail(err, CG_E_FORM, "%s", text ? text : "it cannot be read");
}

/* --- decompressing -------------------------------------------------------------------------------------------------
 */

static la_ssize_t pull_packed(struct archive *archive, void *context, const void **data)
{
    struct image_stream *stream = context;
    ssize_t size = stream->source.pull(stream->source.context, data, &stream->failure);
    if (size > 0 && cg_digest_update(stream->packed, *data, (size_t)size, &stream->failure) < 0)
        size = -1;
    if (size < 0)
        archive_set_error(archive, EIO, "the source failed");
    return size;
}

static int add_filters(struct archive *unpacker, struct cg_error *err)
{
    static int (*const filters[])(struct archive *) = {
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
        archive_read_support_filter_zstd};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (filters[i](unpacker) < ARCHIVE_WARN)
            return fail_archive(unpacker, &(struct cg_error){0}, err);
    /* "raw" does not take nothing at all. */
    if (archive_read_support_format_raw(unpacker) != ARCHIVE_OK ||
        archive_read_support_format_empty(unpacker) != ARCHIVE_OK)
        return fail_archive(unpacker, &(struct cg_error){0}, err);
    return 0;
}

static int begin(struct image_stream *stream, struct cg_error *err)
{
    stream->packed = cg_digest_create(CG_DIGEST_SHA256, err);
    stream->unpacker = archive_read_new();
    if (!stream->packed)
        return -1;
    if (!stream->unpacker)
        return cg_fail_memory(err);
    if (add_filters(stream->unpacker, err) < 0)
        return -1;
    struct archive_entry *entry;
    int result = archive_read_open2(stream->unpacker, stream, NULL, pull_packed, NULL, NULL);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(stream->unpacker, &entry);
    if (result == ARCHIVE_EOF)
        stream->ended = true;
    else if (result < ARCHIVE_WARN)
        return fail_archive(stream->unpacker, &stream->failure, err);
    if (archive_filter_count(stream->unpacker) <= 1)
        return 0;
    stream->unpacked = cg_digest_create(CG_DIGEST_SHA256, err);
    return stream->unpacked ? 0 : -1;
}

struct image_stream *image_stream_open(struct image_source source, struct image_budget *budget, struct cg_error *err)
{
    AUTO_IMAGE_STREAM struct image_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        cg_fail_memory(err);
        return NULL;
    }
    stream->source = source;
    stream->budget = budget;
    return begin(stream, err) < 0 ? NULL : CG_STEAL(stream);
}

const char *image_stream_compression(const struct image_stream *stream)
{
    return archive_filter_name(stream->unpacker, 0);
}

ssize_t image_stream_pull(struct image_stream *stream, const void **data, struct cg_error *err)
{
    size_t size = 0;
    la_int64_t offset;
    while (!stream->ended && size == 0) {
        int result = archive_read_data_block(stream->unpacker, data, &size, &offset);
        if (result == ARCHIVE_EOF)
            stream->ended = true;
        else if (result < ARCHIVE_WARN)
            return fail_archive(stream->unpacker, &stream->failure, err);
    }
    if (size == 0)
        return 0;
    if (image_budget_take(&stream->budget->unpacked_bytes, size, "decompressed bytes", err) < 0)
        return -1;
    if (stream->unpacked && cg_digest_update(stream->unpacked, *data, size, err) < 0)
        return -1;
    return (ssize_t)size;
}

/* What comes after the end of what is compressed is part of what came, whatever it is. */
static int drain_source(struct image_stream *stream, struct cg_error *err)
{
    const void *data;
    ssize_t size;
    while ((size = stream->source.pull(stream->source.context, &data, err)) > 0)
        if (cg_digest_update(stream->packed, data, (size_t)size, err) < 0)
            return -1;
    return size < 0 ? -1 : 0;
}

int image_stream_drain(struct image_stream *stream, struct cg_error *err)
{
    const void *data;
    ssize_t size;
    while ((size = image_stream_pull(stream, &data, err)) > 0)
        continue;
    return size < 0 ? -1 : drain_source(stream, err);
}

int image_stream_digests(const struct image_stream *stream, struct cg_digests *packed, struct cg_digests *unpacked,
                         struct cg_error *err)
{
    if (packed && cg_digest_read(stream->packed, packed, err) < 0)
        return -1;
    return cg_digest_read(stream->unpacked ? stream->unpacked : stream->packed, unpacked, err);
}

void image_stream_close(struct image_stream *stream)
{
    if (!stream)
        return;
    archive_read_free(stream->unpacker);
    cg_digest_destroy(stream->packed);
    cg_digest_destroy(stream->unpacked);
    free(stream);
}

/* --- tar -----------------------------------------------------------------------------------------------------------
 */

struct image_tar {
    struct image_stream *stream;
    struct archive *reader;
    struct cg_error failure; /* of the stream */
    bool open;
    bool none;
};

static la_ssize_t pull_unpacked(struct archive *archive, void *context, const void **data)
{
    struct image_tar *tar = context;
    ssize_t size = image_stream_pull(tar->stream, data, &tar->failure);
    if (size < 0)
        archive_set_error(archive, EIO, "the stream failed");
    return size;
}

struct image_tar *image_tar_open(struct image_stream *stream, struct cg_error *err)
{
    AUTO_IMAGE_TAR struct image_tar *tar = calloc(1, sizeof *tar);
    if (!tar || !(tar->reader = archive_read_new()) || archive_read_support_format_tar(tar->reader) != ARCHIVE_OK ||
        archive_read_support_format_empty(tar->reader) != ARCHIVE_OK) {
        cg_fail_memory(err);
        return NULL;
    }
    tar->stream = stream;
    return CG_STEAL(tar);
}

/* What no format takes is no tar. */
static int open_reader(struct image_tar *tar, struct archive_entry **entry)
{
    if (tar->open)
        return archive_read_next_header(tar->reader, entry);
    tar->open = true;
    int result = archive_read_open2(tar->reader, tar, NULL, pull_unpacked, NULL, NULL);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(tar->reader, entry);
    tar->none = result < ARCHIVE_WARN && tar->failure.code == CG_OK && archive_errno(tar->reader) != ENOMEM &&
                archive_format(tar->reader) == 0;
    return result;
}

int image_tar_next(struct image_tar *tar, struct archive_entry **entry, struct cg_error *err)
{
    int result = open_reader(tar, entry);
    if (result == ARCHIVE_EOF)
        return image_stream_drain(tar->stream, err);
    if (result < ARCHIVE_WARN)
        return fail_archive(tar->reader, &tar->failure, err);
    return image_budget_take(&tar->stream->budget->entries, 1, "entries", err) < 0 ? -1 : 1;
}

ssize_t image_tar_pull(struct image_tar *tar, const void **data, uint64_t *offset, struct cg_error *err)
{
    size_t size = 0;
    la_int64_t place = 0;
    while (size == 0) {
        int result = archive_read_data_block(tar->reader, data, &size, &place);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result < ARCHIVE_WARN)
            return fail_archive(tar->reader, &tar->failure, err);
    }
    *offset = (uint64_t)place;
    return (ssize_t)size;
}

bool image_tar_is_none(const struct image_tar *tar)
{
    return tar->none;
}

void image_tar_close(struct image_tar *tar)
{
    if (!tar)
        return;
    archive_read_free(tar->reader);
    free(tar);
}
