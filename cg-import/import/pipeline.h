/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_PIPELINE_H
#define IMPORT_PIPELINE_H

/*
 * One build from its files to a verified build on the hub: check, upload, reserve, import, verify, tag.
 *
 * Each step is a file of its own in this room; this one puts them in order. Everything is checked before the first
 * byte is sent. A step that cannot be undone is written to the journal before it is sent, so that the same command run
 * again asks the hub what became of it instead of doing it twice. Prints nothing: a listener is told what happens.
 */

#include "base/secret.h"
#include "cg/check.h"
#include "koji/content_generator.h"
#include "koji/hub_lists.h"
#include "koji/session.h"

struct import_journal_keeper; /* journal.h */
struct import_images;         /* images.h */

/* How the output files get to the hub. */
enum import_transfer {
    IMPORT_SEND, /* upload */
    IMPORT_LINK, /* reflink, hard link or copy into the profile's topdir, which is the hub's volume */
};

enum import_reservation {
    IMPORT_UNRESERVED, /* the NVR is taken by the import itself; a build_id in the document is left as it is */
    IMPORT_RESERVE,    /* CGInitBuild first; build_id is put into the metadata that is uploaded */
    IMPORT_RESERVED,   /* reserved by someone before: token and build_id are given */
};

/* What to do about files of a dead import where the build belongs. */
enum import_stray {
    IMPORT_STRAY_KEEP,  /* they are an error, unless it was this very import that died */
    IMPORT_STRAY_CLEAR, /* the caller is sure that no import of this build runs: have the hub remove them */
};

enum import_extent {
    IMPORT_WHOLE,
    IMPORT_DRY_RUN, /* check everything, local files' checksums included, and ask the hub; change nothing */
};

/* Was the hub asked for the build a moment before? */
enum import_foreknown {
    IMPORT_NOT_ASKED,
    IMPORT_WAS_ABSENT, /* it had no such build: need not be asked before the upload */
};

/* Whom the hints of errors are for. */
enum import_reader {
    IMPORT_READ_AT_COMMAND, /* who ran a command, and can run it again */
    IMPORT_READ_IN_SERVICE, /* who decides about an import of the service: how to go on is the worker's to say */
};

/* Upload lanes by default: no gain was measured beyond this many streams to one hub. */
#define IMPORT_LANES_DEFAULT 4

/* One build to import. All borrowed. */
struct import_request {
    const char *metadata_name; /* for messages: the path, "-" for standard input */
    const char *text;          /* the document, byte for byte */
    size_t text_size;
    const struct cg_checker *checker;     /* for more than one document; NULL: one is made */
    const char *directory;                /* where the output files lie */
    const struct koji_identity *identity; /* who we are: of import_greet */
    enum import_foreknown foreknown;
    enum import_transfer transfer;
    enum import_reservation reservation;
    int64_t build_id;           /* IMPORT_RESERVED: 0 if the document has it */
    const struct secret *token; /* IMPORT_RESERVED */
    enum koji_draft draft;      /* KOJI_DRAFT: "draft": true is put into the uploaded metadata */
    const char *tag;            /* NULL: none */
    enum import_extent extent;
    const struct import_images *images; /* look into the images before anything is sent; NULL: do not */
    bool strict;                        /* warnings refuse */
    unsigned lanes;                     /* parallel uploads; 0: IMPORT_LANES_DEFAULT */
    enum import_stray stray;
    enum import_reader reader;
    unsigned patience_s;           /* waited for another import of the same build; 0: by its size, see ask.h */
    const char *journal_directory; /* NULL: no journal, a killed import cannot be taken up again */
    const struct import_journal_keeper *journal_keeper; /* instead of the directory; NULL: none */
};

enum import_step {
    IMPORT_STEP_CHECK,
    IMPORT_STEP_ASK,     /* what the hub knows of this build */
    IMPORT_STEP_RECOVER, /* an earlier run of the same import was cut off */
    IMPORT_STEP_UPLOAD,
    IMPORT_STEP_RESERVE,
    IMPORT_STEP_IMPORT,
    IMPORT_STEP_VERIFY,
    IMPORT_STEP_TAG,
};

/* Told what happens, from the thread that called import_run, progress also from others. Any member may be NULL. */
struct import_listener {
    void (*step)(void *context, enum import_step step, const char *detail);
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void (*note)(void *context, const char *line);
    void *context;
};

enum import_outcome {
    IMPORT_NOTHING, /* failed: the error says why */
    IMPORT_DONE,
    IMPORT_ALREADY, /* the hub had this very build; nothing was sent */
    IMPORT_CHECKED, /* dry run: would be accepted */
};

/* The metadata.json that the hub stored, held against what was uploaded. */
enum import_stored {
    IMPORT_STORED_UNREAD, /* it could not be read */
    IMPORT_STORED_SAME,   /* byte for byte */
    IMPORT_STORED_DIFFERENT,
};

/* Also filled, as far as it came, when the import failed. Strings owned, NULL when not known. */
struct import_result {
    enum import_outcome outcome;
    struct cg_report *report; /* of the check, NULL if it did not come so far */
    char *nvr;                /* as the hub calls the build (drafts differ from the document) */
    int64_t build_id;
    char *url;             /* the build's page under the profile's weburl */
    char *metadata_sha256; /* of the document as given */
    char *uploaded_sha256; /* of the metadata.json that was uploaded: the same unless build_id or draft was put in */
    enum import_stored stored;
    char *unread_reason;  /* IMPORT_STORED_UNREAD: why, when it was tried */
    uint64_t total_bytes; /* of all outputs */
    uint64_t sent_bytes;  /* what went over the wire */
    uint64_t linked_bytes;
    char *tag;
    int64_t tag_task_id; /* 0: none */
    char *left_on_hub;   /* what a failed or interrupted import left there and what to do, for people */
};

/*
 * Imports over a logged-in session. `lists` is what import_greet told, `listener` may be NULL.
 * Returns 0 with outcome DONE, ALREADY or CHECKED; -1 with CG_E_REFUSED or CG_E_MISMATCH (findings in the report),
 * CG_E_CONFLICT, CG_E_RESERVED, CG_E_STRAY, CG_E_UNSUPPORTED, CG_E_TAG (imported, result filled), CG_E_UNKNOWN,
 * CG_E_INTERRUPTED or any code of the koji room. Release the result in every case.
 */
int import_run(struct koji_session *session, const struct koji_hub_lists *lists, const struct import_request *request,
               const struct import_listener *listener, struct import_result *result, struct cg_error *err);

void import_result_finish(struct import_result *result);

#endif
