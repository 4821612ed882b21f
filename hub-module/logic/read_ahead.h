/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_READ_AHEAD_H
#define CG_HUB_READ_AHEAD_H

/*
 * The digest of one file; of a large one, a second thread reads, and makes the seal, while the first computes.
 *
 * Not a mapping: who owns an upload can cut it short at any time, and touching a page that is gone would end the hub's
 * process. The thread ends within the call.
 */

#include "cg/digest.h"
#include "logic/seal.h"

/* One block, bytes, and how many there are: enough that neither thread waits for the other's every step. */
#define READ_AHEAD_BLOCK (1024U * 1024U)
#define READ_AHEAD_BLOCKS 4
/* A file below this size, bytes, is not worth a thread. */
#define READ_AHEAD_FROM (8 * 1024 * 1024)

/*
 * Reads all of `fd`, wherever it stands. `maker` gets every byte, too; NULL: no seal is made. 0, or -1 with CG_E_IO,
 * CG_E_MEMORY, CG_E_INTERNAL.
 */
int read_ahead_digest(int fd, const char *name, unsigned kinds, struct seal_maker *maker, struct cg_digests *digests,
                      struct cg_error *err);

#endif
