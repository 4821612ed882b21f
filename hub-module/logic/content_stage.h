/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CONTENT_STAGE_H
#define CG_HUB_CONTENT_STAGE_H

/* One content from where the hub holds it to its name in an upload directory: tries one place after the other. */

#include "cg/bytes.h"
#include "logic/content.h"

/* Where to. Borrowed. */
struct content_target {
    const char *work;      /* the hub's work directory */
    const char *directory; /* below it */
    const char *name;      /* in the directory */
};

struct content_staging {
    const struct content_places *places; /* borrowed */
    size_t content;                      /* which of them */
    const struct content_id *id;         /* borrowed */
    struct content_target target;
    enum staging_links links;
    unsigned threads;
    struct content_seal *seal; /* borrowed; NULL: none is known or made */
};

/*
 * 1: staged, *method tells how. 0: the hub has no such file; what was found instead is in `notes`, for the hub's log.
 * -1: CG_E_CONFLICT (the name is taken), CG_E_LIMIT (the disk is full), CG_E_UNSUPPORTED (no openat2), ...
 * Touches nothing of Python's.
 */
int content_stage(const struct content_staging *staging, enum staging_method *method, struct cg_bytes *notes,
                  struct cg_error *err);

#endif
