/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/draft.h"

#include "import/ask.h"
#include "koji/drafts.h"

/* Is work->build complete and this import's? 1, 0 or -1. */
static int is_this(struct import_work *work, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    if (work->build.state != KOJI_BUILD_COMPLETE)
        return 0;
    int different = import_compare_build(work, &differences, err);
    if (different != 0 || work->result->stored != IMPORT_STORED_SAME)
        return different < 0 ? -1 : 0;
    return import_result_build(work, &work->build, err) < 0 ? -1 : 1;
}

/* A promoted draft has the NVR itself. 1, 0 or -1. */
static int find_promoted(struct import_work *work, struct cg_error *err)
{
    koji_build_finish(&work->build);
    int found = koji_get_build(work->session, work->metadata->nvr, &work->build, err);
    return found == 1 ? is_this(work, err) : found;
}

static int find_draft(struct import_work *work, struct cg_error *err)
{
    int64_t ids[KOJI_DRAFTS_MOST];
    size_t count;
    if (koji_drafts_find(work->session, work->metadata, ids, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        koji_build_finish(&work->build);
        int found = koji_get_build_by_id(work->session, ids[i], &work->build, err);
        if (found == 1)
            found = is_this(work, err);
        if (found != 0)
            return found;
    }
    return 0;
}

int import_draft_find(struct import_work *work, struct cg_error *err)
{
    int found = find_promoted(work, err);
    if (found == 0)
        found = find_draft(work, err);
    if (found == 0) {
        koji_build_finish(&work->build);
        work->result->stored = IMPORT_STORED_UNREAD;
    }
    return found;
}
