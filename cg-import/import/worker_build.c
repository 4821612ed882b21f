/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: flock(2), which also keeps two workers of one process apart. */
#define _GNU_SOURCE
/*
 * A build laid out from the spool, as the pipeline wants it: a directory of files and the document's bytes.
 *
 * Each worker has a directory of its own with a lock in it, so that what a killed worker left can be told from what
 * is in use and is removed by the next that starts.
 */
#include "import/worker_private.h"

#include "base/tree.h"
#include "store/contents.h"

#include "cg/bytes.h"
#include "cg/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define OWN_NAME "worker-XXXXXX"
#define OWN_PREFIX "worker-"
#define LOCK_NAME ".lock"

/* --- the worker's own directory ------------------------------------------------------------------------------------
 */

/* Is the worker of this directory gone? Then its lock can be had. */
static bool is_abandoned(const char *directory)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, NULL, "%s/" LOCK_NAME, directory) < 0)
        return false;
    CG_AUTO_FD int fd = open(path.data, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void sweep(const char *work_directory)
{
    DIR *listing = opendir(work_directory);
    if (!listing)
        return;
    for (const struct dirent *entry; (entry = readdir(listing));) {
        CG_AUTO_BYTES struct cg_bytes path = {0};
        if (strncmp(entry->d_name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0 &&
            cg_bytes_printf(&path, NULL, "%s/%s", work_directory, entry->d_name) == 0 && is_abandoned(path.data))
            tree_remove(path.data);
    }
    closedir(listing);
}

int worker_directory_open(struct worker *worker, struct cg_error *err)
{
    const char *above = worker->options.work_directory;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (mkdir(above, 0700) < 0 && errno != EEXIST)
        return cg_fail_errno(err, "make directory", above);
    sweep(above);
    if (cg_bytes_printf(&path, err, "%s/" OWN_NAME, above) < 0)
        return -1;
    if (!mkdtemp(path.data))
        return cg_fail_errno(err, "make a directory in", above);
    worker->directory = cg_bytes_steal(&path);
    CG_AUTO_BYTES struct cg_bytes lock = {0};
    if (cg_bytes_printf(&lock, err, "%s/" LOCK_NAME, worker->directory) < 0)
        return -1;
    worker->directory_lock = open(lock.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (worker->directory_lock < 0 || flock(worker->directory_lock, LOCK_EX | LOCK_NB) < 0)
        return cg_fail_errno(err, "lock", lock.data);
    return 0;
}

void worker_directory_close(struct worker *worker)
{
    tree_remove(worker->directory);
    if (worker->directory_lock >= 0)
        close(worker->directory_lock);
    free(worker->directory);
}

/* --- a build in it -------------------------------------------------------------------------------------------------
 */

/* Reads a content whole and compares it with its name. */
static int read_content(struct spool *spool, const char *sha256, struct cg_bytes *text, struct cg_error *err)
{
    uint64_t size_bytes = 0;
    CG_AUTO_FD int fd = spool_content_open(spool, sha256, &size_bytes, err);
    if (fd < 0 || cg_bytes_reserve(text, size_bytes + 1, err) < 0)
        return -1;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest)
        return -1;
    char buffer[16384];
    ssize_t got = 0;
    while ((got = read(fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && (cg_bytes_append(text, buffer, (size_t)got, err) < 0 ||
                        cg_digest_update(digest, buffer, (size_t)got, err) < 0))
            return -1;
    struct cg_digests digests;
    if (got < 0)
        return cg_fail_errno(err, "read content", sha256);
    if (cg_digest_read(digest, &digests, err) < 0)
        return -1;
    if (strcmp(digests.sha256, sha256) != 0)
        return cg_fail(err, CG_E_MISMATCH, "content %s is damaged: its sha256 is %s", sha256, digests.sha256);
    return 0;
}

/* The import misses it from here on, so that it can be sent again; that the store is away now is found at the retry. */
static void forget(struct worker_job *job, const char *sha256)
{
    struct cg_error err = {0};
    if (store_content_forget(job->thread->worker->options.store, sha256, &err) < 0)
        log_error(job->thread->worker->options.log, &err, "a lost content stays in the index", "import",
                  job->claim.import.id, "content", sha256, NULL);
}

/* Forgets a content that is not there: was it so? One that cannot be opened may be there: descriptors run out, and
 * volumes go away for a time. */
static bool forget_lost(struct worker_job *job, const char *sha256)
{
    struct cg_error ignored = {0};
    if (spool_content_is_there(job->thread->worker->options.spool, sha256, &ignored) != 0)
        return false;
    forget(job, sha256);
    return true;
}

static int place_outputs(struct worker_job *job, int directory_fd, struct cg_error *err)
{
    struct spool *spool = job->thread->worker->options.spool;
    for (size_t i = 0; i < job->claim.import.output_count; i++) {
        const struct store_output *output = &job->claim.import.outputs[i];
        if (!output->sha256) {
            job->content_lost = true;
            return cg_fail(err, CG_E_IO, "output %s is not in the content store any more", output->path);
        }
        if (spool_content_place(spool, output->sha256, directory_fd, output->path, err) == 0)
            continue;
        job->content_lost = forget_lost(job, output->sha256);
        /* A limit of this machine, a full disk, is no fault of the build, for which it would be rejected. */
        if (err->code == CG_E_LIMIT)
            err->code = CG_E_IO;
        return -1;
    }
    return 0;
}

int worker_lay_out(struct worker_job *job, struct cg_bytes *text, char **directory, struct cg_error *err)
{
    const struct worker *worker = job->thread->worker;
    const struct store_import *import = &job->claim.import;
    if (read_content(worker->options.spool, import->metadata_sha256, text, err) < 0) {
        job->content_lost = forget_lost(job, import->metadata_sha256);
        if (err->code == CG_E_MISMATCH) {
            struct cg_error ignored = {0};
            spool_content_set_aside(worker->options.spool, import->metadata_sha256, &ignored);
            forget(job, import->metadata_sha256);
            job->content_lost = true;
        }
        return -1;
    }
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/%s-%" PRId64, worker->directory, import->id, job->claim.fence) < 0)
        return -1;
    if (mkdir(path.data, 0700) < 0)
        return cg_fail_errno(err, "make directory", path.data);
    *directory = cg_bytes_steal(&path);
    CG_AUTO_FD int fd = open(*directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open", *directory);
    return place_outputs(job, fd, err);
}

bool worker_find_damage(struct worker_job *job)
{
    struct spool *spool = job->thread->worker->options.spool;
    bool damaged = false;
    for (size_t i = 0; i < job->claim.import.output_count; i++) {
        const struct store_output *output = &job->claim.import.outputs[i];
        struct cg_error err = {0};
        if (!output->sha256 || spool_content_verify(spool, output->sha256, &err) == 0)
            continue;
        damaged = true;
        if (err.code == CG_E_MISMATCH)
            forget(job, output->sha256);
        else
            forget_lost(job, output->sha256);
        log_error(job->thread->worker->options.log, &err, "an output is lost", "import", job->claim.import.id, "path",
                  output->path, NULL);
    }
    return damaged;
}
