/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_WORK_H
#define IMPORT_WORK_H

/*
 * One import while it is worked at: what the steps of this room hand on to each other.
 *
 * Owned by import_run(), which prepares it and puts the steps in order. For the files of this room only.
 */

#include "cg/bytes.h"
#include "import/journal.h"
#include "import/pipeline.h"

#include <stdbool.h>

/* Bytes of an upload directory's name: "cg-import/" and 32 hexadecimal digits. */
#define IMPORT_DIRECTORY_SIZE 48

/* Name of the metadata in the upload directory; the hub stores it under this name too. */
#define IMPORT_METADATA_NAME "metadata.json"

/* Whose reservation the import uses. */
enum import_holder {
    IMPORT_HOLDS_NONE,
    IMPORT_HOLDS_OWN,   /* made by this import: given back when it fails */
    IMPORT_HOLDS_GIVEN, /* the caller's: left alone */
};

/* May a CGImport of this build, sent by us, be running on the hub? */
enum import_certainty {
    IMPORT_NOTHING_RUNS, /* none was sent, or it was answered */
    IMPORT_MAY_RUN,      /* its answer is missing: nothing may be refunded or sent again */
};

struct import_work {
    struct koji_session *session;             /* borrowed */
    const struct koji_hub_lists *lists;       /* borrowed */
    const struct import_request *request;     /* borrowed */
    const struct import_listener *listener;   /* borrowed, never NULL */
    struct import_result *result;             /* borrowed: filled as far as the import comes */
    const struct stop *stop;                  /* borrowed, may be NULL */
    struct cg_metadata *metadata;             /* owned, from the check on */
    struct import_journal *journal;           /* owned, NULL: none */
    enum koji_draft draft;                    /* of the build, asked for by request or document */
    enum import_reservation reservation_wish; /* as the request says; a draft is always reserved */
    enum import_holder holder;
    struct koji_reservation reservation; /* owned */
    enum import_certainty certainty;
    struct cg_bytes text;                  /* owned: the metadata that is uploaded */
    char directory[IMPORT_DIRECTORY_SIZE]; /* below the hub's work directory; "" before the upload */
    int64_t user_id;                       /* ours on the hub */
    enum import_foreknown foreknown;       /* of the build: forgotten as soon as it may be outdated */
    bool earlier_died;       /* an earlier run of this import sent a CGImport that is known not to have happened */
    struct koji_build build; /* owned: as the hub last told it */
};

/* Told to the listener. */
void import_tell_step(const struct import_work *work, enum import_step step, const char *detail);
void import_note(const struct import_work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 0 to go on, or -1 with CG_E_INTERRUPTED "interrupted before WHAT" when a stop was asked for. */
int import_may_go_on(const struct import_work *work, const char *what, struct cg_error *err);

/* Takes over what the hub tells of the build into the result: id, NVR, URL. 0, or -1 with CG_E_MEMORY. */
int import_result_build(struct import_work *work, const struct koji_build *build, struct cg_error *err);

/* Says in result->left_on_hub what is there and how to go on; several things are joined by "; ". */
void import_left_on_hub(struct import_work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

void import_work_finish(struct import_work *work);

#endif
