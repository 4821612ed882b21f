/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/digest_pipe.h"

#include <pthread.h>
#include <signal.h>

struct koji_digest_pipe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool threaded;
    bool ending;
    size_t put;               /* blocks put so far; the next one to fill is put % KOJI_PIPE_BLOCKS */
    size_t done;              /* blocks added so far; done <= put <= done + KOJI_PIPE_BLOCKS */
    struct cg_digest *first;  /* borrowed */
    struct cg_digest *second; /* borrowed, may be NULL */
    struct cg_error failure;
    size_t sizes[KOJI_PIPE_BLOCKS];
    char *blocks; /* owned, KOJI_PIPE_BLOCKS of them */
};

static char *block_at(const struct koji_digest_pipe *pipe, size_t count)
{
    return pipe->blocks + (count % KOJI_PIPE_BLOCKS) * (size_t)KOJI_PIPE_BLOCK;
}

/* Adds one block; only the hashing side does this, so the digests need no lock. */
static void add(struct koji_digest_pipe *pipe, size_t count)
{
    const char *data = block_at(pipe, count);
    size_t size = pipe->sizes[count % KOJI_PIPE_BLOCKS];
    if (pipe->failure.code != CG_OK || cg_digest_update(pipe->first, data, size, &pipe->failure) < 0)
        return;
    if (pipe->second)
        cg_digest_update(pipe->second, data, size, &pipe->failure);
}

static void *add_all(void *context)
{
    struct koji_digest_pipe *pipe = context;
    pthread_mutex_lock(&pipe->lock);
    while (!pipe->ending) {
        if (pipe->done == pipe->put) {
            pthread_cond_wait(&pipe->changed, &pipe->lock);
            continue;
        }
        size_t count = pipe->done;
        pthread_mutex_unlock(&pipe->lock);
        add(pipe, count);
        pthread_mutex_lock(&pipe->lock);
        pipe->done++;
        pthread_cond_broadcast(&pipe->changed);
    }
    pthread_mutex_unlock(&pipe->lock);
    return NULL;
}

/* Signals are for the program's own threads. Without a thread the pipe hashes at once, which is only slower. */
static bool start_thread(struct koji_digest_pipe *pipe)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&pipe->thread, NULL, add_all, pipe);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

struct koji_digest_pipe *koji_digest_pipe_create(uint64_t size_bytes, struct cg_error *err)
{
    struct koji_digest_pipe *pipe = calloc(1, sizeof *pipe);
    if (pipe)
        pipe->blocks = malloc((size_t)KOJI_PIPE_BLOCKS * KOJI_PIPE_BLOCK);
    if (!pipe || !pipe->blocks) {
        free(pipe);
        cg_fail_memory(err);
        return NULL;
    }
    pthread_mutex_init(&pipe->lock, NULL);
    pthread_cond_init(&pipe->changed, NULL);
    pipe->threaded = size_bytes > KOJI_PIPE_THREAD_FROM && start_thread(pipe);
    return pipe;
}

void koji_digest_pipe_aim(struct koji_digest_pipe *pipe, struct cg_digest *first, struct cg_digest *second)
{
    pthread_mutex_lock(&pipe->lock);
    pipe->first = first;
    pipe->second = second;
    pthread_mutex_unlock(&pipe->lock);
}

char *koji_digest_pipe_take(struct koji_digest_pipe *pipe)
{
    pthread_mutex_lock(&pipe->lock);
    while (pipe->put - pipe->done == KOJI_PIPE_BLOCKS)
        pthread_cond_wait(&pipe->changed, &pipe->lock);
    char *block = block_at(pipe, pipe->put);
    pthread_mutex_unlock(&pipe->lock);
    return block;
}

void koji_digest_pipe_put(struct koji_digest_pipe *pipe, size_t size)
{
    if (size == 0)
        return;
    pthread_mutex_lock(&pipe->lock);
    pipe->sizes[pipe->put % KOJI_PIPE_BLOCKS] = size;
    if (!pipe->threaded)
        add(pipe, pipe->done++);
    pipe->put++;
    pthread_cond_broadcast(&pipe->changed);
    pthread_mutex_unlock(&pipe->lock);
}

int koji_digest_pipe_wait(struct koji_digest_pipe *pipe, struct cg_error *err)
{
    pthread_mutex_lock(&pipe->lock);
    while (pipe->done != pipe->put)
        pthread_cond_wait(&pipe->changed, &pipe->lock);
    struct cg_error failure = pipe->failure;
    pthread_mutex_unlock(&pipe->lock);
    return failure.code == CG_OK ? 0 : cg_fail(err, failure.code, "%s", failure.message);
}

void koji_digest_pipe_destroy(struct koji_digest_pipe *pipe)
{
    if (!pipe)
        return;
    if (pipe->threaded) {
        pthread_mutex_lock(&pipe->lock);
        pipe->ending = true;
        pthread_cond_broadcast(&pipe->changed);
        pthread_mutex_unlock(&pipe->lock);
        pthread_join(pipe->thread, NULL);
    }
    pthread_cond_destroy(&pipe->changed);
    pthread_mutex_destroy(&pipe->lock);
    free(pipe->blocks);
    free(pipe);
}
