/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void import_tell_step(const struct import_work *work, enum import_step step, const char *detail)
{
    if (work->listener->step)
        work->listener->step(work->listener->context, step, detail);
}

void import_note(const struct import_work *work, const char *format, ...)
{
    if (!work->listener->note)
        return;
    char line[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    work->listener->note(work->listener->context, line);
}

int import_may_go_on(const struct import_work *work, const char *what, struct cg_error *err)
{
    if (stop_level(work->stop) == STOP_NONE)
        return 0;
    return cg_fail(err, CG_E_INTERRUPTED, "interrupted before %s", what);
}

/* The build's page: WEBURL/buildinfo?buildID=N (koji's www/kojiweb). */
static char *build_url(const struct import_work *work, int64_t build_id, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes url = {0};
    if (cg_bytes_printf(&url, err, "%s/buildinfo?buildID=%" PRId64, koji_session_profile(work->session)->weburl,
                        build_id) < 0)
        return NULL;
    return cg_bytes_steal(&url);
}

int import_result_build(struct import_work *work, const struct koji_build *build, struct cg_error *err)
{
    struct import_result *result = work->result;
    CG_AUTO_FREE char *url = build_url(work, build->build_id, err);
    if (!url)
        return -1;
    if (build->nvr) {
        char *nvr = strdup(build->nvr);
        if (!nvr)
            return cg_fail_memory(err);
        free(result->nvr);
        result->nvr = nvr;
    }
    free(result->url);
    result->url = CG_STEAL(url);
    result->build_id = build->build_id;
    return 0;
}

void import_left_on_hub(struct import_work *work, const char *format, ...)
{
    char text[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    struct import_result *result = work->result;
    CG_AUTO_BYTES struct cg_bytes all = {0};
    struct cg_error ignored = {0};
    if (cg_bytes_printf(&all, &ignored, "%s%s%s", result->left_on_hub ? result->left_on_hub : "",
                        result->left_on_hub ? "; " : "", text) < 0)
        return;
    free(result->left_on_hub);
    result->left_on_hub = cg_bytes_steal(&all);
}

void import_work_finish(struct import_work *work)
{
    cg_metadata_destroy(work->metadata);
    import_journal_close(work->journal);
    koji_reservation_finish(&work->reservation);
    cg_bytes_finish(&work->text);
    koji_build_finish(&work->build);
}
