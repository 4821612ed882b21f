/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/stray.h"

#include "import/ask.h"
#include "import/reserve.h"
#include "import/submit.h"

/* CGInitBuild, CGRefundBuild, CGInitBuild; without a wish for a reservation, given back once more. */
static int clear(struct import_work *work, struct cg_error *err)
{
    import_note(work, "removing what a dead import of %s left on the hub", work->metadata->nvr);
    if (work->holder == IMPORT_HOLDS_NONE && import_reserve(work, err) < 0)
        return -1;
    if (import_refund(work, KOJI_BUILD_FAILED, err) < 0 || import_reserve(work, err) < 0)
        return -1;
    if (work->reservation_wish == IMPORT_UNRESERVED) {
        if (import_refund(work, KOJI_BUILD_FAILED, err) < 0)
            return -1;
        return import_put_reservation(work, err);
    }
    return 0;
}

static int refuse(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    *err = *fault;
    err->hint[0] = '\0';
    return cg_hint(err,
                   "when it is sure that no import of %s runs, run the same command with --clear-stray: the hub "
                   "then removes these files (reserve, give back, reserve)",
                   work->metadata->nvr);
}

int import_stray_settle(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    /* Another import of the build may be at work: it moves its files before it commits. */
    if (work->holder == IMPORT_HOLDS_NONE) {
        CG_AUTO_BYTES struct cg_bytes differences = {0};
        int standing = import_standing(work, &differences, err);
        if (standing == IMPORT_STANDS_FREE)
            standing = import_standing_after(work, IMPORT_STANDS_FREE, &differences, err);
        if (standing < 0)
            return -1;
        if (standing == IMPORT_STANDS_SAME)
            return IMPORT_VERDICT_OTHER;
        if (standing != IMPORT_STANDS_FREE && standing != IMPORT_STANDS_RETIRED) {
            int other = import_wait_for_other(work, err);
            return other < 0 ? -1 : other == 1 ? IMPORT_VERDICT_OTHER : IMPORT_VERDICT_AGAIN;
        }
    }
    if (work->holder == IMPORT_HOLDS_GIVEN)
        return refuse(work, fault, err);
    if (!work->earlier_died && work->request->stray == IMPORT_STRAY_KEEP)
        return refuse(work, fault, err);
    return clear(work, err) < 0 ? -1 : IMPORT_VERDICT_AGAIN;
}
