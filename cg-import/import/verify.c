/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/verify.h"

#include "import/compare.h"
#include "import/stored_metadata.h"

#include <inttypes.h>
#include <string.h>

static int wrong(const struct import_work *work, const char *what, struct cg_error *err)
{
    cg_fail(err, CG_E_MISMATCH, "the hub imported %s as build %" PRId64 ", but %s", work->metadata->nvr,
            work->build.build_id, what);
    return cg_hint(err, "do not ship this build: have the hub's administrators look at it");
}

int import_verify(struct import_work *work, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_VERIFY, NULL);
    const struct koji_build *build = &work->build;
    if (import_result_build(work, build, err) < 0)
        return -1;
    if (build->state != KOJI_BUILD_COMPLETE)
        return wrong(work, "it is not complete", err);
    if (work->reservation.build_id != 0 && work->reservation.build_id != build->build_id)
        return wrong(work, "another build was reserved", err);
    if ((work->draft == KOJI_DRAFT) != build->draft)
        return wrong(work, build->draft ? "as a draft" : "not as a draft", err);

    AUTO_KOJI_BUILD_FILES struct koji_build_files files = {0};
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    if (koji_build_files_read(work->session, build->build_id, import_compare_needs_rpms(work->metadata), &files, err) <
        0)
        return -1;
    int different = import_compare_files(work->metadata, &files, &differences, err);
    if (different < 0)
        return -1;
    if (different == 1)
        return wrong(work, cg_bytes_text(&differences), err);
    int stored = import_stored_metadata_compare(work, IMPORT_TEXT_OF_THIS_RUN, &differences, err);
    if (stored < 0)
        return -1;
    return stored == IMPORT_STORED_DIFFERENT ? wrong(work, cg_bytes_text(&differences), err) : 0;
}
