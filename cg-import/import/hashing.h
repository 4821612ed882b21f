/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_HASHING_H
#define IMPORT_HASHING_H

/*
 * Checksums of many local files at once, as many threads as the machine has cores.
 *
 * For files that are read for their checksum alone. Those that are uploaded get theirs in the same read
 * (koji/upload.h).
 */

#include "base/stop.h"
#include "cg/digest.h"

/* More than this and a disk is slower than the threads. */
#define IMPORT_HASHING_THREADS_MAX 4

/* One file. Borrowed but for the result. */
struct import_hashing {
    const char *path; /* below the directory */
    enum cg_digest_kind kind;
    uint64_t size_bytes;       /* as it is known, for the progress */
    struct cg_digests digests; /* the result */
};

/* Who looks on. Any member may be NULL. */
struct import_hashing_watch {
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes); /* from one thread at a time */
    void *context;
    const struct stop *stop; /* any request ends it */
};

/*
 * Reads `count` files below the open `directory`. `watch` may be NULL. 0, or -1 with CG_E_IO, CG_E_MEMORY,
 * CG_E_INTERRUPTED.
 */
int import_hash(struct import_hashing *files, size_t count, int directory, const struct import_hashing_watch *watch,
                struct cg_error *err);

#endif
