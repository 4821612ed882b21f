/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/hashing.h"

#include <fcntl.h>
#include <pthread.h>

/* What the threads share. Everything below `lock` is read and written under it. */
struct crew {
    struct import_hashing *files;
    size_t count;
    int directory;
    uint64_t total_bytes;
    const struct import_hashing_watch *watch;
    pthread_mutex_t lock;
    size_t next;
    uint64_t done_bytes;
    struct cg_error failure; /* the first */
};

/* The next file, NULL when none is left or something failed. */
static struct import_hashing *take(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    struct import_hashing *file = NULL;
    if (crew->failure.code == CG_OK && crew->next < crew->count)
        file = &crew->files[crew->next++];
    pthread_mutex_unlock(&crew->lock);
    return file;
}

/* A file that is being read. */
struct reading {
    struct crew *crew;
    const struct import_hashing *file;
};

static int tell(void *context, size_t more_bytes, struct cg_error *err)
{
    const struct reading *reading = context;
    struct crew *crew = reading->crew;
    if (stop_level(crew->watch->stop) != STOP_NONE)
        return cg_fail(err, CG_E_INTERRUPTED, "interrupted while reading %s", reading->file->path);
    pthread_mutex_lock(&crew->lock);
    crew->done_bytes += more_bytes;
    if (crew->watch->progress)
        crew->watch->progress(crew->watch->context, crew->done_bytes, crew->total_bytes);
    pthread_mutex_unlock(&crew->lock);
    return 0;
}

static int hash_one(struct crew *crew, struct import_hashing *file, struct cg_error *err)
{
    /* O_NONBLOCK: a FIFO would wait for a writer. */
    CG_AUTO_FD int fd = openat(crew->directory, file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open", file->path);
    struct reading reading = {.crew = crew, .file = file};
    const struct cg_digest_watch watch = {.read = tell, .context = &reading};
    return cg_digest_fd_watched(fd, file->path, (unsigned)file->kind, &watch, &file->digests, err);
}

static void *work(void *context)
{
    struct crew *crew = context;
    struct cg_error err = {0};
    int result = 0;
    struct import_hashing *file;
    while (result == 0 && (file = take(crew)))
        result = hash_one(crew, file, &err);
    if (result == 0)
        return NULL;
    pthread_mutex_lock(&crew->lock);
    if (crew->failure.code == CG_OK)
        crew->failure = err;
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static size_t thread_count(size_t files)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = cores < 1 ? 1 : (size_t)cores;
    if (most > IMPORT_HASHING_THREADS_MAX)
        most = IMPORT_HASHING_THREADS_MAX;
    return files < most ? files : most;
}

int import_hash(struct import_hashing *files, size_t count, int directory, const struct import_hashing_watch *watch,
                struct cg_error *err)
{
    static const struct import_hashing_watch nobody;
    struct crew crew = {
        .files = files,
        .count = count,
        .directory = directory,
        .watch = watch ? watch : &nobody,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    for (size_t i = 0; i < count; i++)
        crew.total_bytes += files[i].size_bytes;
    /* This thread is one of them; where no more can be made it does all of the work. */
    pthread_t others[IMPORT_HASHING_THREADS_MAX - 1];
    size_t wanted = thread_count(count), started = 0;
    while (started + 1 < wanted && pthread_create(&others[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (size_t i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    pthread_mutex_destroy(&crew.lock);
    if (crew.failure.code == CG_OK)
        return 0;
    if (err && err->code == CG_OK)
        *err = crew.failure;
    return -1;
}
