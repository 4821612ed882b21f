/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_UPLOAD_SOURCE_H
#define KOJI_UPLOAD_SOURCE_H

/*
 * The file that an upload reads: each byte is read once, for the wire and for the digests.
 *
 * Notices a file that is changed or cut short while it is read (size, modification time, short reads).
 */

#include "koji/upload.h"

struct koji_source;

#define AUTO_KOJI_SOURCE CG_AUTO(koji_source_auto)

/* Stands at the first byte. NULL with CG_E_MISMATCH (not the size it must have), CG_E_IO, CG_E_MEMORY. */
struct koji_source *koji_source_create(const struct koji_upload *upload, struct cg_error *err);

/*
 * Goes to `offset`, reading everything before it for the digests; `sha256` becomes that of those bytes. 0, or -1 with
 * CG_E_MISMATCH, CG_E_IO, CG_E_MEMORY.
 */
int koji_source_go(struct koji_source *source, uint64_t offset, char sha256[65], struct cg_error *err);

/* Where it stands. */
uint64_t koji_source_offset(const struct koji_source *source);

/* Begins a piece of `length` bytes here. 0, or -1 with CG_E_MEMORY. */
int koji_source_begin_piece(struct koji_source *source, uint64_t length, struct cg_error *err);

/* The piece's next bytes, 0 at its end; `source` is a struct koji_source. KOJI_HTTP_READ_FAILED: see _failure. */
size_t koji_source_read(void *source, char *buffer, size_t size);

/* Why koji_source_read failed; CG_OK if it did not. Borrowed. */
const struct cg_error *koji_source_failure(const struct koji_source *source);

/* The sha256 of the piece as read. 0, or -1 with CG_E_TRANSFER when the hub did not take all of it, CG_E_MEMORY. */
int koji_source_end_piece(struct koji_source *source, char sha256[65], struct cg_error *err);

/* The digests of the whole file, once all is read and it is still the file it was. 0, or -1 with CG_E_MISMATCH. */
int koji_source_finish(struct koji_source *source, struct cg_digests *digests, struct cg_error *err);

/* Bytes that koji_source_read gave out, repeats included. */
uint64_t koji_source_given(const struct koji_source *source);

void koji_source_destroy(struct koji_source *source);

static inline void koji_source_auto(struct koji_source **source)
{
    koji_source_destroy(*source);
}

#endif
