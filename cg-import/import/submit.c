/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/submit.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "import/ask.h"
#include "import/stray.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* koji.AuthExpired: the session's row was locked for it, so no call of the session was running any more. */
#define FAULT_AUTH_EXPIRED 1007

/* After this time a CGImport whose session is gone has ended: hashing at a slow volume's pace and an hour. */
#define SETTLED_S 3600.0
#define SETTLED_BYTES_PER_S (10.0 * 1024 * 1024)

/* Whether a fault is the answer to a first sending or to a repeat, also one by a later run. */
enum sending { FIRST_SENDING, REPEATED };

/* No answer came, or one that does not say what became of the import. */
static int unknown(struct import_work *work, const struct cg_error *cause, struct cg_error *err)
{
    work->certainty = IMPORT_MAY_RUN;
    cg_fail(err, CG_E_UNKNOWN, "whether the hub imported %s is not known: %s", work->metadata->nvr, cause->message);
    if (work->journal)
        cg_hint(err, "run the same command again: it asks the hub what became of the import");
    else
        cg_hint(err, "look at it with: koji buildinfo %s; import it again only when no import of it runs",
                work->metadata->nvr);
    import_left_on_hub(work, "perhaps a running import of %s; do not import it by other means before it is settled",
                       work->metadata->nvr);
    return -1;
}

/* The import did not happen: what was sent is used up, and the journal says so. */
static int not_imported(struct import_work *work, struct cg_error *err)
{
    work->certainty = IMPORT_NOTHING_RUNS;
    return import_journal_import_failed(work->journal, err);
}

/* The hub answered, the build is not there: the fault is true. */
static int take_at_its_word(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    if (not_imported(work, err) < 0)
        return -1;
    if (fault->code == CG_E_BUSY) {
        import_note(work, "%s: once more", fault->message);
        return IMPORT_VERDICT_AGAIN;
    }
    *err = *fault;
    if (work->build.build_id != 0 && fault->code == CG_E_CONFLICT &&
        (work->build.state == KOJI_BUILD_FAILED || work->build.state == KOJI_BUILD_CANCELED)) {
        err->hint[0] = '\0';
        cg_hint(err, "this hub imports over a %s build only with a reservation: run it again with --reserve",
                koji_build_state_name(work->build.state));
    }
    return -1;
}

/* The build is somebody's: becomes it ours to be content with? */
static int settle_taken(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    if (not_imported(work, err) < 0)
        return -1;
    if (work->holder != IMPORT_HOLDS_NONE) {
        *err = *fault;
        return -1;
    }
    int other = import_wait_for_other(work, err);
    if (other < 0)
        return -1;
    return other == 1 ? IMPORT_VERDICT_OTHER : IMPORT_VERDICT_AGAIN;
}

/*
 * The hub answered with a fault that may hide a success, of this call or of another import of the same build: how the
 * build stands decides.
 */
static int settle_by_standing(struct import_work *work, const struct cg_error *fault, enum sending sending,
                              struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    struct cg_error unasked = {0};
    int standing = import_standing(work, &differences, &unasked);
    if (standing < 0)
        return unknown(work, &unasked, err);
    if (standing == IMPORT_STANDS_SAME) {
        work->certainty = IMPORT_NOTHING_RUNS;
        return sending == REPEATED ? IMPORT_VERDICT_SAME : IMPORT_VERDICT_OTHER;
    }
    if (fault->code == CG_E_RETRIED)
        return unknown(work, fault, err);
    if (standing == IMPORT_STANDS_DIFFERENT) {
        if (not_imported(work, err) < 0)
            return -1;
        return import_wait_for_other(work, err) < 0 ? -1 : IMPORT_VERDICT_AGAIN;
    }
    if (fault->code == CG_E_STRAY) {
        work->earlier_died = work->earlier_died || sending == REPEATED;
        return not_imported(work, err) < 0 ? -1 : import_stray_settle(work, fault, err);
    }
    if (standing == IMPORT_STANDS_TAKEN && (fault->code == CG_E_RESERVED || fault->code == CG_E_CONFLICT))
        return settle_taken(work, fault, err);
    return take_at_its_word(work, fault, err);
}

/* Can the fault of a first sending mean that another import of the same build was faster? */
static bool may_be_a_race(const struct cg_error *fault)
{
    switch (fault->code) {
    case CG_E_CONFLICT:
    case CG_E_RESERVED:
    case CG_E_STRAY:
    case CG_E_RETRIED:
    case CG_E_HUB_FAULT:
        return true;
    default:
        return false;
    }
}

/* No fault: the transport failed, or a stop cut it off, or the session is over. */
static int settle_unanswered(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    if (koji_session_sends(work->session) == 0) {
        if (not_imported(work, err) < 0)
            return -1;
        *err = *fault;
        return -1;
    }
    work->certainty = IMPORT_MAY_RUN;
    if (stop_level(work->stop) == STOP_NOW)
        return unknown(work, fault, err);
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    struct cg_error ignored = {0};
    if (import_standing(work, &differences, &ignored) != IMPORT_STANDS_SAME)
        return unknown(work, fault, err);
    work->certainty = IMPORT_NOTHING_RUNS;
    return IMPORT_VERDICT_SAME;
}

static int settle(struct import_work *work, const struct cg_error *fault, struct cg_error *err)
{
    unsigned sends = koji_session_sends(work->session);
    bool session_over = fault->code == CG_E_SESSION && sends > 1 && fault->fault != FAULT_AUTH_EXPIRED;
    if (fault->fault == 0 || session_over)
        return settle_unanswered(work, fault, err);
    if (sends > 1)
        return settle_by_standing(work, fault, REPEATED, err);
    return may_be_a_race(fault) ? settle_by_standing(work, fault, FIRST_SENDING, err)
                                : take_at_its_word(work, fault, err);
}

/* The import as a call: by the hub module where there is one. */
struct import_call {
    const char *method;
    json_t *params; /* owned; NULL: no memory */
};

static void call_finish(struct import_call *call)
{
    json_decref(call->params);
}

/* The upload directory is this attempt's own, so its name is the key of this attempt. */
static struct import_call call_of(const struct import_work *work, const char *directory, struct cg_error *err)
{
    const struct secret *token = &work->reservation.token;
    if (work->lists->module & KOJI_MODULE_IMPORTS)
        return (struct import_call){"cgimport.importBuild",
                                    koji_module_import_params(IMPORT_METADATA_NAME, directory, token, directory, err)};
    return (struct import_call){"CGImport", koji_import_params(IMPORT_METADATA_NAME, directory, token, err)};
}

/* Announces and sends once. Returns as koji_session_call_as. */
static int send_once(struct import_work *work, json_t **answer, struct cg_error *err)
{
    CG_AUTO(call_finish) struct import_call call = call_of(work, work->directory, err);
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    if (!call.params || koji_session_take_ticket(work->session, &ticket, err) < 0 ||
        import_journal_importing(work->journal, &ticket, clock_epoch_seconds(), err) < 0)
        return -1;
    work->certainty = IMPORT_MAY_RUN;
    return koji_session_call_as(work->session, ticket.call_number, call.method, call.params, answer, err);
}

/* Was the file not seen, though it was verified when it was uploaded? Answered, and nothing was moved yet. */
static bool is_unseen(const struct import_work *work, const struct cg_error *fault)
{
    return fault->code == CG_E_TRANSFER && fault->fault != 0 && koji_session_sends(work->session) == 1;
}

int import_submit(struct import_work *work, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_IMPORT, NULL);
    struct backoff backoff;
    backoff_init(&backoff, IMPORT_UNSEEN_FIRST_MS, IMPORT_UNSEEN_MOST_MS, clock_monotonic_ms());
    for (unsigned tries = 1;; tries++) {
        CG_AUTO_JSON json_t *answer = NULL;
        struct cg_error fault = {0};
        if (send_once(work, &answer, &fault) == 0) {
            work->certainty = IMPORT_NOTHING_RUNS;
            return koji_build_from_json(answer, &work->build, err) < 0 ? -1 : IMPORT_VERDICT_IMPORTED;
        }
        if (work->certainty == IMPORT_NOTHING_RUNS) {
            *err = fault;
            return -1;
        }
        if (!is_unseen(work, &fault) || tries >= IMPORT_UNSEEN_TRIES)
            return settle(work, &fault, err);
        work->certainty = IMPORT_NOTHING_RUNS;
        import_note(work, "%s: asking again (%u of %u)", fault.message, tries, IMPORT_UNSEEN_TRIES);
        if (stop_sleep(work->stop, backoff_next(&backoff)))
            return take_at_its_word(work, &fault, err);
    }
}

/* "14:05 UTC" */
static void format_time(double epoch_s, char text[32])
{
    time_t seconds = (time_t)epoch_s;
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(text, 32, "%Y-%m-%d %H:%M UTC", &utc) == 0)
        snprintf(text, 32, "an unknown time");
}

/*
 * The session of the earlier run is gone, and with it the hub's memory of the call. The hub may have ended a session
 * while a request of it was under way, so only time tells that nothing runs any more.
 */
static int settle_without_session(struct import_work *work, const struct import_record *record, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    int standing = import_standing(work, &differences, err);
    if (standing == IMPORT_STANDS_FREE || standing == IMPORT_STANDS_TAKEN)
        standing = import_standing_after(work, (enum import_standing)standing, &differences, err);
    if (standing < 0)
        return -1;
    if (standing == IMPORT_STANDS_SAME)
        return IMPORT_VERDICT_SAME;
    /* Ours can never come to be any more. */
    if (standing == IMPORT_STANDS_DIFFERENT || standing == IMPORT_STANDS_DELETED) {
        if (not_imported(work, err) < 0)
            return -1;
        return import_wait_for_other(work, err) < 0 ? -1 : IMPORT_VERDICT_AGAIN;
    }
    double settled = record->sent_at + SETTLED_S + (double)work->result->total_bytes / SETTLED_BYTES_PER_S;
    if (clock_epoch_seconds() >= settled) {
        work->earlier_died = true;
        return not_imported(work, err) < 0 ? -1 : IMPORT_VERDICT_AGAIN;
    }
    char sent[32];
    char again[32];
    format_time(record->sent_at, sent);
    format_time(settled, again);
    work->certainty = IMPORT_MAY_RUN;
    cg_fail(err, CG_E_UNKNOWN,
            "an earlier run sent its CGImport of %s at %s, its session is gone and the build is not there",
            work->metadata->nvr, sent);
    return cg_hint(err,
                   "it may still be at work: run the same command after %s, or sooner when the hub's "
                   "administrators say that no import runs and %s is removed",
                   again, import_journal_path(work->journal));
}

int import_submit_again(struct import_work *work, const struct import_record *record, struct cg_error *err)
{
    work->certainty = IMPORT_MAY_RUN;
    CG_AUTO(call_finish) struct import_call call = call_of(work, record->directory, err);
    AUTO_KOJI_SESSION struct koji_session *earlier =
        koji_session_create(koji_session_profile(work->session), koji_session_options(work->session), err);
    if (!call.params || !earlier || koji_session_adopt(earlier, &record->import_ticket, err) < 0)
        return -1;
    CG_AUTO_JSON json_t *answer = NULL;
    struct cg_error fault = {0};
    if (koji_session_call_as(earlier, record->import_ticket.call_number, call.method, call.params, &answer, &fault) ==
        0) {
        work->certainty = IMPORT_NOTHING_RUNS;
        return koji_build_from_json(answer, &work->build, err) < 0 ? -1 : IMPORT_VERDICT_IMPORTED;
    }
    /* A hub that is offline or has a lock taken answers before it looks whether the first call still runs. */
    if (fault.fault == 0 || fault.code == CG_E_OFFLINE || fault.code == CG_E_BUSY)
        return unknown(work, &fault, err);
    if (fault.code == CG_E_SESSION && fault.fault != FAULT_AUTH_EXPIRED)
        return settle_without_session(work, record, err);

    struct cg_error settled = {0};
    int verdict = settle_by_standing(work, &fault, REPEATED, &settled);
    /* That call failed for good; this run makes an attempt of its own, whatever the reason was. */
    if (verdict < 0 && work->certainty == IMPORT_NOTHING_RUNS && settled.code == fault.code &&
        fault.code != CG_E_STRAY) {
        work->earlier_died = true;
        return IMPORT_VERDICT_AGAIN;
    }
    if (verdict < 0)
        *err = settled;
    return verdict;
}
