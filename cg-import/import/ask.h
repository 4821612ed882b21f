/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_ASK_H
#define IMPORT_ASK_H

/*
 * What the hub knows of the build, and whether it is the one that is to be imported.
 *
 * Never decided by a fault code: by getBuild and, when the build is complete, by its files.
 */

#include "import/work.h"

/* How long another import of the same build is waited for: it hashes every byte before it is done. */
#define IMPORT_PATIENCE_S 15
#define IMPORT_PATIENCE_BYTES_PER_S (16ULL * 1024ULL * 1024ULL)
/* A reservation older than this, seconds, is not one of an import that will be done in a moment. */
#define IMPORT_FRESH_RESERVATION_S 900
/* First and longest wait between two looks, milliseconds. */
#define IMPORT_LOOK_FIRST_MS 200
#define IMPORT_LOOK_MOST_MS 3000

enum import_standing {
    IMPORT_STANDS_FREE,      /* no such build */
    IMPORT_STANDS_SAME,      /* complete, and what the metadata describes: the result tells of it */
    IMPORT_STANDS_DIFFERENT, /* complete, but something else */
    IMPORT_STANDS_TAKEN,     /* reserved or being built */
    IMPORT_STANDS_RETIRED,   /* failed or canceled: may be imported again */
    IMPORT_STANDS_DELETED,   /* its NVR is never free again */
};

/* Is work->build, which is complete, what the metadata describes? 0 yes, 1 no, said in `differences`, -1. */
int import_compare_build(struct import_work *work, struct cg_bytes *differences, struct cg_error *err);

/*
 * Asks; work->build is what the hub told. By the reservation's build id if there is one, else by NVR; a draft that is
 * not reserved is always free. `differences` gets the words for IMPORT_STANDS_DIFFERENT. Returns an enum
 * import_standing, or -1.
 */
int import_standing(struct import_work *work, struct cg_bytes *differences, struct cg_error *err);

/* Looks until the build is not `while_standing` any more or patience ends, and returns as import_standing(). */
int import_standing_after(struct import_work *work, enum import_standing while_standing, struct cg_bytes *differences,
                          struct cg_error *err);

/* May we, as who we are known to be, import for the content generator? 0, or -1 with CG_E_AUTH, CG_E_MEMORY. */
int import_identify(struct import_work *work, struct cg_error *err);

/*
 * The step before anything is sent. 1: the hub has this very build, 0: it may be imported, -1: CG_E_CONFLICT,
 * CG_E_RESERVED (after waiting for one that is being imported by the same user).
 */
int import_ask(struct import_work *work, struct cg_error *err);

/*
 * Somebody else has the build: waits for the end of it. 1: it became this very build, 0: it is free again, -1 as
 * import_ask().
 */
int import_wait_for_other(struct import_work *work, struct cg_error *err);

/* Seconds that another import of this build is waited for. */
unsigned import_patience_s(const struct import_work *work);

#endif
