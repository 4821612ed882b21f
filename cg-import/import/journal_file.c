/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: flock(2), which unlike fcntl locks belongs to the open file and so also keeps two threads apart. */
#define _GNU_SOURCE
#include "import/journal.h"

#include "cg/bytes.h"
#include "cg/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Bytes of the NVR that stand in the file's name, for people; the digest behind it tells imports apart. */
#define NAME_NVR_MAX 120
/* Hexadecimal digits of the digest in the name. */
#define NAME_DIGEST_LENGTH 24

/* The keeper of a record in a file of its own. */
struct journal_file {
    char *directory;
    char *path;      /* of the record */
    char *lock_path; /* of the lock file */
    int lock;        /* descriptor, locked; -1: not */
};

/* DIRECTORY/NVR-DIGEST.json, with the digest over everything that tells imports apart. */
static int make_paths(struct journal_file *file, const struct import_journal_key *key, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes identity = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!digest ||
        cg_bytes_printf(&identity, err, "%s\n%s\n%s\n%s", key->hub, key->nvr, key->metadata_sha256,
                        key->draft == KOJI_DRAFT ? "draft" : "") < 0 ||
        cg_digest_update(digest, identity.data, identity.size, err) < 0 || cg_digest_read(digest, &digests, err) < 0)
        return -1;

    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/%.*s-%.*s", file->directory, NAME_NVR_MAX, key->nvr, NAME_DIGEST_LENGTH,
                        digests.sha256) < 0)
        return -1;
    CG_AUTO_BYTES struct cg_bytes lock = {0};
    if (cg_bytes_printf(&lock, err, "%s.lock", path.data) < 0 || cg_bytes_append_text(&path, ".json", err) < 0)
        return -1;
    file->path = cg_bytes_steal(&path);
    file->lock_path = cg_bytes_steal(&lock);
    return 0;
}

/* Makes the directory and those above it. */
static int make_directory(const char *path, struct cg_error *err)
{
    CG_AUTO_FREE char *copy = strdup(path);
    if (!copy)
        return cg_fail_memory(err);
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            return cg_fail_errno(err, "make directory", copy);
        *p = '/';
    }
    if (mkdir(copy, 0700) < 0 && errno != EEXIST)
        return cg_fail_errno(err, "make directory", copy);
    return 0;
}

/*
 * Tries once: 1 locked, 0 another run holds it, -1. The run that ends removes the lock file, so a lock on a file that
 * is no longer at its path locks nothing.
 */
static int try_lock(struct journal_file *file, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(file->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cg_fail_errno(err, "open", file->lock_path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : cg_fail_errno(err, "lock", file->lock_path);
    struct stat locked;
    struct stat there;
    if (fstat(fd, &locked) < 0 || stat(file->lock_path, &there) < 0 || locked.st_ino != there.st_ino)
        return 0;
    file->lock = cg_steal_fd(&fd);
    return 1;
}

static int wait_for_lock(struct journal_file *file, const struct stop *stop, import_journal_waiting *waiting,
                         void *context, struct cg_error *err)
{
    for (unsigned tries = 0;; tries++) {
        int locked = try_lock(file, err);
        if (locked != 0)
            return locked < 0 ? -1 : 0;
        if (tries == 1 && waiting)
            waiting(context);
        if (stop_sleep(stop, IMPORT_JOURNAL_LOCK_POLL_MS))
            return cg_fail(err, CG_E_INTERRUPTED, "interrupted while another run of the same import was at work");
    }
}

static int load(void *context, json_t **record, struct cg_error *err)
{
    const struct journal_file *file = context;
    CG_AUTO_FILE FILE *reading = fopen(file->path, "re");
    if (!reading)
        return errno == ENOENT ? 0 : cg_fail_errno(err, "open", file->path);
    json_error_t problem;
    *record = json_loadf(reading, 0, &problem);
    if (*record)
        return 0;
    if (ferror(reading))
        return cg_fail_errno(err, "read", file->path);
    cg_fail(err, CG_E_IO, "%s is no journal of this program: %s", file->path, problem.text);
    return cg_hint(err, "move it away only when it is settled what an earlier import left on the hub");
}

/* Makes what is in the directory's list of names last. */
static int sync_directory(const struct journal_file *file, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return cg_fail_errno(err, "sync", file->directory);
    return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

/* A new file, synced and put in the old one's place. */
static int save(void *context, const json_t *record, struct cg_error *err)
{
    const struct journal_file *file = context;
    CG_AUTO_FREE char *text = json_dumps(record, JSON_INDENT(1));
    CG_AUTO_BYTES struct cg_bytes fresh = {0};
    if (!text)
        return cg_fail_memory(err);
    if (cg_bytes_printf(&fresh, err, "%s.new", file->path) < 0)
        return -1;
    CG_AUTO_FD int fd = open(fresh.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cg_fail_errno(err, "make", fresh.data);
    if (write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0)
        return cg_fail_errno(err, "write", fresh.data);
    if (rename(fresh.data, file->path) < 0)
        return cg_fail_errno(err, "put in place", file->path);
    return sync_directory(file, err);
}

static int forget(void *context, struct cg_error *err)
{
    const struct journal_file *file = context;
    return unlink(file->path) < 0 && errno != ENOENT ? cg_fail_errno(err, "remove", file->path) : 0;
}

static void close_file(void *context)
{
    struct journal_file *file = context;
    if (file->lock >= 0) {
        unlink(file->lock_path);
        close(file->lock);
    }
    free(file->directory);
    free(file->path);
    free(file->lock_path);
    free(file);
}

struct import_journal *import_journal_open(const char *directory, const struct import_journal_key *key,
                                           const struct stop *stop, import_journal_waiting *waiting, void *context,
                                           struct cg_error *err)
{
    struct journal_file *file = calloc(1, sizeof *file);
    if (!file) {
        cg_fail_memory(err);
        return NULL;
    }
    file->lock = -1;
    file->directory = strdup(directory);
    if (!file->directory)
        cg_fail_memory(err);
    if (!file->directory || make_paths(file, key, err) < 0 || make_directory(directory, err) < 0 ||
        wait_for_lock(file, stop, waiting, context, err) < 0) {
        close_file(file);
        return NULL;
    }
    const struct import_journal_keeper keeper = {
        .load = load, .save = save, .remove = forget, .close = close_file, .name = file->path, .context = file};
    return import_journal_open_with(&keeper, err);
}
