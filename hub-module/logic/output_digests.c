/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/output_digests.h"

#include "cg/auto.h"
#include "logic/read_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* More is never asked for: the configuration's own limit. */
#define THREADS_MAX 16

struct work {
    struct output_digest *files;
    size_t count;
    unsigned threads; /* of one file */
    atomic_size_t next;
};

static void make_one(struct output_digest *file, unsigned threads)
{
    struct cg_error err = {0};
    struct stat st;
    if (file->kind == 0)
        return;
    int fd CG_AUTO_FD = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    int done = file->said ? reading_digest(fd, file->path, file->said, file->seal, threads, &file->digests, &err)
                          : read_ahead_digest(fd, file->path, file->kind, NULL, &file->digests, &err);
    file->made = done == 0;
}

static void *make_next(void *argument)
{
    struct work *work = argument;
    for (;;) {
        size_t i = atomic_fetch_add(&work->next, 1);
        if (i >= work->count)
            return NULL;
        make_one(&work->files[i], work->threads);
    }
}

/* Seals are compared by several threads a file: those that there are, shared out. */
static unsigned threads_of_one(const struct output_digest *files, size_t count, unsigned threads)
{
    unsigned sealed = 0;
    for (size_t i = 0; i < count; i++)
        sealed += files[i].said != NULL;
    return sealed < threads && sealed > 0 ? threads / sealed : 1;
}

void output_digests_make(struct output_digest *files, size_t count, unsigned threads)
{
    struct work work = {.files = files, .count = count, .threads = threads_of_one(files, count, threads)};
    pthread_t started[THREADS_MAX];
    unsigned running = 0;
    sigset_t all;
    sigset_t before;

    /* One of the threads is the caller's own: so it also works when none can be started. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (running + 1 < threads && running < THREADS_MAX && running + 1 < count &&
           pthread_create(&started[running], NULL, make_next, &work) == 0)
        running++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    make_next(&work);
    for (unsigned i = 0; i < running; i++)
        pthread_join(started[i], NULL);
}
