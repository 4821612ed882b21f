/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_IMAGE_TAR_H
#define TESTS_IMAGE_TAR_H

/* Tar archives in memory, written byte by byte, for the tests of what reads images. */

#include "cg/bytes.h"

/* Appends one ustar entry; `type` is '0' (file), '2' (symbolic link), '1' (hard link), '5' (directory). */
void image_tar_add(struct cg_bytes *tar, const char *name, char type, const char *target, const void *data,
                   size_t size);

/* Appends the end of the archive. */
void image_tar_end(struct cg_bytes *tar);

/* A docker-archive of one image with one layer, which has `layer` (a tar); its id goes to id[72] as "sha256:HEX". */
void image_tar_docker(struct cg_bytes *archive, const struct cg_bytes *layer, char id[72]);

#endif
