/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_SPOOL_H
#define CONTENT_SPOOL_H

/*
 * Content-addressed files: posted bytes are appended to a part, and a finished part becomes a content named by its
 * sha256. Shared by all replicas through one directory.
 *
 * Layout: parts/NAME (being received, owner only), contents/AB/CDEF... (complete, read-only). A content appears by
 * link or rename after its data was fsynced, and the directory is fsynced after it. A failed fsync is final for that
 * file: it is removed and the caller told to send again. Two parts of one content meet: the second is dropped.
 * A content is hashed again when it is read for an import; one that differs is set aside (damaged/), never used.
 */

#include "cg/digest.h"
#include "cg/error.h"

#include <stdint.h>

struct spool;

struct spool_options {
    const char *directory;
    uint64_t reserve_bytes; /* free space below which nothing is taken in: CG_E_LIMIT, answered with 507 */
};

/* Makes what is missing of the layout. NULL with CG_E_IO, CG_E_CONFIG (not ours, or writable by others). */
struct spool *spool_open(const struct spool_options *options, struct cg_error *err);

/* Room for `size_bytes` more above the reserve? 0, or -1 with CG_E_LIMIT that names both figures. */
int spool_room(struct spool *spool, uint64_t size_bytes, struct cg_error *err);

/* A part being written by one thread; it outlives the process as a file. */
struct spool_part;

/* Opens part `name` (letters, digits, dash) for appending, locked against others: CG_E_BUSY while another writes it.
 * Creates it when missing. *size_bytes is what it has. Its digests are made again by reading what is there. */
struct spool_part *spool_part_open(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err);

/* Appends; at most `size` bytes are written, all or an error (CG_E_LIMIT when the disk is full, CG_E_IO). */
int spool_part_append(struct spool_part *part, const void *data, size_t size, struct cg_error *err);

/* Makes what was appended durable, so that an offset may be promised to a sender. */
int spool_part_sync(struct spool_part *part, struct cg_error *err);

/* Closes without finishing; the file stays for a later append. NULL is allowed. */
void spool_part_close(struct spool_part *part);

/* Ends the part: all digests of it, data and directory durable, now a content. The part is closed in any case. */
int spool_part_finish(struct spool_part *part, struct cg_digests *digests, struct cg_error *err);

/* Closes and removes. */
void spool_part_discard(struct spool_part *part);

/* Size of a part that nobody writes, 0 if there is none. */
int spool_part_size(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err);
int spool_part_remove(struct spool *spool, const char *name, struct cg_error *err);

/* Takes in a file that lies elsewhere (reflink where possible, else copy). */
int spool_take(struct spool *spool, int fd, struct cg_digests *digests, struct cg_error *err);

/* Opens a content for reading: descriptor, or -1 with CG_E_IO (gone). */
int spool_content_open(struct spool *spool, const char *sha256, uint64_t *size_bytes, struct cg_error *err);

/* Lays the contents of a build out as `directory`/path by hard link or reflink or copy, for an import from files. */
int spool_content_place(struct spool *spool, const char *sha256, int directory_fd, const char *path,
                        struct cg_error *err);

int spool_content_remove(struct spool *spool, const char *sha256, struct cg_error *err);

/* Calls `seen` for every part (is_part) or content with its age in seconds; for garbage collection. */
typedef int spool_seen(void *context, const char *name, double age_s, uint64_t size_bytes);
enum spool_kind { SPOOL_PARTS, SPOOL_CONTENTS };
int spool_walk(struct spool *spool, enum spool_kind kind, spool_seen *seen, void *context, struct cg_error *err);

/* NULL is allowed. */
void spool_close(struct spool *spool);

#endif
