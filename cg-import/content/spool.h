/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_SPOOL_H
#define CONTENT_SPOOL_H

/*
 * Content-addressed files: posted bytes are appended to a part, and a finished part becomes a content named by its
 * sha256. Shared by all replicas through one directory, which may lie on NFS 4 (fcntl locks are needed).
 *
 * Layout: parts/NAME (being received, owner only), contents/AB/CDEF... (complete, read-only), damaged/SHA256 (set
 * aside), locks. A content appears by rename after its data was fsynced, and the directory is fsynced after it. A
 * failed fsync is final for that file: it is removed and the caller told to send again. Two parts of one content meet:
 * the second is dropped. Whoever reads a content for an import compares its sha256 with its name; one that differs is
 * set aside, never used. Safe to use from many threads and processes; a part belongs to one thread at a time.
 *
 * Not a cache and not a database: which import needs a content is the store's knowledge.
 */

#include "cg/digest.h"
#include "cg/error.h"

#include <stdint.h>

/* Characters of a part's name, at most. */
#define SPOOL_PART_NAME_MOST 64
/* While appending, the free space is looked at again after so many bytes. */
#define SPOOL_ROOM_EVERY (16ULL * 1024ULL * 1024ULL)

struct spool;

struct spool_options {
    const char *directory;
    uint64_t reserve_bytes; /* free space below which nothing is taken in: CG_E_LIMIT, answered with 507 */
};

/*
 * Opens the directory, making what is missing of the layout; the directories above it must be there. NULL with CG_E_IO,
 * CG_E_MEMORY, CG_E_CONFIG (it belongs to another user, or others may write in it).
 */
struct spool *spool_open(const struct spool_options *options, struct cg_error *err);

/* NULL is allowed. Parts must be closed before. */
void spool_close(struct spool *spool);

/* Room for `size_bytes` more above the reserve? 0, or -1 with CG_E_LIMIT that names both figures, CG_E_IO. */
int spool_room(struct spool *spool, uint64_t size_bytes, struct cg_error *err);

/* --- parts ------------------------------------------------------------------------------------------------------- */

/* A part being written; it outlives the process as a file. */
struct spool_part;

/*
 * Opens part `name` (letters, digits, dash) for appending, locked against others, made if missing. *size_bytes is what
 * it has. NULL with CG_E_BUSY while another writes it, CG_E_USAGE (a name that is none), CG_E_LIMIT (disk full),
 * CG_E_IO, CG_E_MEMORY.
 *
 * A part opened empty is hashed while it is appended to, beside the caller; one that had bytes is read once when it is
 * finished, however often it was opened in between.
 */
struct spool_part *spool_part_open(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err);

/*
 * Appends all of `data`, or nothing: 0, or -1 with CG_E_LIMIT when the disk is full, a quota is reached or the reserve
 * would be touched, CG_E_IO. After a failure the part is as before and may be appended to again.
 */
int spool_part_append(struct spool_part *part, const void *data, size_t size, struct cg_error *err);

/*
 * Makes what was appended durable, so that an offset may be promised to a sender. 0, or -1 with CG_E_LIMIT, CG_E_IO:
 * then the part is removed, and every later call for it but close and discard fails.
 */
int spool_part_sync(struct spool_part *part, struct cg_error *err);

/* Closes without finishing; the file stays for a later append. NULL is allowed. */
void spool_part_close(struct spool_part *part);

/* Closes and removes. NULL is allowed. */
void spool_part_discard(struct spool_part *part);

/*
 * Ends the part: md5, sha256 and adler32 of it, data and directory durable, now a content. The part is closed in any
 * case. 0, or -1 with CG_E_LIMIT, CG_E_IO (removed if its data could not be made durable, else it stays and may be
 * opened and finished again), CG_E_MEMORY (stays).
 */
int spool_part_finish(struct spool_part *part, struct cg_digests *digests, struct cg_error *err);

/* Bytes of a part that nobody writes, 0 if there is none. 0, or -1 with CG_E_BUSY, CG_E_USAGE, CG_E_IO. */
int spool_part_size(struct spool *spool, const char *name, uint64_t *size_bytes, struct cg_error *err);

/* Removes a part that nobody writes; one that is not there is removed already. 0, or -1 as above. */
int spool_part_remove(struct spool *spool, const char *name, struct cg_error *err);

/*
 * Takes in a file that lies elsewhere, all of it wherever `fd` stands (reflink where possible, else copy), like a part
 * that is finished. 0, or -1 with the errors of a part.
 */
int spool_take(struct spool *spool, int fd, struct cg_digests *digests, struct cg_error *err);

/* --- contents ----------------------------------------------------------------------------------------------------- */

/* Every function below fails with CG_E_USAGE if `sha256` is not 64 lower-case hexadecimal digits. */

/* Opens a content for reading, not comparing its digest: descriptor, or -1 with CG_E_IO (gone). */
int spool_content_open(struct spool *spool, const char *sha256, uint64_t *size_bytes, struct cg_error *err);

/* Is the content there, be it right or damaged? 1, 0, or -1 with CG_E_IO when that cannot be told. */
int spool_content_is_there(struct spool *spool, const char *sha256, struct cg_error *err);

/* Makes a content young again, for one that is to be used though nobody sent it anew. 0, or -1 with CG_E_IO (gone). */
int spool_content_keep(struct spool *spool, const char *sha256, uint64_t *size_bytes, struct cg_error *err);

/* Reads a content and compares. 0, or -1 with CG_E_MISMATCH (it was set aside), CG_E_IO, CG_E_MEMORY. */
int spool_content_verify(struct spool *spool, const char *sha256, struct cg_error *err);

/* Moves a content whose bytes proved wrong to damaged/, for whoever hashed it while reading. 0, or -1 with CG_E_IO. */
int spool_content_set_aside(struct spool *spool, const char *sha256, struct cg_error *err);

/*
 * Lays a content out as `directory_fd`/path for an import from files, making directories of the path as needed and
 * replacing a file: hard link, else reflink, else copy. 0, or -1 with CG_E_USAGE (the path is absolute, or a step of it
 * is empty, "." or ".."), CG_E_LIMIT, CG_E_IO.
 */
int spool_content_place(struct spool *spool, const char *sha256, int directory_fd, const char *path,
                        struct cg_error *err);

/*
 * Removes a content that is at least `least_age_s` old; one that is not there is removed already. CG_E_BUSY if it is
 * younger: it was sent or kept meanwhile.
 */
int spool_content_remove(struct spool *spool, const char *sha256, double least_age_s, struct cg_error *err);

/* --- collecting garbage ------------------------------------------------------------------------------------------- */

enum spool_kind { SPOOL_PARTS, SPOOL_CONTENTS };

/*
 * What is told of each: the part's name or the content's sha256, seconds since it was last written or kept, bytes.
 * Returns 0 to go on; anything else ends the walk, which returns it.
 */
typedef int spool_seen(void *context, const char *name, double age_s, uint64_t size_bytes);

/* Calls `seen` for every part or content; removing is allowed meanwhile. 0, what `seen` returned, or -1 with CG_E_IO.
 */
int spool_walk(struct spool *spool, enum spool_kind kind, spool_seen *seen, void *context, struct cg_error *err);

#endif
