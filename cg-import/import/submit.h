/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_SUBMIT_H
#define IMPORT_SUBMIT_H

/*
 * The CGImport: written down, sent, and what its answer means.
 *
 * A fault that the first sending was answered with is taken at its word. What a repeat is answered with is not: the
 * build and its files decide. A repeat has the number of the first on every hub that is asked with both headers, so it
 * is answered only when the first has ended: what then is not there will not come.
 */

#include "import/work.h"

/* Tries when the hub does not see an upload yet (hub replicas over NFS), and the waits between them, milliseconds. */
#define IMPORT_UNSEEN_TRIES 8
#define IMPORT_UNSEEN_FIRST_MS 250
#define IMPORT_UNSEEN_MOST_MS 8000

enum import_verdict {
    IMPORT_VERDICT_IMPORTED, /* by this call: work->build is its answer, not yet verified */
    IMPORT_VERDICT_SAME,     /* by this call, whose answer was lost: the hub has this very build, compared */
    IMPORT_VERDICT_OTHER,    /* another import of this very build was faster, compared */
    IMPORT_VERDICT_AGAIN,    /* not imported, the cause is mended: upload anew into another directory */
};

/*
 * Sends the CGImport of work->directory. Returns an enum import_verdict, or -1 with the fault's code when it is certain
 * that nothing was imported, CG_E_CONFLICT, CG_E_RESERVED, CG_E_STRAY, or CG_E_UNKNOWN (work->certainty is
 * IMPORT_MAY_RUN then).
 */
int import_submit(struct import_work *work, struct cg_error *err);

/* The same about the CGImport that an earlier run announced: sends the identical call in the identical session. */
int import_submit_again(struct import_work *work, const struct import_record *record, struct cg_error *err);

#endif
