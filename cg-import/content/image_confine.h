/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_CONFINE_H
#define CONTENT_IMAGE_CONFINE_H

/*
 * Makes this process one that can harm nobody, for reading what a stranger wrote: it keeps its open files and one
 * directory, and loses everything else for good.
 *
 * Limits of memory, processor time, file size and open files (setrlimit), no new privileges, no network, no further
 * process or program (seccomp), and no file outside of the directory (Landlock, where the kernel has it). It dies with
 * its parent.
 */

#include "cg/error.h"

#include <stdint.h>

struct image_limits {
    uint64_t memory_bytes; /* address space; not under the address sanitizer, which takes all of it */
    uint64_t file_bytes;   /* of one file */
    uint64_t cpu_s;
};

/* 0, or -1 with CG_E_IO. Nothing of it can be taken back. */
int image_confine(const struct image_limits *limits, int directory_fd, struct cg_error *err);

#endif
