/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_FILE_COPY_H
#define CG_HUB_FILE_COPY_H

/* The bytes of one open file into another: by the kernel where both file systems let it (copy_file_range(2)), else read
 * and written. Does not say which file is meant, nor make anything durable. */

#include <stdint.h>

/*
 * Copies `size_bytes` bytes from the beginning of `from`, wherever it stands, to where `to` stands. A source that is
 * shorter ends the copy early. 0, or -1 with errno.
 */
int file_copy(int from, int to, uint64_t size_bytes);

#endif
