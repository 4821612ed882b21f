/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_JOURNAL_H
#define IMPORT_JOURNAL_H

/*
 * What a run of an import did on the hub, kept so that a run after a crash asks what became of it.
 *
 * The record of one import lies with a keeper: a file (journal_file.c), or what the caller brings. It holds a session
 * key and a reservation token, so nobody else may read it. Every change is durable before the request that it
 * announces is sent. Removed when the import is done or nothing of it is left on the hub.
 * NULL stands for "no journal" in every function: then nothing is kept and nothing is locked.
 */

#include "base/stop.h"
#include "cg/error.h"
#include "koji/content_generator.h"
#include "koji/session.h"

#include <stdbool.h>

/* Milliseconds between looks at a lock that another run holds. */
#define IMPORT_JOURNAL_LOCK_POLL_MS 200

/* How far a request got that cannot be repeated blindly. */
enum import_sending {
    IMPORT_NOT_SENT,
    IMPORT_SENDING, /* announced: it may have reached the hub; no answer was seen */
};

/* Read through import_journal_record(), changed by the functions below. */
struct import_record {
    char *directory; /* where the outputs were uploaded, NULL: nowhere yet; never used again after a CGImport */
    json_t *files;   /* {path: size}: arrived there whole and as the metadata says */
    enum import_sending reserving;
    struct koji_ticket reserve_ticket;   /* of the CGInitBuild, while reserving */
    struct koji_reservation reservation; /* our own; build_id 0: none */
    enum import_sending importing;
    struct koji_ticket import_ticket; /* of the CGImport, while importing */
    double sent_at;                   /* seconds since 1970, of the CGImport */
};

/* Must a fact be durable before going on, or is it enough that the next one takes it along? */
enum import_journal_when { IMPORT_JOURNAL_NOW, IMPORT_JOURNAL_WITH_NEXT };

struct import_journal;

#define AUTO_IMPORT_JOURNAL CG_AUTO(import_journal_auto)

/* What tells one import from another. */
struct import_journal_key {
    const char *hub; /* URL */
    const char *nvr;
    const char *metadata_sha256; /* of the document as given */
    enum koji_draft draft;
};

/* Called once when another run holds the lock, before waiting for it. */
typedef void import_journal_waiting(void *context);

/* Where a record is kept. All but load's *record are borrowed; `name` names it in messages. */
struct import_journal_keeper {
    /* *record is a new reference, left NULL when nothing is kept. 0 or -1. */
    int (*load)(void *context, json_t **record, struct cg_error *err);
    /* Durable in place of the one before when it returns 0; -1: the request that it announces is not sent. */
    int (*save)(void *context, const json_t *record, struct cg_error *err);
    int (*remove)(void *context, struct cg_error *err);
    void (*close)(void *context); /* called once in any case; may be NULL */
    const char *name;
    void *context;
};

/* Reads what an earlier run left with `keeper`, which sees to it that one run at a time has it. NULL with the keeper's
 * errors, CG_E_IO for a record that cannot be understood, CG_E_MEMORY. */
struct import_journal *import_journal_open_with(const struct import_journal_keeper *keeper, struct cg_error *err);

/*
 * The keeper is a file for hub, NVR and digest of the metadata as it was given: a new file is put in place by rename
 * and synced, readable by its owner only. A lock file beside it lets one run at a time work at an import on this
 * machine. Locks the import and reads what an earlier run left; makes `directory` if it is missing (0700). Waits while
 * another run is at work. NULL with CG_E_IO (also a journal that cannot be understood), CG_E_INTERRUPTED, CG_E_MEMORY.
 */
struct import_journal *import_journal_open(const char *directory, const struct import_journal_key *key,
                                           const struct stop *stop, import_journal_waiting *waiting, void *context,
                                           struct cg_error *err);

/* What is recorded, borrowed until the next change. For a NULL journal NULL. */
const struct import_record *import_journal_record(const struct import_journal *journal);

/* Path of the file or the keeper's name, for messages, borrowed. "" for a NULL journal. */
const char *import_journal_path(const struct import_journal *journal);

/* Each writes down one fact and returns 0, or -1 with CG_E_IO, CG_E_MEMORY: then the request must not be sent. */
int import_journal_directory(struct import_journal *journal, const char *directory, enum import_journal_when when,
                             struct cg_error *err);
int import_journal_file(struct import_journal *journal, const char *path, uint64_t size_bytes, struct cg_error *err);
int import_journal_reserving(struct import_journal *journal, const struct koji_ticket *ticket, struct cg_error *err);
int import_journal_reserved(struct import_journal *journal, const struct koji_reservation *reservation,
                            struct cg_error *err);
int import_journal_unreserved(struct import_journal *journal, struct cg_error *err);
int import_journal_importing(struct import_journal *journal, const struct koji_ticket *ticket, double now,
                             struct cg_error *err);

/* Writes down what is recorded once more: fails when the keeper has given the import to another. Asked before what is
 * reserved on the hub is given back or canceled: it may be in the other's use. */
int import_journal_confirm(struct import_journal *journal, struct cg_error *err);

/* The CGImport was answered and did not happen: the upload directory is used up, the ticket over. */
int import_journal_import_failed(struct import_journal *journal, struct cg_error *err);

/* Nothing is left to be remembered: removes the record. */
int import_journal_remove(struct import_journal *journal, struct cg_error *err);

/* Closes the keeper, which unlocks. What is recorded stays. NULL is allowed. */
void import_journal_close(struct import_journal *journal);

static inline void import_journal_auto(struct import_journal **journal)
{
    import_journal_close(*journal);
}

#endif
