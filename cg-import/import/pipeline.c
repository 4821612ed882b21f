/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/pipeline.h"

#include "import/ask.h"
#include "import/check.h"
#include "import/files.h"
#include "import/recover.h"
#include "import/reserve.h"
#include "import/submit.h"
#include "import/tag.h"
#include "import/upload.h"
#include "import/verify.h"
#include "import/work.h"

#include <inttypes.h>

/* Attempts, each with an upload of its own: the first, one after a cure, one after another import gave way. */
#define ATTEMPTS_MAX 3

static void tell_waiting(void *context)
{
    struct import_work *work = context;
    work->foreknown = IMPORT_NOT_ASKED;
    import_note(work, "another run of this import is at work on this machine: waiting for it");
}

static int open_journal(struct import_work *work, struct cg_error *err)
{
    if (work->request->journal_keeper) {
        work->journal = import_journal_open_with(work->request->journal_keeper, err);
        return work->journal ? 0 : -1;
    }
    if (!work->request->journal_directory)
        return 0;
    struct import_journal_key key = {
        .hub = koji_session_profile(work->session)->server,
        .nvr = work->metadata->nvr,
        .metadata_sha256 = work->result->metadata_sha256,
        .draft = work->draft,
    };
    work->journal = import_journal_open(work->request->journal_directory, &key, work->stop, tell_waiting, work, err);
    return work->journal ? 0 : -1;
}

/* Reserves when it is wished and not done. 1: another import turned out to be this very build, 0: go on, -1. */
static int reserve_if_wished(struct import_work *work, struct cg_error *err)
{
    if (work->reservation_wish != IMPORT_RESERVE || work->holder != IMPORT_HOLDS_NONE)
        return 0;
    struct cg_error taken = {0};
    for (int tries = 0; tries < ATTEMPTS_MAX; tries++) {
        if (import_may_go_on(work, "the reservation", err) < 0)
            return -1;
        cg_error_clear(&taken);
        if (import_reserve(work, &taken) == 0)
            return 0;
        if (taken.code != CG_E_RESERVED && taken.code != CG_E_CONFLICT)
            break;
        int other = import_wait_for_other(work, err);
        if (other != 0)
            return other;
    }
    *err = taken;
    return -1;
}

/* The hub found another checksum than is stated: if it is the file here that differs, the report says so. */
static void find_wrong_files(struct import_work *work, struct cg_error *refusal)
{
    const struct import_hashing_watch watch = {.stop = work->stop};
    struct cg_error ignored = {0};
    int found = import_files_check(work->metadata, work->request->directory, IMPORT_FILES_CHECKSUMS, &watch,
                                   work->result->report, &ignored);
    if (found == 1)
        refusal->hint[0] = '\0';
}

/* One upload and one CGImport. Returns an enum import_verdict or -1. */
static int attempt(struct import_work *work, struct cg_error *err)
{
    AUTO_IMPORT_PARCELS struct import_parcels parcels = {0};
    int same = 0;
    if (import_put_reservation(work, err) < 0)
        return -1;
    /* A draft's reservation tells whether the hub knows drafts, so it comes before the bytes. */
    if (work->draft == KOJI_DRAFT)
        same = reserve_if_wished(work, err);
    if (same != 0)
        return same < 0 ? -1 : IMPORT_VERDICT_OTHER;
    if (import_may_go_on(work, "the upload", err) < 0 || import_upload(work, &parcels, err) < 0)
        return -1;
    same = reserve_if_wished(work, err);
    if (same != 0)
        return same < 0 ? -1 : IMPORT_VERDICT_OTHER;
    if (import_may_go_on(work, "the metadata was sent", err) < 0 || import_upload_rest(work, &parcels, err) < 0 ||
        import_may_go_on(work, "the import", err) < 0)
        return -1;
    int verdict = import_submit(work, err);
    if (verdict < 0 && err->code == CG_E_MISMATCH)
        find_wrong_files(work, err);
    return verdict;
}

/*
 * A reservation that was given is told of only as far as it is known: the hub has it, and did not find it or its token
 * wrong.
 */
static void tell_given(struct import_work *work, const struct cg_error *failure)
{
    int64_t build_id = work->reservation.build_id;
    if (work->build.build_id != build_id || work->build.state != KOJI_BUILD_BUILDING ||
        failure->code == CG_E_RESERVED || failure->code == CG_E_CONFLICT)
        return;
    import_left_on_hub(work, "the reservation of build %" PRId64 " that was given: it is not used up", build_id);
}

/* What a failed import holds on the hub is given back or told. Nothing while a CGImport may run. */
static void clean_up(struct import_work *work, const struct cg_error *failure)
{
    if (work->certainty == IMPORT_MAY_RUN)
        return;
    struct cg_error ignored = {0};
    if (work->holder == IMPORT_HOLDS_OWN && cg_code_info(failure->code)->refund)
        import_refund(work, failure->code == CG_E_INTERRUPTED ? KOJI_BUILD_CANCELED : KOJI_BUILD_FAILED, &ignored);
    else if (work->holder == IMPORT_HOLDS_OWN)
        import_tell_reservation(work);
    if (work->holder == IMPORT_HOLDS_GIVEN)
        tell_given(work, failure);
    const struct import_record *record = import_journal_record(work->journal);
    if (record && !record->directory && record->reservation.build_id == 0 && record->reserving == IMPORT_NOT_SENT)
        import_journal_remove(work->journal, &ignored);
}

/* The build is on the hub: nothing is left to be remembered. */
static int finish(struct import_work *work, int verdict, struct cg_error *err)
{
    /* A reservation is used up by the import; there is nothing to give back. */
    work->holder = IMPORT_HOLDS_NONE;
    if (verdict == IMPORT_VERDICT_IMPORTED && import_verify(work, err) < 0) {
        if (err->code == CG_E_MISMATCH)
            import_journal_remove(work->journal, NULL);
        return -1;
    }
    work->result->outcome = verdict == IMPORT_VERDICT_OTHER ? IMPORT_ALREADY : IMPORT_DONE;
    if (import_journal_remove(work->journal, err) < 0)
        return -1;
    return work->request->tag ? import_tag(work, err) : 0;
}

/* Everything that changes the hub. */
static int run(struct import_work *work, struct cg_error *err)
{
    int verdict = import_recover(work, err);
    if (verdict < 0)
        return -1;
    if (verdict != IMPORT_VERDICT_AGAIN)
        return finish(work, verdict, err);
    int known = import_ask(work, err);
    if (known < 0)
        return -1;
    if (known == 1)
        return finish(work, IMPORT_VERDICT_OTHER, err);
    for (int tries = 0; verdict == IMPORT_VERDICT_AGAIN && tries < ATTEMPTS_MAX; tries++)
        verdict = attempt(work, err);
    if (verdict < 0)
        return -1;
    if (verdict == IMPORT_VERDICT_AGAIN)
        return cg_fail(err, CG_E_BUSY, "the hub did not import %s in %d attempts", work->metadata->nvr, ATTEMPTS_MAX);
    return finish(work, verdict, err);
}

static int dry_run(struct import_work *work, struct cg_error *err)
{
    int known = import_ask(work, err);
    if (known < 0)
        return -1;
    work->result->outcome = known == 1 ? IMPORT_ALREADY : IMPORT_CHECKED;
    return 0;
}

static int run_steps(struct import_work *work, struct cg_error *err)
{
    if (import_check(work, err) < 0 || import_identify(work, err) < 0)
        return -1;
    if (work->request->extent == IMPORT_DRY_RUN)
        return dry_run(work, err);
    if (open_journal(work, err) < 0)
        return -1;
    struct cg_error failure = {0};
    if (run(work, &failure) == 0)
        return 0;
    *err = failure;
    if (failure.code == CG_E_MISMATCH)
        cg_report_sort(work->result->report, work->metadata->document);
    if (work->result->outcome == IMPORT_NOTHING)
        clean_up(work, &failure);
    return -1;
}

int import_run(struct koji_session *session, const struct koji_hub_lists *lists, const struct import_request *request,
               const struct import_listener *listener, struct import_result *result, struct cg_error *err)
{
    static const struct import_listener silent;
    struct import_work work = {
        .session = session,
        .lists = lists,
        .request = request,
        .listener = listener ? listener : &silent,
        .result = result,
        .foreknown = request->foreknown,
        .stop = koji_session_options(session) ? koji_session_options(session)->stop : NULL,
    };
    struct cg_error failure = {0};
    int outcome = run_steps(&work, &failure);
    if (outcome < 0 && err)
        *err = failure;
    import_work_finish(&work);
    return outcome;
}

void import_result_finish(struct import_result *result)
{
    cg_report_destroy(result->report);
    free(result->nvr);
    free(result->url);
    free(result->metadata_sha256);
    free(result->uploaded_sha256);
    free(result->unread_reason);
    free(result->tag);
    free(result->left_on_hub);
    *result = (struct import_result){0};
}
