/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/hash_ring.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { LANES = 2, STACK_BYTES = 256 * 1024 };

/* md5 takes longer for a byte than the other two together. */
static const unsigned lane_kinds[LANES] = {CG_DIGEST_MD5, CG_DIGEST_SHA256 | CG_DIGEST_ADLER32};

struct lane {
    struct hash_ring *ring;
    struct cg_digest *digest; /* owned; only the lane's thread touches it while blocks are under way */
    size_t done;              /* blocks added */
    bool threaded;
    pthread_t thread;
    struct cg_error failure;
};

struct hash_ring {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ending;
    size_t put;          /* blocks given to the lanes; the one being filled is put % HASH_RING_BLOCKS */
    size_t filled_bytes; /* of the block being filled; the receiving thread's alone */
    size_t sizes[HASH_RING_BLOCKS];
    char *blocks; /* owned, NULL for a short stream */
    uint64_t size_bytes;
    struct lane lanes[LANES];
};

struct hash_ring *hash_ring_create(struct cg_error *err)
{
    struct hash_ring *ring = calloc(1, sizeof *ring);
    if (!ring) {
        cg_fail_memory(err);
        return NULL;
    }
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->changed, NULL);
    for (size_t i = 0; i < LANES; i++) {
        ring->lanes[i].ring = ring;
        ring->lanes[i].digest = cg_digest_create(lane_kinds[i], err);
        if (!ring->lanes[i].digest) {
            hash_ring_destroy(ring);
            return NULL;
        }
    }
    return ring;
}

static char *block_at(const struct hash_ring *ring, size_t count)
{
    return ring->blocks + (count % HASH_RING_BLOCKS) * (size_t)HASH_RING_BLOCK;
}

/* After its first failure a lane only counts, so that nobody waits for it. */
static void add_block(struct lane *lane, size_t count)
{
    const struct hash_ring *ring = lane->ring;
    if (lane->failure.code == CG_OK)
        cg_digest_update(lane->digest, block_at(ring, count), ring->sizes[count % HASH_RING_BLOCKS], &lane->failure);
}

static void *run_lane(void *context)
{
    struct lane *lane = context;
    struct hash_ring *ring = lane->ring;
    pthread_mutex_lock(&ring->lock);
    while (!ring->ending) {
        if (lane->done == ring->put) {
            pthread_cond_wait(&ring->changed, &ring->lock);
            continue;
        }
        size_t count = lane->done;
        pthread_mutex_unlock(&ring->lock);
        add_block(lane, count);
        pthread_mutex_lock(&ring->lock);
        lane->done++;
        pthread_cond_broadcast(&ring->changed);
    }
    pthread_mutex_unlock(&ring->lock);
    return NULL;
}

/* Signals are for the program's own threads. A lane that gets no thread is worked by the receiving one: only slower. */
static int start_lanes(struct hash_ring *ring, struct cg_error *err)
{
    ring->blocks = malloc((size_t)HASH_RING_BLOCKS * HASH_RING_BLOCK);
    if (!ring->blocks)
        return cg_fail_memory(err);
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t small_stack;
    if (pthread_attr_init(&small_stack) != 0)
        return 0;
    pthread_attr_setstacksize(&small_stack, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < LANES; i++)
        ring->lanes[i].threaded = pthread_create(&ring->lanes[i].thread, &small_stack, run_lane, &ring->lanes[i]) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&small_stack);
    return 0;
}

/* Blocks that not every lane has added. */
static size_t under_way(const struct hash_ring *ring)
{
    size_t most = 0;
    for (size_t i = 0; i < LANES; i++)
        if (ring->put - ring->lanes[i].done > most)
            most = ring->put - ring->lanes[i].done;
    return most;
}

/* Gives the block being filled to the lanes; returns when no more than `most` are under way. */
static void put_block(struct hash_ring *ring, size_t most)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->filled_bytes > 0) {
        ring->sizes[ring->put % HASH_RING_BLOCKS] = ring->filled_bytes;
        ring->filled_bytes = 0;
        size_t count = ring->put++;
        pthread_cond_broadcast(&ring->changed);
        for (size_t i = 0; i < LANES; i++) {
            if (ring->lanes[i].threaded)
                continue;
            add_block(&ring->lanes[i], count);
            ring->lanes[i].done++;
        }
    }
    while (under_way(ring) > most)
        pthread_cond_wait(&ring->changed, &ring->lock);
    pthread_mutex_unlock(&ring->lock);
}

static int add_at_once(struct hash_ring *ring, const void *data, size_t size, struct cg_error *err)
{
    for (size_t i = 0; i < LANES; i++)
        if (cg_digest_update(ring->lanes[i].digest, data, size, err) < 0)
            return -1;
    return 0;
}

int hash_ring_add(struct hash_ring *ring, const void *data, size_t size, struct cg_error *err)
{
    ring->size_bytes += size;
    if (!ring->blocks && ring->size_bytes <= HASH_RING_THREADS_FROM)
        return add_at_once(ring, data, size, err);
    if (!ring->blocks && start_lanes(ring, err) < 0)
        return -1;
    for (const char *rest = data; size > 0;) {
        size_t part = HASH_RING_BLOCK - ring->filled_bytes;
        if (part > size)
            part = size;
        memcpy(block_at(ring, ring->put) + ring->filled_bytes, rest, part);
        ring->filled_bytes += part;
        rest += part;
        size -= part;
        if (ring->filled_bytes == HASH_RING_BLOCK)
            put_block(ring, HASH_RING_BLOCKS - 1);
    }
    return 0;
}

int hash_ring_read(struct hash_ring *ring, struct cg_digests *digests, struct cg_error *err)
{
    if (ring->blocks)
        put_block(ring, 0);
    struct cg_digests each[LANES];
    for (size_t i = 0; i < LANES; i++) {
        const struct cg_error *failure = &ring->lanes[i].failure;
        if (failure->code != CG_OK)
            return cg_fail(err, failure->code, "%s", failure->message);
        if (cg_digest_read(ring->lanes[i].digest, &each[i], err) < 0)
            return -1;
    }
    *digests = each[1];
    memcpy(digests->md5, each[0].md5, sizeof digests->md5);
    return 0;
}

void hash_ring_destroy(struct hash_ring *ring)
{
    if (!ring)
        return;
    pthread_mutex_lock(&ring->lock);
    ring->ending = true;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
    for (size_t i = 0; i < LANES; i++) {
        if (ring->lanes[i].threaded)
            pthread_join(ring->lanes[i].thread, NULL);
        cg_digest_destroy(ring->lanes[i].digest);
    }
    pthread_cond_destroy(&ring->changed);
    pthread_mutex_destroy(&ring->lock);
    free(ring->blocks);
    free(ring);
}
