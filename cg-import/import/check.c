/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/check.h"

#include "import/files.h"
#include "import/images.h"

#include <inttypes.h>
#include <string.h>

static int digest_text(struct import_work *work, struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!digest || cg_digest_update(digest, work->request->text, work->request->text_size, err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    work->result->metadata_sha256 = strdup(digests.sha256);
    return work->result->metadata_sha256 ? 0 : cg_fail_memory(err);
}

/* The report says it all; the message only counts. */
static int refuse(const struct import_work *work, enum cg_code code, struct cg_error *err)
{
    size_t errors = cg_report_count(work->result->report, CG_LEVEL_ERROR);
    cg_fail(err, code, "%s has %zu error%s", work->metadata ? "the build" : work->request->metadata_name, errors,
            errors == 1 ? "" : "s");
    return cg_hint(err, "nothing was sent");
}

static int check_document(struct import_work *work, struct cg_error *err)
{
    const struct import_request *request = work->request;
    struct cg_check_options options = {.strict = request->strict, .hub = work->lists ? &work->lists->facts : NULL};
    cg_report_destroy(work->result->report);
    work->result->report = NULL;
    struct cg_report **report = &work->result->report;
    int verdict = request->checker
                      ? cg_checker_check(request->checker, request->text, request->text_size, &options, report,
                                         &work->metadata, err)
                      : cg_check(request->text, request->text_size, &options, report, &work->metadata, err);
    if (verdict != 0)
        return verdict < 0 ? -1 : refuse(work, CG_E_REFUSED, err);
    work->result->nvr = strdup(work->metadata->nvr);
    if (!work->result->nvr)
        return cg_fail_memory(err);
    for (size_t i = 0; i < work->metadata->output_count; i++)
        work->result->total_bytes += work->metadata->outputs[i].size_bytes;
    return 0;
}

static int check_files(struct import_work *work, struct cg_error *err)
{
    enum import_files_depth depth =
        work->request->extent == IMPORT_DRY_RUN ? IMPORT_FILES_CHECKSUMS : IMPORT_FILES_SIZES;
    const struct import_hashing_watch watch = {
        .progress = work->listener->progress, .context = work->listener->context, .stop = work->stop};
    int found = import_files_check(work->metadata, work->request->directory, depth, &watch, work->result->report, err);
    return found <= 0 ? found : refuse(work, CG_E_MISMATCH, err);
}

/* A warning about an image is told here: no report is shown of an import that goes on. */
static void tell_images(const struct import_work *work)
{
    const struct cg_report *report = work->result->report;
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        if (cg_image_has_rule(finding->rule))
            import_note(work, "%s at %s: %s", finding->rule, finding->pointer, finding->message);
    }
}

static int check_images(struct import_work *work, struct cg_error *err)
{
    struct cg_report *report = work->result->report;
    const struct import_images_watch watch = {.progress = work->listener->progress,
                                              .note = work->listener->note,
                                              .context = work->listener->context,
                                              .stop = work->stop};
    if (!work->request->images)
        return 0;
    int found =
        import_images_check(work->metadata, work->request->directory, work->request->images, &watch, report, err);
    /* That may have taken minutes: what the hub has of the build is asked anew. */
    work->foreknown = IMPORT_NOT_ASKED;
    if (found <= 0)
        return found;
    if (work->request->strict)
        cg_report_strict(report);
    if (cg_report_count(report, CG_LEVEL_ERROR) > 0)
        return refuse(work, CG_E_REFUSED, err);
    tell_images(work);
    return 0;
}

/* A hub takes rpms only into a draft build (kojihub.py reject_draft), and says so when all was sent. */
static int check_draft(const struct import_work *work, struct cg_error *err)
{
    for (size_t i = 0; i < work->metadata->output_count; i++) {
        const struct cg_output *output = &work->metadata->outputs[i];
        if (output->kind != CG_OUTPUT_ARCHIVE)
            continue;
        cg_fail(err, CG_E_UNSUPPORTED, "a draft build holds rpms and logs only, and output %s is a %s",
                output->filename, output->type);
        return cg_hint(err, "import it without draft");
    }
    return 0;
}

/* The reservation that is asked for and the document's build_id. */
static int check_reservation(const struct import_work *work, struct cg_error *err)
{
    const struct import_request *request = work->request;
    int64_t documented = work->metadata->build_id;
    if (request->reservation == IMPORT_RESERVE && documented != 0)
        return cg_fail(err, CG_E_USAGE, "the metadata has build_id %" PRId64 " already, so it cannot be reserved anew",
                       documented);
    if (request->reservation != IMPORT_RESERVED)
        return 0;
    if (!request->token || !secret_is_set(request->token))
        return cg_fail(err, CG_E_USAGE, "a reservation needs its token");
    if (request->build_id == 0 && documented == 0)
        return cg_fail(err, CG_E_USAGE, "a reservation token needs the build id it belongs to");
    if (request->build_id != 0 && documented != 0 && request->build_id != documented)
        return cg_fail(err, CG_E_USAGE, "the metadata has build_id %" PRId64 ", not %" PRId64, documented,
                       request->build_id);
    return 0;
}

/* A draft is always reserved: only the reservation tells whether the hub knows drafts before it imports one. */
static int settle_wishes(struct import_work *work, struct cg_error *err)
{
    const struct import_request *request = work->request;
    work->draft = request->draft == KOJI_DRAFT || work->metadata->draft ? KOJI_DRAFT : KOJI_NORMAL;
    work->reservation_wish = request->reservation;
    if (work->draft == KOJI_DRAFT && request->reservation == IMPORT_UNRESERVED && work->metadata->build_id == 0)
        work->reservation_wish = IMPORT_RESERVE;
    if (check_reservation(work, err) < 0)
        return -1;
    if (request->reservation == IMPORT_RESERVED) {
        work->holder = IMPORT_HOLDS_GIVEN;
        work->reservation.build_id = request->build_id != 0 ? request->build_id : work->metadata->build_id;
        if (secret_copy(&work->reservation.token, request->token, err) < 0)
            return -1;
    }
    return work->draft == KOJI_DRAFT ? check_draft(work, err) : 0;
}

int import_check(struct import_work *work, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_CHECK, work->request->metadata_name);
    if (digest_text(work, err) < 0 || check_document(work, err) < 0)
        return -1;
    if (check_files(work, err) < 0 || check_images(work, err) < 0)
        return -1;
    return settle_wishes(work, err);
}
