/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PUT, PATCH and HEAD of /v1/imports/{id}/outputs/{position}: one output, sent at once or resumed
 * (draft-ietf-httpbis-resumable-upload, interop version 8).
 *
 * The part in the content store is the truth of how far an output is; an offset is told only after it was made durable.
 */
#include "intake/digest_field.h"
#include "intake/header_value.h"
#include "intake/output_verdict.h"
#include "intake/parameter.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/contents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INTEROP_VERSION "8"
#define MISMATCHING_OFFSET "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
#define INCONSISTENT_LENGTH "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"

enum upload_kind { UPLOAD_PUT, UPLOAD_PATCH };

struct upload {
    const struct intake_options *service;
    struct store_import import;
    const struct store_output *output; /* of `import` */
    struct spool_part *part;
    uint64_t offset;           /* bytes the part has */
    bool ends_output;          /* the sender says that nothing follows */
    struct cg_digest *content; /* of this body, when Content-Digest was sent */
    char content_sha256[65], repr_sha256[65];
    struct refusal refusal;
};

/* --- which output --------------------------------------------------------------------------------------------------
 */

static const struct store_output *find_output(const struct intake_request *request, const struct store_import *import)
{
    uint64_t position;
    const char *text = intake_path(request, "position");
    if (parameter_number("position", text, 0, UINT32_MAX, &position, NULL) != 0)
        return NULL;
    for (size_t i = 0; i < import->output_count; i++)
        if (import->outputs[i].position == position)
            return &import->outputs[i];
    return NULL;
}

static void name_part(const struct store_import *import, const struct store_output *output, char name[64])
{
    snprintf(name, 64, "%s-%u", import->id, output->position);
}

static void set_number(struct intake_request *request, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    intake_set_header(request, name, text);
}

/* The headers that say how far an output is. */
static void tell_progress(struct intake_request *request, const struct store_output *output, uint64_t offset,
                          bool is_complete)
{
    set_number(request, "Upload-Offset", offset);
    set_number(request, "Upload-Length", output->size_bytes);
    intake_set_header(request, "Upload-Complete", is_complete ? "?1" : "?0");
    intake_set_header(request, "Upload-Draft-Interop-Version", INTEROP_VERSION);
    intake_set_header(request, "Cache-Control", "no-store");
}

/* --- HEAD ----------------------------------------------------------------------------------------------------------
 */

/* How much of the part may be promised. While another request writes it that is what was recorded last. */
static int durable_bytes(const struct intake_options *service, const struct store_import *import,
                         const struct store_output *output, uint64_t *bytes, struct cg_error *err)
{
    char name[64];
    name_part(import, output, name);
    *bytes = 0;
    int sized = spool_part_size(service->spool, name, bytes, err);
    if (sized == 0 && *bytes == 0)
        return 0;
    struct spool_part *part = sized == 0 ? spool_part_open(service->spool, name, bytes, err) : NULL;
    if (!part && err->code == CG_E_BUSY) {
        cg_error_clear(err);
        *bytes = output->received_bytes;
        return 0;
    }
    if (!part)
        return -1;
    int synced = spool_part_sync(part, err);
    spool_part_close(part);
    return synced;
}

static void head_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct refusal refusal = {0};
    struct store_import import = {0};
    if (visible_import(request, &intake_caller(request)->scope, &import) != 0)
        return;
    const struct store_output *output = find_output(request, &import);
    uint64_t offset = 0;
    if (!output) {
        visible_nothing(request);
    } else if (output->sha256) {
        tell_progress(request, output, output->size_bytes, true);
        intake_answer_empty(request, 204);
    } else if (durable_bytes(intake_options(request), &import, output, &offset, &err) != 0) {
        refusal_of_content(&refusal, &err);
        refusal_answer(request, &refusal, &err);
    } else {
        tell_progress(request, output, offset, false);
        intake_answer_empty(request, 204);
    }
    store_import_finish(&import);
}

const struct intake_handler intake_output_head = {.end = head_end};

/* --- PUT and PATCH: before the body --------------------------------------------------------------------------------
 */

static int check_type(struct upload *u, const struct intake_request *request, enum upload_kind kind,
                      struct cg_error *err)
{
    const char *type = intake_header(request, "Content-Type");
    if (kind == UPLOAD_PUT || header_value_is(type, "application/partial-upload"))
        return 0;
    u->refusal.status = 415;
    return cg_fail(err, CG_E_USAGE, "Content-Type is \"%.80s\", expected application/partial-upload", type ? type : "");
}

static int check_length(struct upload *u, const struct intake_request *request, struct cg_error *err)
{
    const char *text = intake_header(request, "Upload-Length");
    uint64_t length;
    if (!text)
        return 0;
    if (parameter_number("Upload-Length", text, 0, INT64_MAX, &length, err) != 0)
        return -1;
    if (length == u->output->size_bytes)
        return 0;
    u->refusal.extra = json_pack("{s:s}", "type", INCONSISTENT_LENGTH);
    return cg_fail(err, CG_E_USAGE, "Upload-Length is %" PRIu64 ", the metadata says %" PRIu64, length,
                   u->output->size_bytes);
}

static int read_digests(struct upload *u, const struct intake_request *request, struct cg_error *err)
{
    int content =
        digest_field_sha256("Content-Digest", intake_header(request, "Content-Digest"), u->content_sha256, err);
    if (content < 0 ||
        digest_field_sha256("Repr-Digest", intake_header(request, "Repr-Digest"), u->repr_sha256, err) < 0)
        return -1;
    if (content == 0)
        return 0;
    u->content = cg_digest_create(CG_DIGEST_SHA256, err);
    return u->content ? 0 : -1;
}

static int read_complete(struct upload *u, const struct intake_request *request, struct cg_error *err)
{
    const char *text = intake_header(request, "Upload-Complete");
    u->ends_output = !text || strcmp(text, "?1") == 0;
    if (!u->ends_output && strcmp(text, "?0") != 0)
        return cg_fail(err, CG_E_USAGE, "Upload-Complete is \"%.40s\", expected ?0 or ?1", text);
    return 0;
}

/* Opens the part: empty for PUT, where the sender believes it to stand for PATCH. */
static int open_part(struct upload *u, enum upload_kind kind, struct cg_error *err)
{
    char name[64];
    name_part(&u->import, u->output, name);
    if (kind == UPLOAD_PUT && spool_part_remove(u->service->spool, name, err) != 0)
        return refusal_of_content(&u->refusal, err);
    u->part = spool_part_open(u->service->spool, name, &u->offset, err);
    if (!u->part)
        return refusal_of_content(&u->refusal, err);
    return 0;
}

static int refuse_offset(struct upload *u, struct intake_request *request, uint64_t provided, struct cg_error *err)
{
    if (spool_part_sync(u->part, err) != 0)
        return refusal_of_content(&u->refusal, err);
    tell_progress(request, u->output, u->offset, false);
    u->refusal.extra = json_pack("{s:s, s:I, s:I}", "type", MISMATCHING_OFFSET, "expected-offset",
                                 (json_int_t)u->offset, "provided-offset", (json_int_t)provided);
    return cg_fail(err, CG_E_CONFLICT, "Upload-Offset is %" PRIu64 ", the output stands at %" PRIu64, provided,
                   u->offset);
}

/* Is there room in the output and in the store for a body of this size? */
static int check_room(struct upload *u, const struct intake_request *request, struct cg_error *err)
{
    int64_t size = intake_body_size(request);
    uint64_t left = u->output->size_bytes - u->offset;
    if (size > 0 && (uint64_t)size > left)
        return cg_fail(err, CG_E_LIMIT, "output %s has room for %" PRIu64 " bytes more, the request has %" PRId64,
                       u->output->path, left, size);
    if (spool_room(u->service->spool, size > 0 ? (uint64_t)size : left, err) != 0)
        return refusal_of_content(&u->refusal, err);
    return 0;
}

static int prepare(struct upload *u, struct intake_request *request, enum upload_kind kind, struct cg_error *err)
{
    uint64_t provided = 0;
    if (check_type(u, request, kind, err) != 0)
        return -1;
    if (kind == UPLOAD_PATCH) {
        const char *text = intake_header(request, "Upload-Offset");
        if (!text)
            return cg_fail(err, CG_E_USAGE, "PATCH without Upload-Offset");
        if (parameter_number("Upload-Offset", text, 0, INT64_MAX, &provided, err) != 0)
            return -1;
    }
    if (read_complete(u, request, err) != 0 || check_length(u, request, err) != 0 || read_digests(u, request, err) != 0)
        return -1;
    if (u->import.state != STORE_RECEIVING) {
        return cg_fail(err, CG_E_CONFLICT, "the import is %s; outputs are taken while it is receiving",
                       store_state_name(u->import.state));
    }
    if (open_part(u, kind, err) != 0)
        return -1;
    if (provided != u->offset)
        return refuse_offset(u, request, provided, err);
    return check_room(u, request, err);
}

/* Answers a failure. The part is let go of first: the sender may come again before this request is cleared away. */
static void refuse(struct intake_request *request, struct upload *u, const struct cg_error *err)
{
    spool_part_close(CG_STEAL(u->part));
    refusal_answer(request, &u->refusal, err);
}

/* An output that is here: what was to be reached is reached, whichever request did it. */
static int answer_complete(struct intake_request *request, const struct upload *u)
{
    tell_progress(request, u->output, u->output->size_bytes, true);
    representation_answer(request, 200, &u->import, REPRESENTATION_NO_POST);
    return -1;
}

static int upload_begin(struct intake_request *request, void **state, enum upload_kind kind)
{
    struct cg_error err = {0};
    if (intake_make_state(request, sizeof(struct upload), state) != 0)
        return -1;
    struct upload *u = *state;
    u->service = intake_options(request);
    if (visible_import(request, &intake_caller(request)->scope, &u->import) != 0)
        return -1;
    u->output = find_output(request, &u->import);
    if (!u->output) {
        visible_nothing(request);
        return -1;
    }
    if (u->output->sha256)
        return answer_complete(request, u);
    if (prepare(u, request, kind, &err) == 0)
        return 0;
    refuse(request, u, &err);
    return -1;
}

static int put_begin(struct intake_request *request, void **state)
{
    return upload_begin(request, state, UPLOAD_PUT);
}

static int patch_begin(struct intake_request *request, void **state)
{
    return upload_begin(request, state, UPLOAD_PATCH);
}

/* --- the body ------------------------------------------------------------------------------------------------------
 */

/* What was sent is not the output: dropped, so that it can be sent again from the beginning. Returns -1, always. */
static int drop(struct upload *u)
{
    spool_part_discard(CG_STEAL(u->part));
    u->offset = 0;
    return -1;
}

static int take(struct upload *u, const char *data, size_t size, struct cg_error *err)
{
    if (size > u->output->size_bytes - u->offset) {
        cg_fail(err, CG_E_LIMIT, "output %s is over the %" PRIu64 " bytes that the metadata says", u->output->path,
                u->output->size_bytes);
        return drop(u);
    }
    if (u->content && cg_digest_update(u->content, data, size, err) != 0)
        return -1;
    if (spool_part_append(u->part, data, size, err) != 0)
        return refusal_of_content(&u->refusal, err);
    u->offset += size;
    return 0;
}

static int upload_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    struct upload *u = state;
    int taken = take(u, data, size, &err);
    if (taken != 0)
        refuse(request, u, &err);
    return taken;
}

/* --- after the body ------------------------------------------------------------------------------------------------
 */

static int verify_content(struct upload *u, struct cg_error *err)
{
    struct cg_digests digests;
    if (!u->content)
        return 0;
    if (cg_digest_read(u->content, &digests, err) != 0)
        return -1;
    if (strcmp(digests.sha256, u->content_sha256) == 0)
        return 0;
    cg_fail(err, CG_E_MISMATCH, "the body has sha-256 %s, Content-Digest says %s", digests.sha256, u->content_sha256);
    return drop(u);
}

/* The output is whole: is it what the metadata says? Then it is a content and the import is told. */
static int complete(struct upload *u, const char *caller, struct cg_error *err)
{
    struct cg_digests digests;
    bool is_last;
    if (spool_part_finish(CG_STEAL(u->part), &digests, err) != 0)
        return refusal_of_content(&u->refusal, err);
    if (output_verdict(u->output, &digests, &u->refusal, err) != 0)
        return -1;
    if (u->repr_sha256[0] && strcmp(u->repr_sha256, digests.sha256) != 0)
        return cg_fail(err, CG_E_MISMATCH, "the output has sha-256 %s, Repr-Digest says %s", digests.sha256,
                       u->repr_sha256);
    if (store_content_add(u->service->store, &digests, err) != 0)
        return -1;
    int received = store_output_received(u->service->store, u->import.id, u->output->position, digests.sha256, caller,
                                         &is_last, err);
    if (received == 0)
        return cg_fail(err, CG_E_CONFLICT, "the import is gone");
    return received < 0 ? -1 : 0;
}

/* More is to come: what is here is made durable and noted. */
static int pause_upload(struct upload *u, struct cg_error *err)
{
    if (spool_part_sync(u->part, err) != 0)
        return refusal_of_content(&u->refusal, err);
    int noted = store_output_progress(u->service->store, u->import.id, u->output->position, u->offset, err);
    return noted < 0 ? -1 : 0;
}

static int end_upload(struct upload *u, const char *caller, struct cg_error *err)
{
    if (verify_content(u, err) != 0)
        return -1;
    if (u->offset == u->output->size_bytes)
        return complete(u, caller, err);
    if (!u->ends_output)
        return pause_upload(u, err);
    cg_fail(err, CG_E_MISMATCH, "output %s ends after %" PRIu64 " bytes, the metadata says %" PRIu64, u->output->path,
            u->offset, u->output->size_bytes);
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/output/%u/filesize", u->output->position);
    refusal_at(&u->refusal, pointer);
    return drop(u);
}

static void upload_end(struct intake_request *request, void *state)
{
    struct cg_error err = {0};
    struct upload *u = state;
    if (end_upload(u, intake_caller(request)->name, &err) != 0) {
        refuse(request, u, &err);
        return;
    }
    spool_part_close(CG_STEAL(u->part));
    bool is_complete = u->offset == u->output->size_bytes;
    if (is_complete)
        intake_count(request, INTAKE_CONTENT_BYTES, u->offset);
    tell_progress(request, u->output, u->offset, is_complete);
    if (!is_complete) {
        intake_answer_empty(request, 204);
        return;
    }
    struct store_import fresh = {0};
    if (visible_import(request, &intake_caller(request)->scope, &fresh) != 0)
        return;
    representation_answer(request, 200, &fresh, REPRESENTATION_NO_POST);
    store_import_finish(&fresh);
}

/* Also after a broken connection: what arrived is kept for a resumption, and noted when it is durable. */
static void upload_finish(void *state)
{
    struct upload *u = state;
    if (!u)
        return;
    if (u->part && u->offset > 0) {
        struct cg_error ignored = {0};
        pause_upload(u, &ignored);
    }
    spool_part_close(u->part);
    cg_digest_destroy(u->content);
    store_import_finish(&u->import);
    refusal_finish(&u->refusal);
    free(u);
}

const struct intake_handler intake_output_put = {put_begin, upload_data, upload_end, upload_finish};
const struct intake_handler intake_output_patch = {patch_begin, upload_data, upload_end, upload_finish};
