/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/recover.h"

#include "import/ask.h"
#include "import/reserve.h"
#include "import/submit.h"

#include <inttypes.h>

/* The reservation of the earlier run, unless the hub says that it is over. 0 or -1. */
static int take_over(struct import_work *work, const struct import_record *record, struct cg_error *err)
{
    if (record->reservation.build_id == 0 || work->holder != IMPORT_HOLDS_NONE)
        return 0;
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int found = koji_get_build_by_id(work->session, record->reservation.build_id, &build, err);
    if (found < 0)
        return -1;
    if (found == 0 || (build.state != KOJI_BUILD_BUILDING && build.state != KOJI_BUILD_COMPLETE))
        return import_journal_unreserved(work->journal, err);
    work->reservation.build_id = record->reservation.build_id;
    work->holder = IMPORT_HOLDS_OWN;
    import_note(work, "using the reservation of build %" PRId64 " that an earlier run made",
                work->reservation.build_id);
    return secret_copy(&work->reservation.token, &record->reservation.token, err);
}

int import_recover(struct import_work *work, struct cg_error *err)
{
    const struct import_record *record = import_journal_record(work->journal);
    if (!record || (record->importing == IMPORT_NOT_SENT && record->reserving == IMPORT_NOT_SENT &&
                    record->reservation.build_id == 0))
        return IMPORT_VERDICT_AGAIN;
    work->foreknown = IMPORT_NOT_ASKED;
    import_tell_step(work, IMPORT_STEP_RECOVER, NULL);
    if (record->reserving == IMPORT_SENDING && import_reserve_again(work, record, err) < 0)
        return -1;
    if (take_over(work, record, err) < 0)
        return -1;
    if (record->importing == IMPORT_NOT_SENT)
        return IMPORT_VERDICT_AGAIN;
    return import_submit_again(work, record, err);
}
