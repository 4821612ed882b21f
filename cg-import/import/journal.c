/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: flock(2), which unlike fcntl locks belongs to the open file and so also keeps two threads apart. */
#define _GNU_SOURCE
#include "import/journal.h"

#include "cg/bytes.h"
#include "cg/digest.h"
#include "import/journal_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Bytes of the NVR that stand in the file's name, for people; the digest behind it tells imports apart. */
#define NAME_NVR_MAX 120
/* Hexadecimal digits of the digest in the name. */
#define NAME_DIGEST_LENGTH 24

struct import_journal {
    char *directory;
    char *path;      /* of the record */
    char *lock_path; /* of the lock file */
    int lock;        /* descriptor, locked */
    bool on_disk;    /* is there a file at `path`? */
    struct import_record record;
};

/* DIRECTORY/NVR-DIGEST.json, with the digest over everything that tells imports apart. */
static int make_paths(struct import_journal *journal, const struct import_journal_key *key, struct cg_error *err)
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
    if (cg_bytes_printf(&path, err, "%s/%.*s-%.*s", journal->directory, NAME_NVR_MAX, key->nvr, NAME_DIGEST_LENGTH,
                        digests.sha256) < 0)
        return -1;
    CG_AUTO_BYTES struct cg_bytes lock = {0};
    if (cg_bytes_printf(&lock, err, "%s.lock", path.data) < 0 || cg_bytes_append_text(&path, ".json", err) < 0)
        return -1;
    journal->path = cg_bytes_steal(&path);
    journal->lock_path = cg_bytes_steal(&lock);
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
static int try_lock(struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(journal->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cg_fail_errno(err, "open", journal->lock_path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : cg_fail_errno(err, "lock", journal->lock_path);
    struct stat locked;
    struct stat there;
    if (fstat(fd, &locked) < 0 || stat(journal->lock_path, &there) < 0 || locked.st_ino != there.st_ino)
        return 0;
    journal->lock = cg_steal_fd(&fd);
    return 1;
}

static int wait_for_lock(struct import_journal *journal, const struct stop *stop, import_journal_waiting *waiting,
                         void *context, struct cg_error *err)
{
    for (unsigned tries = 0;; tries++) {
        int locked = try_lock(journal, err);
        if (locked != 0)
            return locked < 0 ? -1 : 0;
        if (tries == 1 && waiting)
            waiting(context);
        if (stop_sleep(stop, IMPORT_JOURNAL_LOCK_POLL_MS))
            return cg_fail(err, CG_E_INTERRUPTED, "interrupted while another run of the same import was at work");
    }
}

static int read_record(struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = fopen(journal->path, "re");
    if (!file)
        return errno == ENOENT ? 0 : cg_fail_errno(err, "open", journal->path);
    json_error_t problem;
    CG_AUTO_JSON json_t *json = json_loadf(file, 0, &problem);
    if (!json && ferror(file))
        return cg_fail_errno(err, "read", journal->path);
    if (!json) {
        cg_fail(err, CG_E_IO, "%s is no journal of this program: %s", journal->path, problem.text);
        return cg_hint(err, "move it away only when it is settled what an earlier import left on the hub");
    }
    journal->on_disk = true;
    return import_record_from_json(json, journal->path, &journal->record, err);
}

struct import_journal *import_journal_open(const char *directory, const struct import_journal_key *key,
                                           const struct stop *stop, import_journal_waiting *waiting, void *context,
                                           struct cg_error *err)
{
    AUTO_IMPORT_JOURNAL struct import_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        cg_fail_memory(err);
        return NULL;
    }
    journal->lock = -1;
    journal->directory = strdup(directory);
    if (!journal->directory) {
        cg_fail_memory(err);
        return NULL;
    }
    if (make_paths(journal, key, err) < 0 || make_directory(directory, err) < 0 ||
        wait_for_lock(journal, stop, waiting, context, err) < 0 || read_record(journal, err) < 0)
        return NULL;
    return CG_STEAL(journal);
}

const struct import_record *import_journal_record(const struct import_journal *journal)
{
    return journal ? &journal->record : NULL;
}

const char *import_journal_path(const struct import_journal *journal)
{
    return journal ? journal->path : "";
}

/* Makes what is in the directory's list of names last. */
static int sync_directory(const struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(journal->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return cg_fail_errno(err, "sync", journal->directory);
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
static int write_record(struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_JSON json_t *json = import_record_to_json(&journal->record, err);
    if (!json)
        return -1;
    CG_AUTO_FREE char *text = json_dumps(json, JSON_INDENT(1));
    CG_AUTO_BYTES struct cg_bytes fresh = {0};
    if (!text)
        return cg_fail_memory(err);
    if (cg_bytes_printf(&fresh, err, "%s.new", journal->path) < 0)
        return -1;
    CG_AUTO_FD int fd = open(fresh.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cg_fail_errno(err, "make", fresh.data);
    if (write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0)
        return cg_fail_errno(err, "write", fresh.data);
    if (rename(fresh.data, journal->path) < 0)
        return cg_fail_errno(err, "put in place", journal->path);
    journal->on_disk = true;
    return sync_directory(journal, err);
}

/* Forgets the upload directory and what is in it. */
static void clear_directory(struct import_record *record)
{
    free(record->directory);
    record->directory = NULL;
    json_decref(record->files);
    record->files = NULL;
}

int import_journal_directory(struct import_journal *journal, const char *directory, enum import_journal_when when,
                             struct cg_error *err)
{
    if (!journal)
        return 0;
    clear_directory(&journal->record);
    journal->record.directory = strdup(directory);
    journal->record.files = json_object();
    if (!journal->record.directory || !journal->record.files)
        return cg_fail_memory(err);
    return when == IMPORT_JOURNAL_NOW ? write_record(journal, err) : 0;
}

int import_journal_file(struct import_journal *journal, const char *path, uint64_t size_bytes, struct cg_error *err)
{
    if (!journal)
        return 0;
    if (json_object_set_new(journal->record.files, path, json_integer((json_int_t)size_bytes)) < 0)
        return cg_fail_memory(err);
    return write_record(journal, err);
}

int import_journal_reserving(struct import_journal *journal, const struct koji_ticket *ticket, struct cg_error *err)
{
    if (!journal)
        return 0;
    if (import_ticket_copy(&journal->record.reserve_ticket, ticket, err) < 0)
        return -1;
    journal->record.reserving = IMPORT_SENDING;
    return write_record(journal, err);
}

int import_journal_reserved(struct import_journal *journal, const struct koji_reservation *reservation,
                            struct cg_error *err)
{
    if (!journal)
        return 0;
    if (secret_copy(&journal->record.reservation.token, &reservation->token, err) < 0)
        return -1;
    journal->record.reservation.build_id = reservation->build_id;
    journal->record.reserving = IMPORT_NOT_SENT;
    return write_record(journal, err);
}

int import_journal_unreserved(struct import_journal *journal, struct cg_error *err)
{
    if (!journal || (journal->record.reserving == IMPORT_NOT_SENT && journal->record.reservation.build_id == 0))
        return 0;
    koji_reservation_finish(&journal->record.reservation);
    journal->record.reserving = IMPORT_NOT_SENT;
    return write_record(journal, err);
}

int import_journal_importing(struct import_journal *journal, const struct koji_ticket *ticket, double now,
                             struct cg_error *err)
{
    if (!journal)
        return 0;
    if (import_ticket_copy(&journal->record.import_ticket, ticket, err) < 0)
        return -1;
    journal->record.importing = IMPORT_SENDING;
    journal->record.sent_at = now;
    return write_record(journal, err);
}

int import_journal_import_failed(struct import_journal *journal, struct cg_error *err)
{
    if (!journal)
        return 0;
    clear_directory(&journal->record);
    journal->record.importing = IMPORT_NOT_SENT;
    return journal->on_disk ? write_record(journal, err) : 0;
}

int import_journal_remove(struct import_journal *journal, struct cg_error *err)
{
    if (!journal || !journal->on_disk)
        return 0;
    if (unlink(journal->path) < 0 && errno != ENOENT)
        return cg_fail_errno(err, "remove", journal->path);
    journal->on_disk = false;
    import_record_finish(&journal->record);
    return 0;
}

void import_journal_close(struct import_journal *journal)
{
    if (!journal)
        return;
    if (journal->lock >= 0) {
        unlink(journal->lock_path);
        close(journal->lock);
    }
    import_record_finish(&journal->record);
    free(journal->directory);
    free(journal->path);
    free(journal->lock_path);
    free(journal);
}
