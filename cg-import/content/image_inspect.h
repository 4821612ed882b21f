/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_INSPECT_H
#define CONTENT_IMAGE_INSPECT_H

/*
 * Looks into an image archive in a process of its own, which has bounds and may die: nothing that the archive holds is
 * parsed in this one but the facts that come back, JSON of bounded size.
 *
 * Safe to use from many threads.
 */

#include "base/stop.h"
#include "cg/auto.h"

#include <stdint.h>

/* What one reader may take. An image of a gigabyte takes some seconds and 60 MiB. */
#define IMAGE_MEMORY_DEFAULT (1ULL << 30)
#define IMAGE_CPU_S_DEFAULT 1200
/* Wall clock beyond the processor time, which waiting for a slow disk may take. */
#define IMAGE_TIME_S_DEFAULT 1800
/* Bytes of the facts. */
#define IMAGE_FACTS_MOST (48U << 20)

struct image_inspect_options {
    uint64_t memory_bytes;   /* 0: IMAGE_MEMORY_DEFAULT */
    unsigned cpu_s;          /* 0: IMAGE_CPU_S_DEFAULT */
    unsigned time_s;         /* 0: IMAGE_TIME_S_DEFAULT */
    const char *directory;   /* where rpm databases are copied to meanwhile; NULL: $TMPDIR, else /var/tmp */
    const struct stop *stop; /* NULL: none */
    void (*progress)(void *context, uint64_t done_bytes); /* NULL: nobody looks on */
    void *context;
};

/*
 * The facts of include/cg/image.h on the archive, read from its beginning: `archive_fd` is moved. A reader that died or
 * took too much is a fault of kind "unread" in them. New reference, or NULL with CG_E_IO, CG_E_MEMORY,
 * CG_E_INTERRUPTED.
 */
json_t *image_inspect(int archive_fd, const struct image_inspect_options *options, struct cg_error *err);

#endif
