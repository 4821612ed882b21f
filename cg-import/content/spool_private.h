/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_SPOOL_PRIVATE_H
#define CONTENT_SPOOL_PRIVATE_H

/* What the files of the spool share: the open directories, names, locks and durability. For spool*.c alone. */

#include "content/spool.h"

#include "cg/auto.h"

#include <stdbool.h>

struct spool {
    char *directory; /* owned, for messages */
    uint64_t reserve_bytes;
    int root_fd;
    int parts_fd;
    int contents_fd;
    int damaged_fd;
};

/* Hexadecimal digits of a content's name, and of the directory it lies in. */
enum { SPOOL_SHA256_DIGITS = 64, SPOOL_FAN_DIGITS = 2 };

/* Where a content lies below contents/: "AB/CDEF...". */
struct spool_place {
    char fan[SPOOL_FAN_DIGITS + 1];
    char path[SPOOL_SHA256_DIGITS + 2];
};

/* CG_E_LIMIT for a full disk or quota, else CG_E_IO: "cannot WHAT PATH: why". `error` is an errno. Returns -1. */
int spool_fail(struct cg_error *err, int error, const char *what, const char *path);

/* 0, or -1 with CG_E_USAGE. */
int spool_place_of(struct spool_place *place, const char *sha256, struct cg_error *err);
bool spool_is_sha256(const char *text);
bool spool_is_part_name(const char *text);

/*
 * Locks the content against its appearing, vanishing and growing young by others, threads too: a descriptor whose
 * closing unlocks, or -1 with CG_E_IO.
 */
int spool_lock_content(struct spool *spool, const char *sha256, struct cg_error *err);

/* fsync of contents/FAN. 0, or -1 with CG_E_LIMIT, CG_E_IO. */
int spool_sync_fan(struct spool *spool, const struct spool_place *place, struct cg_error *err);

/*
 * Makes the durable file `fd`, which is part `name`, the content of that sha256; or drops the part if the content is
 * there. 0, or -1 with CG_E_LIMIT, CG_E_IO: then the part is still there unless the directory could not be synced.
 */
int spool_content_admit(struct spool *spool, const char *name, int fd, const struct cg_digests *digests,
                        struct cg_error *err);

/* Seconds since the file was last written or kept; 0 for a time to come. */
struct stat;
double spool_age_s(const struct stat *status);

#endif
