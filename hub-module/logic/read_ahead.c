/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/read_ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>

struct ring {
    int fd;
    const char *name;
    struct seal_maker *maker; /* NULL: none */
    unsigned char *blocks;    /* READ_AHEAD_BLOCKS of them */
    size_t sizes[READ_AHEAD_BLOCKS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    size_t filled;       /* blocks that were read from the file, in all */
    size_t emptied;      /* blocks that were digested */
    bool ended;          /* nothing more will be filled */
    bool stopped;        /* nothing more is wanted */
    struct cg_error err; /* of the reading thread */
};

/* Reads a block from `offset` as full as it gets. Its size, 0 at the end or when `err` says why not. */
static size_t fill(int fd, const char *name, off_t offset, unsigned char *block, struct cg_error *err)
{
    size_t size = 0;
    while (size < READ_AHEAD_BLOCK) {
        ssize_t got = pread(fd, block + size, READ_AHEAD_BLOCK - size, offset + (off_t)size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            cg_fail_errno(err, "read", name);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    return err->code == CG_OK ? size : 0;
}

/* The next block, sealed. Its size, 0 at the end or when `err` says why not. */
static size_t fill_and_seal(const struct ring *ring, size_t number, struct cg_error *err)
{
    unsigned char *block = ring->blocks + (number % READ_AHEAD_BLOCKS) * READ_AHEAD_BLOCK;
    size_t size = fill(ring->fd, ring->name, (off_t)number * READ_AHEAD_BLOCK, block, err);
    if (size > 0 && ring->maker && seal_maker_update(ring->maker, block, size, err) < 0)
        return 0;
    return size;
}

/* Waits until there is room for one more block. False when no more is wanted. */
static bool wait_for_room(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->filled - ring->emptied == READ_AHEAD_BLOCKS && !ring->stopped)
        pthread_cond_wait(&ring->changed, &ring->lock);
    bool wanted = !ring->stopped;
    pthread_mutex_unlock(&ring->lock);
    return wanted;
}

static void *read_blocks(void *argument)
{
    struct ring *ring = argument;
    for (size_t number = 0, size = 1; size > 0; number++) {
        size = wait_for_room(ring) ? fill_and_seal(ring, number, &ring->err) : 0;
        pthread_mutex_lock(&ring->lock);
        ring->sizes[number % READ_AHEAD_BLOCKS] = size;
        ring->filled += size > 0;
        ring->ended = size == 0;
        pthread_cond_signal(&ring->changed);
        pthread_mutex_unlock(&ring->lock);
    }
    return NULL;
}

/* Waits for the next block. Its size, 0 at the end. */
static size_t next_block(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->filled == ring->emptied && !ring->ended)
        pthread_cond_wait(&ring->changed, &ring->lock);
    size_t size = ring->filled > ring->emptied ? ring->sizes[ring->emptied % READ_AHEAD_BLOCKS] : 0;
    pthread_mutex_unlock(&ring->lock);
    return size;
}

static void give_back(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->emptied++;
    pthread_cond_signal(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

static void stop(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->stopped = true;
    pthread_cond_signal(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

static int digest_blocks(struct ring *ring, struct cg_digest *digest, struct cg_error *err)
{
    for (size_t size = next_block(ring); size > 0; size = next_block(ring)) {
        const unsigned char *block = ring->blocks + (ring->emptied % READ_AHEAD_BLOCKS) * READ_AHEAD_BLOCK;
        if (cg_digest_update(digest, block, size, err) < 0)
            return -1;
        give_back(ring);
    }
    return 0;
}

/* In this thread alone: a small file, or no thread is to be had. */
static int read_here(struct ring *ring, struct cg_digest *digest, struct cg_error *err)
{
    for (size_t number = 0;; number++) {
        size_t size = fill_and_seal(ring, number, err);
        if (size == 0)
            return err->code == CG_OK ? 0 : -1;
        if (cg_digest_update(digest, ring->blocks + (number % READ_AHEAD_BLOCKS) * READ_AHEAD_BLOCK, size, err) < 0)
            return -1;
    }
}

/* The thread takes no signals: they are the process's affair. 0 it runs, else an error of pthreads. */
static int start(pthread_t *thread, struct ring *ring)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, read_blocks, ring);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static int read_beside(struct ring *ring, struct cg_digest *digest, struct cg_error *err)
{
    pthread_t reader;
    if (start(&reader, ring) != 0)
        return read_here(ring, digest, err);
    int done = digest_blocks(ring, digest, err);
    stop(ring);
    pthread_join(reader, NULL);
    if (done == 0 && ring->err.code != CG_OK)
        return cg_fail(err, ring->err.code, "%s", ring->err.message);
    return done;
}

int read_ahead_digest(int fd, const char *name, unsigned kinds, struct seal_maker *maker, struct cg_digests *digests,
                      struct cg_error *err)
{
    struct stat st;
    struct ring ring = {
        .fd = fd, .name = name, .maker = maker, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    unsigned char *blocks CG_AUTO_FREE = malloc((size_t)READ_AHEAD_BLOCK * READ_AHEAD_BLOCKS);
    struct cg_digest *digest CG_AUTO_DIGEST = blocks ? cg_digest_create(kinds, err) : NULL;

    ring.blocks = blocks;
    if (!blocks)
        return cg_fail_memory(err);
    if (!digest)
        return -1;
    bool large = fstat(fd, &st) == 0 && st.st_size >= READ_AHEAD_FROM;
    if ((large ? read_beside(&ring, digest, err) : read_here(&ring, digest, err)) < 0)
        return -1;
    return cg_digest_read(digest, digests, err);
}
