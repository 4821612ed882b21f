/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /v1/session: who asks and what it may do; signing in with a token, and out. */
#include "base/clock.h"
#include "cg/json.h"
#include "cg/version.h"
#include "intake/cookie.h"
#include "intake/header_value.h"
#include "intake/representation.h"
#include "intake/request_private.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/audit.h"

#include <string.h>

/* --- what is told ------------------------------------------------------------------------------------------------ */

static json_t *roles_of(unsigned roles)
{
    static const char *const names[] = {"submitter", "operator", "auditor"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (roles & 1U << i)
            json_array_append_new(list, json_string(names[i]));
    return list;
}

/* All is the glob that fits all. */
static json_t *globs_of(const char *const *globs)
{
    static const char *const all[] = {"*", NULL};
    json_t *list = json_array();
    for (globs = globs ? globs : all; *globs; globs++)
        json_array_append_new(list, json_string(*globs));
    return list;
}

/* What the routes let the caller do. */
static json_t *rights_of(const struct auth_caller *caller)
{
    unsigned roles = caller->roles;
    const struct intake_caller asks = {caller->name, roles, caller->scope};
    bool operates = roles & STORE_ROLE_OPERATOR, sees_all = roles & (STORE_ROLE_OPERATOR | STORE_ROLE_AUDITOR);
    return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b}", "post",
                     (int)((roles & (STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR)) != 0), "retry", (int)operates,
                     "cancel", (int)operates, "release", (int)operates, "read_all", (int)sees_all, "audit",
                     (int)visible_is_all(&asks));
}

static json_t *hubs_of(struct intake_request *request)
{
    size_t count;
    const struct intake_hub *hubs = request_hubs(request, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s?}", "name", hubs[i].name, "web_url", hubs[i].web_url));
    return list;
}

/* Where the log is signed by whom, as its own last word on it; null before its first. */
static json_t *log_of(struct intake_request *request)
{
    struct cg_error err = {0};
    json_t *keys = NULL;
    if (store_audit_keys(request->server->options.store, &keys, &err) < 0)
        log_error(request->server->options.log, &err, "no keys of the audit log", "request", request->id, NULL);
    return keys ? keys : json_null();
}

static json_t *service_of(struct intake_request *request)
{
    return json_pack("{s:s, s:s?, s:o, s:o}", "version", cg_version(), "default_hub",
                     request->server->options.default_hub, "hubs", hubs_of(request), "log", log_of(request));
}

static void answer_session(struct intake_request *request, unsigned status, const struct auth_caller *caller)
{
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "caller", caller->name, "via", auth_way_name(caller->way),
                  "roles", roles_of(caller->roles), "content_generators", globs_of(caller->scope.content_generators),
                  "packages", globs_of(caller->scope.packages), "expires_at", representation_time(caller->expires_at),
                  "may", rights_of(caller), "service", service_of(request));
    intake_answer_json(request, status, json);
}

static void get_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_session(request, 200, &request->known);
}

const struct intake_handler intake_session_get = {.end = get_end};

static enum cookie_kind kind_of(const struct intake_request *request)
{
    return cookie_kind_of(request->server->options.public_url, request->origin.tls);
}

/* --- signing in -------------------------------------------------------------------------------------------------- */

/* A body with a token in it. */
struct sign_in {
    char text[INTAKE_SIGN_IN_MAX];
    size_t size;
};

static int sign_in_begin(struct intake_request *request, void **state)
{
    struct cg_error err = {0};
    const char *type = intake_header(request, "Content-Type");
    if (!header_value_is(type, "application/json")) {
        cg_fail(&err, CG_E_USAGE, "Content-Type is \"%.80s\", expected application/json", type ? type : "");
        intake_fail_status(request, 415, &err, NULL);
        return -1;
    }
    return intake_make_state(request, sizeof(struct sign_in), state);
}

static int sign_in_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    (void)request;
    struct sign_in *body = state;
    memcpy(body->text + body->size, data, size);
    body->size += size;
    return 0;
}

static int read_token(const struct sign_in *body, struct secret *token, struct cg_error *err)
{
    struct cg_error ignored = {0}; /* which might quote the token */
    CG_AUTO_JSON json_t *json = cg_json_read(body->text, body->size, NULL, &ignored);
    const char *text = json_string_value(json_object_get(json, "token"));
    if (!text || json_object_size(json) != 1)
        return cg_fail(err, CG_E_USAGE, "the body is not {\"token\": \"...\"}");
    return secret_set(token, text, err);
}

static void give_cookie(struct intake_request *request, const struct secret *key, unsigned seconds)
{
    char value[COOKIE_HEADER_SIZE];
    cookie_set(kind_of(request), key, seconds, value);
    intake_set_header(request, "Set-Cookie", value);
    secret_wipe(value, sizeof value);
}

static void refuse_token(struct intake_request *request, const char *peer)
{
    struct cg_error err = {0};
    rate_count(request->server->sign_ins, peer, clock_monotonic_ms());
    intake_count(request, INTAKE_SIGN_INS_REFUSED, 1);
    log_line(request->server->options.log, LOG_WARNING, "a sign-in was refused: no such token", "peer", peer, "request",
             request->id, NULL);
    cg_fail(&err, CG_E_AUTH, "the token is not good (any more)");
    intake_set_header(request, "WWW-Authenticate", "Bearer realm=\"cg-import\", error=\"invalid_token\"");
    intake_fail_status(request, 401, &err, NULL);
}

static void sign_in(struct intake_request *request, const struct secret *token, struct cg_error *err)
{
    const struct intake_options *options = &request->server->options;
    AUTO_SECRET struct secret key = {0}, before = {0};
    struct auth_caller caller = {0};
    /* A key that the browser had already is never made good: a new one takes its place. */
    if (cookie_key(&request->head, kind_of(request), &before, err) < 0) {
        intake_fail(request, err, NULL);
        return;
    }
    int found = auth_sign_in(request->server->auth, token, &before, &key, &caller, err);
    if (found < 0) {
        intake_fail_status(request, 503, err, NULL);
    } else if (found == 0) {
        refuse_token(request, request->origin.peer);
    } else {
        log_line(options->log, LOG_INFO, "signed in", "caller", caller.name, "peer", request->origin.peer, "request",
                 request->id, NULL);
        intake_count(request, INTAKE_SIGN_INS, 1);
        give_cookie(request, &key, options->trust.sessions.most_s);
        answer_session(request, 201, &caller);
    }
    auth_caller_finish(&caller);
}

static void sign_in_end(struct intake_request *request, void *state)
{
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0};
    if (read_token(state, &token, &err) != 0) {
        intake_fail(request, &err, NULL);
    } else if (!rate_admits(request->server->sign_ins, request->origin.peer, clock_monotonic_ms())) {
        cg_fail(&err, CG_E_BUSY, "too many sign-ins from this address were refused; try again in a minute");
        intake_set_header(request, "Retry-After", "60");
        intake_fail_status(request, 429, &err, NULL);
    } else {
        sign_in(request, &token, &err);
    }
}

static void sign_in_finish(void *state)
{
    secret_wipe(state, sizeof(struct sign_in));
    free(state);
}

const struct intake_handler intake_session_post = {sign_in_begin, sign_in_data, sign_in_end, sign_in_finish};

/* --- signing out ------------------------------------------------------------------------------------------------- */

static void delete_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret key = {0};
    int found = cookie_key(&request->head, kind_of(request), &key, &err);
    if (found > 0)
        found = store_session_end(request->server->options.store, &key, &err);
    if (found < 0) {
        intake_fail(request, &err, NULL);
        return;
    }
    give_cookie(request, NULL, 0);
    intake_answer_empty(request, 204);
}

const struct intake_handler intake_session_delete = {.end = delete_end};
