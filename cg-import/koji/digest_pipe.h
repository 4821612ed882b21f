/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_DIGEST_PIPE_H
#define KOJI_DIGEST_PIPE_H

/*
 * Digests made beside the thread that sends: blocks go in as they are sent, a thread of the pipe's own adds them up.
 *
 * Takes the hashing off the wire: md5 and sha256 together are slower than the loopback or a fast network. A pipe for a
 * small file has no thread and hashes at once.
 */

#include "cg/digest.h"

/* One block, bytes: what libcurl asks for at once. */
#define KOJI_PIPE_BLOCK (512U * 1024U)
/* Blocks under way; with their copies in libcurl this is what one upload needs in memory. */
#define KOJI_PIPE_BLOCKS 4
/* Files up to this size are hashed without a thread. */
#define KOJI_PIPE_THREAD_FROM (256ULL * 1024ULL)

struct koji_digest_pipe;

/* For a file of `size_bytes`. NULL with CG_E_MEMORY. */
struct koji_digest_pipe *koji_digest_pipe_create(uint64_t size_bytes, struct cg_error *err);

/*
 * What the blocks are added to from here on, borrowed until koji_digest_pipe_wait: `first`, and `second` unless NULL.
 * Only between koji_digest_pipe_wait and the next put.
 */
void koji_digest_pipe_aim(struct koji_digest_pipe *pipe, struct cg_digest *first, struct cg_digest *second);

/* An empty block of KOJI_PIPE_BLOCK bytes to fill; waits until there is one. */
char *koji_digest_pipe_take(struct koji_digest_pipe *pipe);

/* Gives the block that was taken back with `size` bytes in it; 0 leaves it out. */
void koji_digest_pipe_put(struct koji_digest_pipe *pipe, size_t size);

/* Waits until everything that was put is added. 0, or -1 with the digests' error. */
int koji_digest_pipe_wait(struct koji_digest_pipe *pipe, struct cg_error *err);

/* NULL is allowed. */
void koji_digest_pipe_destroy(struct koji_digest_pipe *pipe);

#endif
