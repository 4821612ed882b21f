/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_RESERVE_H
#define IMPORT_RESERVE_H

/*
 * Reserving the NVR, putting the reservation into the metadata, and giving it back.
 *
 * Made as late as possible, so that little can be left behind. The CGInitBuild is written down before it is sent: when
 * its answer is lost, the hub tells by RetryError that the reservation is ours, and then, since nobody has its token,
 * it is canceled and made anew.
 */

#include "import/work.h"

/* Appends to `out` the document with build_id (and draft, if the build is one) put in. 0, or -1. */
int import_reserved_text(const struct import_work *work, int64_t build_id, struct cg_bytes *out, struct cg_error *err);

/*
 * Makes work->text what will be uploaded, and its digest part of the result: the document as it is, or with the
 * reservation in it. 0, or -1 with CG_E_MEMORY.
 */
int import_put_reservation(struct import_work *work, struct cg_error *err);

/*
 * CGInitBuild; work->reservation is our own then. 0, or -1 with CG_E_RESERVED, CG_E_CONFLICT when the NVR is taken,
 * CG_E_UNKNOWN (the journal remembers it), CG_E_UNSUPPORTED (drafts), ...
 */
int import_reserve(struct import_work *work, struct cg_error *err);

/* Finds out what became of a CGInitBuild that an earlier run announced. 0 or -1; the reservation is ours or none. */
int import_reserve_again(struct import_work *work, const struct import_record *record, struct cg_error *err);

/* Gives our own reservation back. 0, or -1: then the result says what is left on the hub. */
int import_refund(struct import_work *work, enum koji_build_state state, struct cg_error *err);

/* Says in the result that our own reservation stays on the hub, and what to do. */
void import_tell_reservation(struct import_work *work);

#endif
