/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/ask.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "import/compare.h"
#include "import/draft.h"
#include "import/stored_metadata.h"

#include <inttypes.h>
#include <string.h>

unsigned import_patience_s(const struct import_work *work)
{
    if (work->request->patience_s > 0)
        return work->request->patience_s;
    return IMPORT_PATIENCE_S + (unsigned)(work->result->total_bytes / IMPORT_PATIENCE_BYTES_PER_S);
}

int import_compare_build(struct import_work *work, struct cg_bytes *differences, struct cg_error *err)
{
    const struct koji_build *build = &work->build;
    const char *content_generator = work->metadata->content_generator;
    if (build->content_generator && strcmp(build->content_generator, content_generator) != 0) {
        int written = cg_bytes_printf(differences, err, "it is of content generator %s, not %s",
                                      build->content_generator, content_generator);
        return written < 0 ? -1 : 1;
    }
    AUTO_KOJI_BUILD_FILES struct koji_build_files files = {0};
    if (koji_build_files_read(work->session, build->build_id, import_compare_needs_rpms(work->metadata), &files, err) <
        0)
        return -1;
    int different = import_compare_files(work->metadata, &files, differences, err);
    if (different != 0)
        return different;
    int stored = import_stored_metadata_compare(work, IMPORT_TEXT_OF_ANY_RUN, differences, err);
    return stored < 0 ? -1 : stored == IMPORT_STORED_DIFFERENT;
}

/* 1: work->build is filled, 0: there is none, -1. */
static int get_build(struct import_work *work, struct cg_error *err)
{
    koji_build_finish(&work->build);
    if (work->reservation.build_id != 0)
        return koji_get_build_by_id(work->session, work->reservation.build_id, &work->build, err);
    if (work->draft == KOJI_DRAFT)
        return 0;
    return koji_get_build(work->session, work->metadata->nvr, &work->build, err);
}

int import_standing(struct import_work *work, struct cg_bytes *differences, struct cg_error *err)
{
    cg_bytes_clear(differences);
    int found = get_build(work, err);
    if (found <= 0)
        return found < 0 ? -1 : IMPORT_STANDS_FREE;
    int different;
    switch (work->build.state) {
    case KOJI_BUILD_BUILDING:
        return IMPORT_STANDS_TAKEN;
    case KOJI_BUILD_DELETED:
        return IMPORT_STANDS_DELETED;
    case KOJI_BUILD_FAILED:
    case KOJI_BUILD_CANCELED:
        return IMPORT_STANDS_RETIRED;
    case KOJI_BUILD_COMPLETE:
        different = import_compare_build(work, differences, err);
        if (different != 0)
            return different < 0 ? -1 : IMPORT_STANDS_DIFFERENT;
        return import_result_build(work, &work->build, err) < 0 ? -1 : IMPORT_STANDS_SAME;
    }
    return cg_fail(err, CG_E_HUB_REPLY, "the hub says that build %" PRId64 " is in state %d, which is none",
                   work->build.build_id, (int)work->build.state);
}

int import_standing_after(struct import_work *work, enum import_standing while_standing, struct cg_bytes *differences,
                          struct cg_error *err)
{
    uint64_t end = clock_monotonic_ms() + 1000ULL * import_patience_s(work);
    struct backoff backoff;
    backoff_init(&backoff, IMPORT_LOOK_FIRST_MS, IMPORT_LOOK_MOST_MS, clock_monotonic_ms());
    for (;;) {
        int standing = import_standing(work, differences, err);
        if (standing != (int)while_standing || clock_monotonic_ms() >= end)
            return standing;
        if (stop_sleep(work->stop, backoff_next(&backoff)))
            return cg_fail(err, CG_E_INTERRUPTED, "interrupted while another import of %s was at work",
                           work->metadata->nvr);
    }
}

static int different_build(const struct import_work *work, const struct cg_bytes *differences, struct cg_error *err)
{
    cg_fail(err, CG_E_CONFLICT, "the hub has %s already (build %" PRId64 "), and it is different: %s",
            work->build.nvr ? work->build.nvr : work->metadata->nvr, work->build.build_id, cg_bytes_text(differences));
    return cg_hint(err, "a build on the hub is never changed: import under another release");
}

static int taken_build(const struct import_work *work, struct cg_error *err)
{
    cg_fail(err, CG_E_RESERVED, "%s is reserved or being built by %s (build %" PRId64 ")", work->metadata->nvr,
            work->build.owner ? work->build.owner : "somebody", work->build.build_id);
    return cg_hint(err,
                   "to use the reservation give --build-id %" PRId64
                   " --token TOKEN; its owner can give it up with: koji cancel %s",
                   work->build.build_id, work->metadata->nvr);
}

/* Turns how the build stands into what the caller is told; `standing` was looked at last. */
static int decide(struct import_work *work, int standing, const struct cg_bytes *differences, struct cg_error *err)
{
    switch ((enum import_standing)standing) {
    case IMPORT_STANDS_SAME:
        return 1;
    case IMPORT_STANDS_FREE:
    case IMPORT_STANDS_RETIRED:
        return 0;
    case IMPORT_STANDS_DIFFERENT:
        return different_build(work, differences, err);
    case IMPORT_STANDS_TAKEN:
        return taken_build(work, err);
    case IMPORT_STANDS_DELETED:
        break;
    }
    cg_fail(err, CG_E_CONFLICT, "%s was deleted on the hub (build %" PRId64 ")", work->metadata->nvr,
            work->build.build_id);
    return cg_hint(err, "the hub never gives an NVR away twice: import under another release");
}

/* Is the reservation one that an import of the same user may be about to complete? */
static bool worth_waiting_for(const struct import_work *work)
{
    const struct koji_build *build = &work->build;
    if (build->owner_id != work->user_id || !build->content_generator ||
        strcmp(build->content_generator, work->metadata->content_generator) != 0)
        return false;
    return clock_epoch_seconds() - build->started < IMPORT_FRESH_RESERVATION_S;
}

int import_wait_for_other(struct import_work *work, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    int standing = import_standing(work, &differences, err);
    if (standing == IMPORT_STANDS_TAKEN && worth_waiting_for(work)) {
        import_note(work, "%s is being imported by the same user elsewhere: waiting up to %u s for it",
                    work->metadata->nvr, import_patience_s(work));
        standing = import_standing_after(work, IMPORT_STANDS_TAKEN, &differences, err);
    }
    return standing < 0 ? -1 : decide(work, standing, &differences, err);
}

/* Is the user one who may import for the content generator? The hub asks it only when all was sent. */
static int check_access(const struct import_work *work, const struct koji_identity *identity, struct cg_error *err)
{
    const char *name = work->metadata->content_generator;
    const json_t *users = json_object_get(json_object_get(work->lists->cgs, name), "users");
    if (!json_is_array(users) || !identity->name)
        return 0;
    for (size_t i = 0; i < json_array_size(users); i++) {
        const char *user = json_string_value(json_array_get(users, i));
        if (user && strcmp(user, identity->name) == 0)
            return 0;
    }
    cg_fail(err, CG_E_AUTH, "%s may not import for the content generator %s", identity->name, name);
    return cg_hint(err, "ask a hub administrator for: koji grant-cg-access %s %s", identity->name, name);
}

int import_identify(struct import_work *work, struct cg_error *err)
{
    const struct koji_identity *identity = work->request->identity;
    import_tell_step(work, IMPORT_STEP_ASK, NULL);
    work->user_id = identity->user_id;
    return check_access(work, identity, err);
}

/* A reservation that the caller holds must be there and be of this build. 0 or -1. */
static int check_given(const struct import_work *work, int standing, struct cg_error *err)
{
    int64_t build_id = work->reservation.build_id;
    if (standing == IMPORT_STANDS_FREE)
        return cg_fail(err, CG_E_CONFLICT, "the hub has no build %" PRId64 " to use the token for", build_id);
    if (work->draft == KOJI_NORMAL && work->build.nvr && strcmp(work->build.nvr, work->metadata->nvr) != 0)
        return cg_fail(err, CG_E_CONFLICT, "build %" PRId64 " is reserved for %s, the metadata is of %s", build_id,
                       work->build.nvr, work->metadata->nvr);
    if (standing == IMPORT_STANDS_RETIRED)
        return cg_fail(err, CG_E_CONFLICT, "build %" PRId64 " is %s: its reservation was given back", build_id,
                       koji_build_state_name(work->build.state));
    return 0;
}

int import_ask(struct import_work *work, struct cg_error *err)
{
    bool free_draft = work->draft == KOJI_DRAFT && work->holder == IMPORT_HOLDS_NONE;
    /* Should the build have come meanwhile, the hub refuses the import, and its fault leads to the same questions. */
    if (work->holder == IMPORT_HOLDS_NONE && !free_draft && work->foreknown == IMPORT_WAS_ABSENT)
        return 0;
    if (free_draft)
        return import_draft_find(work, err);
    if (work->holder == IMPORT_HOLDS_NONE)
        return import_wait_for_other(work, err);

    CG_AUTO_BYTES struct cg_bytes differences = {0};
    int standing = import_standing(work, &differences, err);
    if (standing < 0)
        return -1;
    if (work->holder == IMPORT_HOLDS_GIVEN && check_given(work, standing, err) < 0)
        return -1;
    return standing == IMPORT_STANDS_TAKEN ? 0 : decide(work, standing, &differences, err);
}
