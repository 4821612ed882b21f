/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/tag.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "import/ask.h"
#include "koji/tag_calls.h"

#include <inttypes.h>
#include <string.h>

/* Whether the hub was told to tag it or not: that is no fault of the tag, and whoever goes on looks. */
static int interrupted(const struct import_work *work, struct cg_error *err)
{
    return cg_fail(err, CG_E_INTERRUPTED, "interrupted: %s is imported, and perhaps not tagged %s", work->result->nvr,
                   work->request->tag);
}

/* A failure of a call while tagging, told as one of tagging. */
static int tag_failed(const struct import_work *work, const struct cg_error *cause, struct cg_error *err)
{
    if (cause->code == CG_E_INTERRUPTED)
        return interrupted(work, err);
    cg_fail(err, CG_E_TAG, "%s is imported, but not tagged %s: %s", work->result->nvr, work->request->tag,
            cause->message);
    return cg_hint(err, "%s", cause->hint);
}

static int add_package(struct import_work *work, struct cg_error *err)
{
    const char *package = work->metadata->name;
    const char *owner = work->build.owner;
    struct cg_error fault = {0};
    if (!owner)
        return cg_fail(err, CG_E_TAG, "package %s is not in the list of tag %s, and the build has no owner", package,
                       work->request->tag);
    if (koji_package_list_add(work->session, work->request->tag, package, owner, &fault) == 0 ||
        fault.code == CG_E_RETRIED) {
        import_note(work, "added package %s to tag %s", package, work->request->tag);
        return 0;
    }
    cg_fail(err, CG_E_TAG, "package %s is not in the list of tag %s, and adding it failed: %s", package,
            work->request->tag, fault.message);
    return cg_hint(err, "whoever may: koji add-pkg --owner %s %s %s%s", owner, work->request->tag, package,
                   work->request->reader == IMPORT_READ_AT_COMMAND ? "; then run the same command again" : "");
}

/* 1: the build has the tag, 0: it may be tagged, -1. */
static int prepare(struct import_work *work, struct cg_error *err)
{
    struct koji_tag_facts facts;
    struct cg_error fault = {0};
    const char *tag = work->request->tag;
    if (koji_tag_facts_read(work->session, tag, work->metadata->name, work->result->build_id, &facts, &fault) < 0)
        return tag_failed(work, &fault, err);
    if (!facts.tag_exists)
        return cg_fail(err, CG_E_TAG, "%s is imported, but the hub has no tag %s", work->result->nvr, tag);
    if (facts.build_tagged)
        return 1;
    if (facts.locked)
        return cg_fail(err, CG_E_TAG, "%s is imported, but tag %s is locked", work->result->nvr, tag);
    return facts.package_listed ? 0 : add_package(work, err);
}

/* The answer to tagBuild was lost: there is a task that we have no number of, so the tag itself is looked at. */
static int wait_for_tag(struct import_work *work, struct cg_error *err)
{
    uint64_t end = clock_monotonic_ms() + 1000ULL * import_patience_s(work);
    struct backoff backoff;
    backoff_init(&backoff, IMPORT_TAG_POLL_FIRST_MS, IMPORT_LOOK_MOST_MS, clock_monotonic_ms());
    for (;;) {
        int tagged = prepare(work, err);
        if (tagged != 0)
            return tagged < 0 ? -1 : 0;
        if (clock_monotonic_ms() >= end)
            break;
        if (stop_sleep(work->stop, backoff_next(&backoff)))
            return interrupted(work, err);
    }
    cg_fail(err, CG_E_TAG, "%s is imported; the answer to tagging it %s was lost, and it is not there yet",
            work->result->nvr, work->request->tag);
    return work->request->reader == IMPORT_READ_AT_COMMAND ? cg_hint(err, "run the same command again") : -1;
}

static int task_ended(struct import_work *work, enum koji_task_state state, struct cg_error *err)
{
    if (state == KOJI_TASK_CLOSED)
        return 0;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct cg_error ignored = {0};
    koji_get_task_failure(work->session, work->result->tag_task_id, &text, &ignored);
    return cg_fail(err, CG_E_TAG, "%s is imported, but task %" PRId64 " that should tag it %s is %s%s%s",
                   work->result->nvr, work->result->tag_task_id, work->request->tag, koji_task_state_name(state),
                   text.size > 0 ? ": " : "", cg_bytes_text(&text));
}

static int wait_for_task(struct import_work *work, struct cg_error *err)
{
    int interval_s = koji_session_profile(work->session)->poll_interval_s;
    struct backoff backoff;
    backoff_init(&backoff, IMPORT_TAG_POLL_FIRST_MS, interval_s > 0 ? (unsigned)interval_s * 1000U : 1000U,
                 clock_monotonic_ms());
    for (;;) {
        enum koji_task_state state = KOJI_TASK_FREE;
        struct cg_error fault = {0};
        if (koji_get_task(work->session, work->result->tag_task_id, &state, &fault) < 0)
            return tag_failed(work, &fault, err);
        if (state == KOJI_TASK_CLOSED || state == KOJI_TASK_CANCELED || state == KOJI_TASK_FAILED)
            return task_ended(work, state, err);
        if (stop_sleep(work->stop, backoff_next(&backoff)))
            return cg_fail(err, CG_E_INTERRUPTED,
                           "interrupted: %s is imported, and task %" PRId64 " goes on tagging it %s", work->result->nvr,
                           work->result->tag_task_id, work->request->tag);
    }
}

int import_tag(struct import_work *work, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_TAG, work->request->tag);
    int tagged = prepare(work, err);
    if (tagged < 0)
        return -1;
    work->result->tag = strdup(work->request->tag);
    if (!work->result->tag)
        return cg_fail_memory(err);
    if (tagged == 1)
        return 0;
    struct cg_error fault = {0};
    if (koji_tag_build(work->session, work->request->tag, work->result->build_id, &work->result->tag_task_id, &fault) <
        0) {
        if (fault.code == CG_E_RETRIED || fault.code == CG_E_UNKNOWN)
            return wait_for_tag(work, err);
        return tag_failed(work, &fault, err);
    }
    return wait_for_task(work, err);
}
