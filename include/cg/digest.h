/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_DIGEST_H
#define CG_DIGEST_H

/*
 * Checksums of a stream, several kinds in one pass.
 *
 * md5, sha1 and sha256 (FIPS 180-4, RFC 1321, by OpenSSL) and adler32 (RFC 1950, by zlib), written as Koji writes
 * them: lower-case hexadecimal. The names are Koji's (koji/__init__.py CHECKSUM_TYPES, kojihub get_verify_class).
 * Not a file cache: a file is read every time.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stdint.h>

/* Kinds, combined with |. */
enum cg_digest_kind {
    CG_DIGEST_MD5 = 1,
    CG_DIGEST_SHA1 = 2,
    CG_DIGEST_SHA256 = 4,
    CG_DIGEST_ADLER32 = 8,
};

/* One read of cg_digest_fd, bytes: large enough that system calls do not show, small enough for a core's cache. */
#define CG_DIGEST_READ_SIZE (256U * 1024U)

/* Results; "" for a kind that was not asked for. */
struct cg_digests {
    uint64_t size_bytes;
    char md5[33];
    char sha1[41];
    char sha256[65];
    char adler32[9];
};

struct cg_digest;

#define CG_AUTO_DIGEST CG_AUTO(cg_digest_auto)

/* The kind Koji calls `name` ("md5", "sha1", "sha256", "adler32"), 0 if it is none of these or NULL. */
CG_API unsigned cg_digest_kind(const char *name);

/* Koji's name of one kind. */
CG_API const char *cg_digest_name(enum cg_digest_kind kind);

/* Hexadecimal digits of one kind: 32, 40, 64, 8. */
CG_API size_t cg_digest_length(enum cg_digest_kind kind);

/* The digest of one kind in `digests`, borrowed. */
CG_API const char *cg_digests_get(const struct cg_digests *digests, enum cg_digest_kind kind);

/* Begins the digests of `kinds`. Returns NULL with CG_E_MEMORY, or CG_E_IO if OpenSSL refuses a kind (FIPS: md5). */
CG_API struct cg_digest *cg_digest_create(unsigned kinds, struct cg_error *err);

/* Adds bytes. Returns 0, or -1 with CG_E_INTERNAL. */
CG_API int cg_digest_update(struct cg_digest *digest, const void *data, size_t size, struct cg_error *err);

/* Writes what the bytes so far add up to; more may be added after it. Returns 0, or -1 with CG_E_MEMORY. */
CG_API int cg_digest_read(const struct cg_digest *digest, struct cg_digests *out, struct cg_error *err);

/* Reads `fd` from where it stands to its end. `name` is for messages. Returns 0, or -1 with CG_E_IO, CG_E_MEMORY. */
CG_API int cg_digest_fd(int fd, const char *name, unsigned kinds, struct cg_digests *out, struct cg_error *err);

/*
 * Who looks on while a file is read: `read`, if not NULL, after each piece, with its bytes. 0 goes on; -1 ends the
 * reading, with the error that it recorded.
 */
struct cg_digest_watch {
    int (*read)(void *context, size_t bytes, struct cg_error *err);
    void *context;
};

/* The same before somebody's eyes. Returns -1 also with what `watch` recorded. */
CG_API int cg_digest_fd_watched(int fd, const char *name, unsigned kinds, const struct cg_digest_watch *watch,
                                struct cg_digests *out, struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_digest_destroy(struct cg_digest *digest);

static inline void cg_digest_auto(struct cg_digest **digest)
{
    cg_digest_destroy(*digest);
}

#endif
