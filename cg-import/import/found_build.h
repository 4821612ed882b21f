/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_FOUND_BUILD_H
#define IMPORT_FOUND_BUILD_H

/*
 * The facts of a build that another client imported: from the metadata.json that the hub stored; where that cannot be
 * had or is not what was imported, from what the hub's tables say; where the hub has no such build any more, from the
 * event of its record alone. Which of them it was, and why, is told with the facts.
 *
 * Only reads. What becomes of them is the follower's (follower.h) and the backfill's (backfill.h).
 */

#include "koji/session.h"
#include "store/provenance.h"

/* Bytes of metadata.json that are read; the largest seen has 8 MB. */
#define FOUND_METADATA_MAX (64U * 1024U * 1024U)

/* Zero-initialise; release with found_build_finish. */
struct found_build {
    json_t *facts;            /* owned */
    char metadata_sha256[65]; /* of the stored bytes, or of what the event says was imported; "": neither is known */
    const char *facts_from;   /* static: "metadata", "hub", "event" */
    char remark[CG_ERROR_MESSAGE_SIZE]; /* "": from the metadata */
};

#define AUTO_FOUND_BUILD CG_AUTO(found_build_finish)

/* What came of reading the stored metadata. */
enum found_stored {
    FOUND_STORED,     /* `found` is whole */
    FOUND_ABSENT,     /* there is no such file; found->remark says where */
    FOUND_OTHER,      /* it is no document of this build, or another than was imported; found->remark */
    FOUND_UNREADABLE, /* it cannot be told now; found->remark */
};

/*
 * Reads the stored metadata of `build`, an answer of getBuild or listBuilds, and holds it against `sha256` (NULL: any
 * document of that name, version and release will do). Returns an enum found_stored; -1 with CG_E_MEMORY,
 * CG_E_INTERRUPTED.
 */
int found_build_stored(struct koji_session *session, const json_t *build, const char *sha256, struct found_build *found,
                       struct cg_error *err);

/* The facts from the hub's tables; found->remark stays. 0, or -1 with the codes of koji_build_document(). */
int found_build_of_hub(struct koji_session *session, const json_t *build, const char *content_generator,
                       struct found_build *found, struct cg_error *err);

/* The facts from an event of the record; found->remark stays. 0, or -1 with CG_E_HUB_REPLY, CG_E_NVR, CG_E_MEMORY. */
int found_build_of_event(const json_t *event, struct found_build *found, struct cg_error *err);

/* Puts into `for_store` what `found` says; the rest of it is the caller's. Borrowed. */
void found_build_for_store(const struct found_build *found, struct store_found_build *for_store);

void found_build_finish(struct found_build *found);

#endif
