/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_STREAM_H
#define CONTENT_IMAGE_STREAM_H

/*
 * A stream of bytes that may be compressed (gzip, bzip2, xz, zstd), read once from front to back: its digests before
 * and after decompression, and the tar archive in it.
 *
 * libarchive decompresses and reads the tar; its filters that run programs are not used. Streams nest: the bytes of an
 * entry of one tar are the source of another stream. Nothing is written anywhere.
 */

#include "cg/digest.h"
#include "content/image_budget.h"

#include <stdbool.h>
#include <sys/types.h>

struct archive;
struct archive_entry;

/* Where the bytes come from. *data is valid until the next call. Bytes, 0 at the end, or -1 with an error. */
struct image_source {
    ssize_t (*pull)(void *context, const void **data, struct cg_error *err);
    void *context;
};

struct image_stream;

/*
 * Begins. The budget is borrowed. NULL with CG_E_MEMORY, CG_E_LIMIT, CG_E_FORM (it is compressed and cannot be
 * decompressed), or the error of the source.
 */
struct image_stream *image_stream_open(struct image_source source, struct image_budget *budget, struct cg_error *err);

/* "gzip", "none", ...: borrowed. */
const char *image_stream_compression(const struct image_stream *stream);

/* The next bytes, decompressed; valid until the next call. Bytes, 0 at the end, or -1 as above. */
ssize_t image_stream_pull(struct image_stream *stream, const void **data, struct cg_error *err);

/* Reads what is left. 0, or -1 as above. */
int image_stream_drain(struct image_stream *stream, struct cg_error *err);

/* What was read so far, as it came (`packed`, which may be NULL) and decompressed. 0, or -1 with CG_E_MEMORY. */
int image_stream_digests(const struct image_stream *stream, struct cg_digests *packed, struct cg_digests *unpacked,
                         struct cg_error *err);

/* NULL is allowed. */
void image_stream_close(struct image_stream *stream);

#define AUTO_IMAGE_STREAM CG_AUTO(image_stream_auto)
static inline void image_stream_auto(struct image_stream **stream)
{
    image_stream_close(*stream);
}

/* --- the tar in a stream -------------------------------------------------------------------------------------------
 */

struct image_tar;

/* The stream is borrowed. NULL with CG_E_MEMORY. */
struct image_tar *image_tar_open(struct image_stream *stream, struct cg_error *err);

/*
 * The next entry, borrowed until the next call. 1; 0 at the end, when the stream was read to its end; -1 with CG_E_FORM
 * (no tar archive, or a broken one), CG_E_LIMIT, CG_E_MEMORY or the error of the stream.
 */
int image_tar_next(struct image_tar *tar, struct archive_entry **entry, struct cg_error *err);

/* The next bytes of the entry, for regular files, and where in it they belong: a sparse one has gaps. As
 * image_stream_pull(). */
ssize_t image_tar_pull(struct image_tar *tar, const void **data, uint64_t *offset, struct cg_error *err);

/* After a failure of the first image_tar_next(): is it no tar archive at all, rather than a broken one? */
bool image_tar_is_none(const struct image_tar *tar);

/* NULL is allowed. */
void image_tar_close(struct image_tar *tar);

#define AUTO_IMAGE_TAR CG_AUTO(image_tar_auto)
static inline void image_tar_auto(struct image_tar **tar)
{
    image_tar_close(*tar);
}

#endif
