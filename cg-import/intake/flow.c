/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* getrandom(2) for request ids. */
#define _GNU_SOURCE
#include "intake/flow.h"

#include "cg/bytes.h"
#include "intake/cross_site.h"
#include "intake/pages.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

/* Characters of a request id that is taken over from the caller: those of UUIDs, and what tracing systems use. */
static const char id_characters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:/+=";

static void set_request_id(struct intake_request *request)
{
    const char *sent = gate_field(&request->head, "X-Request-Id");
    size_t length = sent ? strlen(sent) : 0;
    if (length > 0 && length < REQUEST_ID_SIZE && strspn(sent, id_characters) == length &&
        gate_count(&request->head, "X-Request-Id") == 1) {
        stpcpy(request->id, sent);
        return;
    }
    unsigned char random[12] = {0};
    ssize_t got = getrandom(random, sizeof random, 0);
    (void)got; /* at most 256 bytes are always given whole */
    cg_hex(request->id, random, sizeof random);
}

static void fail(struct intake_request *request, unsigned status, enum cg_code code, const char *message)
{
    struct cg_error err = {0};
    cg_fail(&err, code, "%s", message);
    intake_fail_status(request, status, &err, NULL);
}

static int read_query(struct intake_request *request, const char *query, struct cg_error *err)
{
    for (const char *p = query; *p;) {
        size_t size = strcspn(p, "&");
        const char *equals = memchr(p, '=', size);
        size_t name_size = equals ? (size_t)(equals - p) : size;
        if (size > 0) {
            if (request->query_count == REQUEST_QUERY_MAX)
                return cg_fail(err, CG_E_USAGE, "the query has more than %d parameters", REQUEST_QUERY_MAX);
            struct request_pair *pair = &request->query[request->query_count++];
            pair->name = router_decode(p, name_size, ROUTER_PLUS_IS_BLANK, err);
            pair->value =
                router_decode(equals ? equals + 1 : "", equals ? size - name_size - 1 : 0, ROUTER_PLUS_IS_BLANK, err);
            if (!pair->name || !pair->value)
                return -1;
        }
        p += size + (p[size] == '&');
    }
    return 0;
}

/* Finds the route; false when it answered. */
static bool find_route(struct intake_request *request)
{
    struct cg_error err = {0};
    const char *target = request->head.target, *question = strchr(target, '?');
    CG_AUTO_FREE char *path = strndup(target, question ? (size_t)(question - target) : strlen(target));
    enum router_found found = ROUTER_NO_PATH;
    int result = path ? router_find(&request->server->router, request->head.method, path, &request->match, &found, &err)
                      : cg_fail_memory(&err);
    if (result == 0 && question)
        result = read_query(request, question + 1, &err);
    if (result != 0) {
        intake_fail(request, &err, NULL);
        return false;
    }
    if (found == ROUTER_FOUND)
        return true;
    if (found == ROUTER_NO_METHOD) {
        intake_set_header(request, "Allow", request->match.allow);
        cg_fail(&err, CG_E_USAGE, "%.32s is not possible here, but %s", request->head.method, request->match.allow);
        intake_fail_status(request, 405, &err, NULL);
        return false;
    }
    fail(request, 404, CG_E_USAGE, "there is nothing at this path");
    return false;
}

static void unauthorized(struct intake_request *request, bool shown)
{
    intake_set_header(request, "WWW-Authenticate",
                      shown ? "Bearer realm=\"cg-import\", error=\"invalid_token\"" : "Bearer realm=\"cg-import\"");
    fail(request, 401, CG_E_AUTH, shown ? "the credentials are not good (any more)" : "this needs credentials");
}

/* What is sent unasked along with a request, cookies and certificates, is nobody's will: false when it answered. */
static bool admit_site(struct intake_request *request)
{
    struct cg_error err = {0};
    char own[REQUEST_OWN_SIZE];
    request_own_url(request, own);
    if (!cross_site_is(&request->head, own))
        return true;
    intake_count(request, INTAKE_CROSS_SITE, 1);
    cg_fail(&err, CG_E_AUTH, "the page of another site sent this");
    cg_hint(&err, "the service takes requests of browsers from its own pages only, %s", own);
    intake_fail_status(request, 403, &err, json_pack("{s:s}", "reason", "cross-site"));
    return false;
}

/* Finds the caller and whether it may; false when it answered. */
static bool admit_caller(struct intake_request *request)
{
    struct cg_error err = {0};
    unsigned wanted = request->match.route->roles;
    if (wanted == 0)
        return true;
    switch (auth_identify(request->server->auth, &request->head, &request->origin, &request->known, &err)) {
    case AUTH_KNOWN:
        break;
    case AUTH_ANONYMOUS:
    case AUTH_REFUSED:
        unauthorized(request, err.code != CG_OK);
        return false;
    case AUTH_FAILED:
        intake_fail_status(request, 503, &err, NULL);
        return false;
    }
    request->caller = (struct intake_caller){request->known.name, request->known.roles, request->known.scope};
    if (wanted != INTAKE_ANY_CALLER && (request->caller.roles & wanted) == 0) {
        fail(request, 403, CG_E_AUTH, "the caller may not do this");
        return false;
    }
    if (limits_caller_enter(request->server->limits, request->caller.name, &err) != 0) {
        intake_fail_status(request, err.code == CG_E_BUSY ? 429 : 503, &err, NULL);
        return false;
    }
    request->counted = true;
    return true;
}

static void too_large(struct intake_request *request)
{
    struct cg_error err = {0};
    uint64_t most = request->match.route->body_max;
    if (most == 0)
        cg_fail(&err, CG_E_LIMIT, "%s here takes no body", request->head.method);
    else
        cg_fail(&err, CG_E_LIMIT, "the body is larger than %" PRIu64 " bytes", most);
    intake_fail(request, &err, NULL);
}

static bool body_fits(const struct intake_request *request)
{
    uint64_t most = request->match.route->body_max;
    if (request->head.framing == GATE_NO_BODY)
        return true;
    if (most == 0 || !request->match.route->handler->data)
        return request->head.framing == GATE_LENGTH && request->head.length == 0;
    return request->head.framing == GATE_CHUNKED || request->head.length <= most;
}

/* A handler that gave up without an answer has a defect; callers get one all the same. */
static void answer_anyway(struct intake_request *request)
{
    if (!request_is_answered(request))
        fail(request, 500, CG_E_INTERNAL, "a handler failed and did not say why");
}

/* What a browser must not do with an answer, nor keep of it. Handlers that know better say so. */
static void guard(struct intake_request *request)
{
    intake_set_header(request, "X-Content-Type-Options", "nosniff");
    if (strncmp(request->head.target, "/v1/", 4) == 0)
        intake_set_header(request, "Cache-Control", "no-store");
    pages_guard(request);
}

static void begin(struct intake_request *request)
{
    if (!find_route(request) || !admit_site(request) || !admit_caller(request))
        return;
    if (!body_fits(request)) {
        too_large(request);
        return;
    }
    const struct intake_handler *handler = request->match.route->handler;
    request->begun = true;
    if (handler->begin && handler->begin(request, &request->state) != 0)
        answer_anyway(request);
}

struct intake_request *flow_head(struct request_server *server, const struct flow_start *start)
{
    struct intake_request *request = calloc(1, sizeof *request);
    if (!request) {
        free(start->head);
        return NULL;
    }
    request->server = server;
    request->origin = *start->origin;
    request->head_bytes = start->head;
    request->started_ms = start->now_ms;
    struct cg_error err = {0};
    unsigned status = 400;
    if (gate_read(start->head, start->size, &request->head, &status, &err) != 0) {
        /* What the head says about itself is not to be believed. */
        request->head = (struct gate_head){.method = "-", .target = "-"};
        set_request_id(request);
        request->must_close = true;
        intake_fail_status(request, status, &err, NULL);
        return request;
    }
    set_request_id(request);
    /* The library takes bare LF in chunk lines; on a connection that ends after the body no one can use that. */
    request->must_close = request->head.framing == GATE_CHUNKED || atomic_load(&server->stopping);
    guard(request);
    begin(request);
    return request;
}

void flow_data(struct intake_request *request, const char *data, size_t size)
{
    const struct intake_route *route = request->match.route;
    request->received_bytes += size;
    if (request->received_bytes > route->body_max) {
        too_large(request);
        return;
    }
    if (route->handler->data(request, request->state, data, size) != 0)
        answer_anyway(request);
}

void flow_end(struct intake_request *request)
{
    request->match.route->handler->end(request, request->state);
    answer_anyway(request);
}

static void log_request(const struct intake_request *request, uint64_t duration_ms)
{
    char status[16], received[32], sent[32], duration[32];
    snprintf(status, sizeof status, "%u", request->answer.status);
    snprintf(received, sizeof received, "%" PRIu64, request->received_bytes);
    snprintf(sent, sizeof sent, "%zu", request->answer.size);
    snprintf(duration, sizeof duration, "%" PRIu64, duration_ms);
    const struct intake_route *route = request->match.route;
    log_line(request->server->options.log, route && route->roles == 0 ? LOG_DEBUG : LOG_INFO, "request", "method",
             request->head.method, "route", route ? route->pattern : NULL, "status",
             request->answer.status ? status : "broken", "received", received, "sent", sent, "ms", duration, "caller",
             request->caller.name, "request", request->id, "import", request->import_id[0] ? request->import_id : NULL,
             NULL);
}

void flow_finish(struct intake_request *request, uint64_t now_ms)
{
    const struct intake_route *route = request->match.route;
    if (request->begun && route->handler->finish)
        route->handler->finish(request->state);
    uint64_t duration_ms = now_ms - request->started_ms;
    log_request(request, duration_ms);
    struct metrics_request ended = {request->head.method, route ? route->pattern : NULL, request->answer.status,
                                    request->received_bytes, duration_ms};
    metrics_request(request->server->metrics, &ended);
    if (request->counted)
        limits_caller_leave(request->server->limits, request->caller.name);
    request_release(request);
    free(request);
}
