/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_HASH_RING_H
#define CONTENT_HASH_RING_H

/*
 * The digests of a stream that a content is known by (md5, sha256, adler32), made beside the thread that receives it.
 *
 * A hub takes outputs with one of these three. md5 alone takes longer than the other two together, so there are two
 * lanes, each with a thread of its own, that read the same small ring of blocks. A short stream has neither threads nor
 * a ring. Memory is bounded however slow a lane.
 */

#include "cg/digest.h"

#include <stddef.h>

/* One block, bytes, and how many there are: 1 MiB for a part. */
#define HASH_RING_BLOCK (128U * 1024U)
#define HASH_RING_BLOCKS 8
/* Up to so many bytes are hashed at once, without threads. */
#define HASH_RING_THREADS_FROM (1024U * 1024U)

struct hash_ring;

/* NULL with CG_E_MEMORY, CG_E_IO (OpenSSL refuses a kind). */
struct hash_ring *hash_ring_create(struct cg_error *err);

/* Adds bytes, which are copied; waits while the ring is full. 0, or -1 with CG_E_MEMORY, CG_E_INTERNAL. */
int hash_ring_add(struct hash_ring *ring, const void *data, size_t size, struct cg_error *err);

/* Waits for the lanes and writes the digests of all bytes so far. 0, or -1 with CG_E_MEMORY, CG_E_INTERNAL. */
int hash_ring_read(struct hash_ring *ring, struct cg_digests *digests, struct cg_error *err);

/* NULL is allowed. */
void hash_ring_destroy(struct hash_ring *ring);

#define AUTO_HASH_RING CG_AUTO(hash_ring_auto)
static inline void hash_ring_auto(struct hash_ring **ring)
{
    hash_ring_destroy(*ring);
}

#endif
