/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/reserve.h"

#include "import/metadata_edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int import_reserved_text(const struct import_work *work, int64_t build_id, struct cg_bytes *out, struct cg_error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, build_id);
    if (cg_bytes_append(out, work->request->text, work->request->text_size, err) < 0)
        return -1;
    if (work->metadata->build_id != build_id && import_metadata_set(out, "build_id", number, err) < 0)
        return -1;
    if (work->draft == KOJI_DRAFT && !work->metadata->draft)
        return import_metadata_set(out, "draft", "true", err);
    return 0;
}

static int set_uploaded_digest(struct import_work *work, struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!digest || cg_digest_update(digest, work->text.data, work->text.size, err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    char *sha256 = strdup(digests.sha256);
    if (!sha256)
        return cg_fail_memory(err);
    free(work->result->uploaded_sha256);
    work->result->uploaded_sha256 = sha256;
    return 0;
}

int import_put_reservation(struct import_work *work, struct cg_error *err)
{
    cg_bytes_clear(&work->text);
    int made = work->reservation.build_id != 0
                   ? import_reserved_text(work, work->reservation.build_id, &work->text, err)
                   : cg_bytes_append(&work->text, work->request->text, work->request->text_size, err);
    return made < 0 ? -1 : set_uploaded_digest(work, err);
}

/* Takes over a reservation that the hub made for us, the journal first. */
static int hold(struct import_work *work, struct koji_reservation *made, struct cg_error *err)
{
    if (import_journal_reserved(work->journal, made, err) < 0)
        return -1;
    koji_reservation_finish(&work->reservation);
    work->reservation = *made;
    *made = (struct koji_reservation){0};
    work->holder = IMPORT_HOLDS_OWN;
    import_note(work, "reserved %s as build %" PRId64, work->metadata->nvr, work->reservation.build_id);
    return import_put_reservation(work, err);
}

/* Announces a CGInitBuild, sends it and holds what it gave. -1 with its code. */
static int reserve_once(struct import_work *work, struct cg_error *err)
{
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    CG_AUTO(koji_reservation_finish) struct koji_reservation made = {0};
    if (koji_session_take_ticket(work->session, &ticket, err) < 0 ||
        import_journal_reserving(work->journal, &ticket, err) < 0)
        return -1;
    if (koji_reserve(work->session, ticket.call_number, work->metadata->content_generator, work->metadata, work->draft,
                     &made, err) < 0)
        return -1;
    return hold(work, &made, err);
}

/*
 * The hub made the reservation for us but its token was lost: nobody can import with it, so it is canceled. The build
 * is looked up by NVR, which is why a draft's, whose release has the unknown id in it, cannot be found.
 */
static int cancel_lost(struct import_work *work, struct cg_error *err)
{
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int found = work->draft == KOJI_DRAFT ? 0 : koji_get_build(work->session, work->metadata->nvr, &build, err);
    if (found < 0)
        return -1;
    if (found == 0 || build.state != KOJI_BUILD_BUILDING || build.owner_id != work->user_id)
        return 0;
    if (import_journal_confirm(work->journal, err) < 0)
        return -1;
    import_note(work, "the reply to the reservation of build %" PRId64 " was lost: reserving it anew", build.build_id);
    return koji_cancel_build(work->session, build.build_id, err) < 0 ? -1 : 0;
}

/* Does this answer show that the CGInitBuild reserved nothing? One that was turned away may follow one that did. */
static bool is_refusal(const struct cg_error *fault)
{
    return fault->fault != 0 && fault->code != CG_E_OFFLINE && fault->code != CG_E_BUSY && fault->code != CG_E_RETRIED;
}

int import_reserve(struct import_work *work, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_RESERVE, NULL);
    struct cg_error first = {0};
    int result = reserve_once(work, &first);
    if (result < 0 && first.code == CG_E_RETRIED) {
        /* Until it is canceled the journal goes on saying that a reservation was sent for. */
        if (cancel_lost(work, err) < 0)
            return -1;
        first = (struct cg_error){0};
        result = reserve_once(work, &first);
    }
    if (result == 0)
        return 0;
    *err = first;
    if (is_refusal(&first))
        import_journal_unreserved(work->journal, NULL);
    if (first.code == CG_E_UNKNOWN)
        import_left_on_hub(work, "perhaps a reservation of %s; the same command run again settles it",
                           work->metadata->nvr);
    return -1;
}

int import_reserve_again(struct import_work *work, const struct import_record *record, struct cg_error *err)
{
    AUTO_KOJI_SESSION struct koji_session *earlier =
        koji_session_create(koji_session_profile(work->session), koji_session_options(work->session), err);
    if (!earlier || koji_session_adopt(earlier, &record->reserve_ticket, err) < 0)
        return -1;
    CG_AUTO(koji_reservation_finish) struct koji_reservation made = {0};
    struct cg_error fault = {0};
    if (koji_reserve(earlier, record->reserve_ticket.call_number, work->metadata->content_generator, work->metadata,
                     work->draft, &made, &fault) == 0)
        return hold(work, &made, err);
    if (fault.code != CG_E_RETRIED && !is_refusal(&fault)) {
        *err = fault;
        return -1;
    }
    /* Any other fault: that call did not reserve, and its session is over or has gone past it. */
    if (fault.code == CG_E_RETRIED && cancel_lost(work, err) < 0)
        return -1;
    return import_journal_unreserved(work->journal, err);
}

void import_tell_reservation(struct import_work *work)
{
    import_left_on_hub(work, "the reservation of build %" PRId64 "; %s, or cancel it with: koji cancel %s",
                       work->reservation.build_id,
                       work->journal ? "the same command run again uses it" : "its token is lost", work->metadata->nvr);
}

int import_refund(struct import_work *work, enum koji_build_state state, struct cg_error *err)
{
    int64_t build_id = work->reservation.build_id;
    if (import_journal_confirm(work->journal, err) < 0)
        return -1;
    if (koji_refund(work->session, work->metadata->content_generator, &work->reservation, state, err) < 0) {
        import_tell_reservation(work);
        return -1;
    }
    import_note(work, "gave the reservation of build %" PRId64 " back (%s)", build_id, koji_build_state_name(state));
    koji_reservation_finish(&work->reservation);
    work->holder = IMPORT_HOLDS_NONE;
    return import_journal_unreserved(work->journal, err);
}
