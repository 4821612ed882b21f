/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/upload.h"
#include "koji/retry.h"
#include "koji/session_private.h"
#include "koji/upload_source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Two looks at a file on the hub that show the same size, so far apart, mean that nobody writes to it any more, ms. */
enum { SETTLE_MS = 500 };

struct koji_lane {
    struct koji_session *session; /* whose connection is used: the twin, or the session itself */
    struct koji_session *twin;    /* owned, NULL when there is none */
    uint64_t piece_max;           /* shrinks when the hub's front refuses */
};

/* One upload on its way. */
struct sending {
    struct koji_lane *lane;
    const struct koji_upload *upload;
    struct koji_source *source;
    struct koji_retry retry;
    bool broken;  /* a request was cut: what the hub has must be looked at */
    bool renewed; /* the session, since the last piece that passed */
};

/* A lane over nothing yet; NULL with CG_E_SESSION, CG_E_MEMORY. */
static struct koji_lane *new_lane(struct koji_session *session, struct cg_error *err)
{
    if (!koji_session_logged_in(session)) {
        cg_fail(err, CG_E_SESSION, "uploading needs a login");
        return NULL;
    }
    struct koji_lane *lane = calloc(1, sizeof *lane);
    if (!lane) {
        cg_fail_memory(err);
        return NULL;
    }
    lane->piece_max = KOJI_UPLOAD_PIECE_MAX;
    return lane;
}

struct koji_lane *koji_lane_create(struct koji_session *session, struct cg_error *err)
{
    CG_AUTO(koji_lane_auto) struct koji_lane *lane = new_lane(session, err);
    if (!lane)
        return NULL;
    lane->twin = koji_session_twin(session, err);
    lane->session = lane->twin;
    return lane->twin ? CG_STEAL(lane) : NULL;
}

struct koji_lane *koji_lane_create_over(struct koji_session *session, struct cg_error *err)
{
    struct koji_lane *lane = new_lane(session, err);
    if (lane)
        lane->session = session;
    return lane;
}

void koji_lane_destroy(struct koji_lane *lane)
{
    if (!lane)
        return;
    koji_session_destroy(lane->twin);
    free(lane);
}

/* --- one piece -------------------------------------------------------------------------------------------------- */

/* Appends "&NAME=" and the value as RFC 3986 section 2.1 wants it in a query. */
static int add_argument(struct cg_bytes *query, const char *name, const char *value, struct cg_error *err)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    if (cg_bytes_printf(query, err, "%s%s=", query->size > 0 ? "&" : "", name) < 0)
        return -1;
    for (const char *p = value; *p; p++) {
        bool plain = strchr(unreserved, *p) != NULL;
        int added = plain ? cg_bytes_append(query, p, 1, err)
                          : cg_bytes_printf(query, err, "%%%02X", (unsigned)(unsigned char)*p);
        if (added < 0)
            return -1;
    }
    return 0;
}

static int make_query(const struct koji_upload *upload, uint64_t offset, struct cg_bytes *query, struct cg_error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, offset);
    if (add_argument(query, "filename", upload->filename, err) < 0 ||
        add_argument(query, "filepath", upload->directory, err) < 0 ||
        add_argument(query, "fileverify", "sha256", err) < 0 || add_argument(query, "offset", number, err) < 0)
        return -1;
    /* Without it the hub refuses to begin a file that is there; with it, it would cut one that is continued. */
    return offset == 0 ? add_argument(query, "overwrite", "1", err) : 0;
}

/* A number in an answer; koji's own client takes texts too. -1 if it is none. */
static int64_t number_in(const json_t *answer, const char *name)
{
    const json_t *value = json_object_get(answer, name);
    if (json_is_integer(value))
        return json_integer_value(value);
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!text || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 ? number : -1;
}

static int check_answer(const struct koji_upload *upload, const json_t *answer, uint64_t offset, uint64_t length,
                        const char *sha256, struct cg_error *err)
{
    const char *got = json_string_value(json_object_get(answer, "hexdigest"));
    if (number_in(answer, "size") != (int64_t)length || number_in(answer, "offset") != (int64_t)offset)
        return cg_fail(err, CG_E_TRANSFER,
                       "%s: the hub took %" PRId64 " bytes at %" PRId64 ", sent were %" PRIu64 " at %" PRIu64,
                       upload->local_name, number_in(answer, "size"), number_in(answer, "offset"), length, offset);
    if (!got || strcmp(got, sha256) != 0)
        return cg_fail(err, CG_E_TRANSFER, "%s: what arrived has sha256 %.64s, sent was %s", upload->local_name,
                       got ? got : "unknown", sha256);
    return 0;
}

/* Sends `length` bytes from where the source stands. 0, or -1; `exchange` tells how it ended. */
static int send_piece(struct sending *sending, uint64_t length, struct koji_exchange *exchange, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes query = {0};
    CG_AUTO_JSON json_t *answer = NULL;
    uint64_t offset = koji_source_offset(sending->source);
    char sha256[65];
    if (make_query(sending->upload, offset, &query, err) < 0 ||
        koji_source_begin_piece(sending->source, length, err) < 0)
        return -1;
    *exchange = (struct koji_exchange){
        .method = "upload",
        .query = cg_bytes_text(&query),
        .http = {.content_type = "application/octet-stream",
                 .body_size = length,
                 .read = koji_source_read,
                 .read_context = sending->source,
                 .stall_s = KOJI_UPLOAD_STALL_S,
                 .stall_rate = KOJI_UPLOAD_RATE_MIN,
                 .sibling = sending->upload->sibling},
        .abort_from = sending->retry.give_up_at,
    };
    struct cg_error last = {0};
    int sent = koji_session_exchange(sending->lane->session, exchange, &answer, &last);
    exchange->query = NULL;
    const struct cg_error *unread = koji_source_failure(sending->source);
    if (unread->code != CG_OK || sent < 0) {
        *err = unread->code != CG_OK ? *unread : last;
        return -1;
    }
    if (koji_source_end_piece(sending->source, sha256, err) < 0)
        return -1;
    return check_answer(sending->upload, answer, offset, length, sha256, err);
}

/* --- what the hub has ------------------------------------------------------------------------------------------- */

enum verify { SIZE_ONLY, WITH_SHA256 };

/* checkUpload; *answer is json null when there is no such file. */
static int look(struct sending *sending, enum verify verify, json_t **answer, struct cg_error *err)
{
    const struct koji_upload *upload = sending->upload;
    CG_AUTO_JSON json_t *params =
        verify == WITH_SHA256
            ? json_pack("[s,s,{s:s,s:b}]", upload->directory, upload->filename, "verify", "sha256", "__starstar", 1)
            : json_pack("[s,s]", upload->directory, upload->filename);
    if (!params)
        return cg_fail_memory(err);
    return koji_session_call(sending->lane->session, KOJI_READ, "checkUpload", params, answer, err);
}

/* Waits before the next try; -1 when there is none, with what went wrong last. */
static int wait_or_fail(struct sending *sending, unsigned least_s, const struct cg_error *last, struct cg_error *err)
{
    enum koji_retry_verdict verdict = koji_retry_wait(&sending->retry, least_s);
    if (verdict == KOJI_TRY_AGAIN) {
        koji_session_note(sending->lane->session, "%s: %s; trying again", sending->upload->local_name, last->message);
        return 0;
    }
    if (verdict == KOJI_STOPPED)
        return cg_fail(err, CG_E_INTERRUPTED, "stopped while sending %s", sending->upload->local_name);
    cg_fail(err, last->code, "%s: given up after %u tries: %s", sending->upload->local_name, sending->retry.tries,
            last->message);
    err->fault = last->fault;
    return cg_hint(err, "%s", last->hint);
}

static int settle(struct sending *sending, struct cg_error *err)
{
    const struct stop *stop = koji_session_options(sending->lane->session)->stop;
    if (stop_sleep(stop_level(stop) == STOP_NONE ? stop : NULL, SETTLE_MS) != 0)
        return cg_fail(err, CG_E_INTERRUPTED, "stopped while sending %s", sending->upload->local_name);
    return 0;
}

/*
 * Two writers of one name mix their bytes (within one httpd process no lock keeps them apart). So before anything more
 * is sent the file must have come to rest: no lock held, and the same size and time in two looks.
 */
static int look_at_rest(struct sending *sending, json_t **found, struct cg_error *err)
{
    CG_AUTO_JSON json_t *before = NULL;
    for (;;) {
        CG_AUTO_JSON json_t *now = NULL;
        struct cg_error last = {0};
        if (look(sending, SIZE_ONLY, &now, &last) < 0) {
            if (last.fault != KOJI_FAULT_LOCK) {
                *err = last;
                return -1;
            }
            if (wait_or_fail(sending, 0, &last, err) < 0)
                return -1;
            continue;
        }
        if (before && json_equal(before, now)) {
            *found = CG_STEAL(now);
            return 0;
        }
        json_decref(before);
        before = CG_STEAL(now);
        if (settle(sending, err) < 0)
            return -1;
    }
}

/*
 * Does the hub's file of `size` bytes hold exactly our first `size` bytes? 1 or 0 with the source standing there, or
 * -1.
 */
static int same_so_far(struct sending *sending, uint64_t size, struct cg_error *err)
{
    CG_AUTO_JSON json_t *sum = NULL;
    char ours[65];
    if (look(sending, WITH_SHA256, &sum, err) < 0 || koji_source_go(sending->source, size, ours, err) < 0)
        return -1;
    const char *theirs = json_string_value(json_object_get(sum, "hexdigest"));
    return number_in(sum, "size") == (int64_t)size && number_in(sum, "sumlength") == (int64_t)size && theirs &&
           strcmp(theirs, ours) == 0;
}

/* Puts the source where sending goes on: after what the hub has, if that is right, else at the beginning. */
static int find_place(struct sending *sending, struct cg_error *err)
{
    CG_AUTO_JSON json_t *found = NULL;
    char unused[65];
    if (look_at_rest(sending, &found, err) < 0)
        return -1;
    int64_t size = number_in(found, "size");
    bool usable = size > 0 && (uint64_t)size <= sending->upload->size_bytes;
    int same = usable ? same_so_far(sending, (uint64_t)size, err) : 0;
    if (same < 0)
        return -1;
    if (same == 0)
        return koji_source_go(sending->source, 0, unused, err);
    koji_session_note(sending->lane->session, "%s: the hub has %" PRId64 " of %" PRIu64 " bytes, going on from there",
                      sending->upload->local_name, size, sending->upload->size_bytes);
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

/* After HTTP 413: nothing was written. 0: smaller pieces from now on, -1: they are as small as they get. */
static int shrink(struct sending *sending, uint64_t length, const struct cg_error *last, struct cg_error *err)
{
    uint64_t smaller = length > KOJI_UPLOAD_PIECE_SMALL ? KOJI_UPLOAD_PIECE_SMALL : length / 2;
    if (smaller < KOJI_UPLOAD_PIECE_MIN) {
        *err = *last;
        return cg_hint(err, "the web server or a proxy in front of the hub takes less than %" PRIu64 " bytes at once",
                       length);
    }
    sending->lane->piece_max = smaller;
    koji_session_note(sending->lane->session, "%s: pieces of %" PRIu64 " bytes are too large, trying %" PRIu64,
                      sending->upload->local_name, length, smaller);
    return 0;
}

static bool may_pass_later(const struct cg_error *last, const struct koji_http_reply *reply)
{
    if (last->fault != 0)
        return last->code == CG_E_BUSY;
    return koji_session_passing(last, reply);
}

/* A failed piece: 0 if sending can go on, with the source where it should. */
static int recover(struct sending *sending, const struct koji_exchange *exchange, uint64_t offset, uint64_t length,
                   const struct cg_error *last, struct cg_error *err)
{
    struct koji_session *session = sending->lane->session;
    char unused[65];
    if (last->code == CG_E_TOO_LARGE)
        return shrink(sending, length, last, err) < 0 ? -1 : koji_source_go(sending->source, offset, unused, err);
    if (last->code == CG_E_SESSION && !sending->renewed) {
        sending->renewed = true;
        if (koji_session_renew(session, &exchange->used, KOJI_READ, err) < 0) {
            err->fault = err->code == CG_E_SESSION ? last->fault : 0;
            return -1;
        }
        return koji_source_go(sending->source, offset, unused, err);
    }
    if (last->fault == KOJI_FAULT_SERVER_OFFLINE && koji_session_profile(session)->offline_retry) {
        if (koji_retry_wait_offline(&sending->retry) == KOJI_STOPPED)
            return cg_fail(err, CG_E_INTERRUPTED, "stopped while the hub is offline");
        return koji_source_go(sending->source, offset, unused, err);
    }
    if (!may_pass_later(last, &exchange->reply)) {
        *err = *last;
        return -1;
    }
    if (wait_or_fail(sending, exchange->reply.retry_after_s, last, err) < 0)
        return -1;
    if (exchange->reply.fate == KOJI_HTTP_NOT_SENT && !sending->broken)
        return koji_source_go(sending->source, offset, unused, err);
    sending->broken = true;
    return find_place(sending, err);
}

static int send_all(struct sending *sending, struct cg_error *err)
{
    uint64_t size = sending->upload->size_bytes;
    /* An empty file takes one request too. */
    bool empty_sent = false;
    while (koji_source_offset(sending->source) < size || (size == 0 && !empty_sent)) {
        uint64_t offset = koji_source_offset(sending->source);
        uint64_t left = size - offset;
        uint64_t length = left < sending->lane->piece_max ? left : sending->lane->piece_max;
        AUTO_KOJI_EXCHANGE struct koji_exchange exchange = {0};
        struct cg_error last = {0};
        if (send_piece(sending, length, &exchange, &last) == 0) {
            empty_sent = true;
            sending->renewed = false;
            sending->retry.tries = 0;
        } else if (recover(sending, &exchange, offset, length, &last, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* After a cut an old request might still have written when the new one was through: the whole file is looked at. */
static int verify_whole(struct sending *sending, struct cg_error *err)
{
    if (!sending->broken)
        return 0;
    int same = same_so_far(sending, sending->upload->size_bytes, err);
    if (same < 0)
        return -1;
    return same ? 0
                : cg_fail(err, CG_E_TRANSFER, "%s: after a broken transfer the hub's copy differs from what was sent",
                          sending->upload->local_name);
}

int koji_lane_upload(struct koji_lane *lane, const struct koji_upload *upload, struct cg_digests *digests,
                     uint64_t *sent_bytes, struct cg_error *err)
{
    struct cg_error last = {0};
    AUTO_KOJI_SOURCE struct koji_source *source = koji_source_create(upload, err);
    if (!source)
        return -1;
    struct sending sending = {.lane = lane, .upload = upload, .source = source};
    koji_retry_init(&sending.retry, koji_session_profile(lane->session), koji_session_options(lane->session)->stop);
    sending.retry.sibling = upload->sibling;
    int result = upload->resume_bytes > 0 ? find_place(&sending, &last) : 0;
    if (result == 0)
        result = send_all(&sending, &last);
    if (result == 0)
        result = verify_whole(&sending, &last);
    if (result == 0)
        result = koji_source_finish(source, digests, &last);
    *sent_bytes = koji_source_given(source);
    if (result < 0 && err && err->code == CG_OK)
        *err = last;
    return result;
}
