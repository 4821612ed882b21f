/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/auth.h"

#include "base/clock.h"
#include "intake/auth_kubernetes.h"
#include "intake/cookie.h"
#include "intake/request_private.h"

#include <fnmatch.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

/* What tokens of store/callers.h begin with. */
static const char own_token_prefix[] = "cgi_";

struct auth {
    const struct intake_options *options;
    struct auth_kubernetes *kubernetes; /* NULL: off */
    pthread_mutex_t lock;               /* over the two below */
    const struct intake_grant *grants;
    size_t grant_count;
};

struct auth *auth_create(const struct intake_options *options, struct cg_error *err)
{
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth) {
        cg_fail_memory(err);
        return NULL;
    }
    auth->options = options;
    if (options->trust.kubernetes_url && !(auth->kubernetes = auth_kubernetes_create(&options->trust, err))) {
        free(auth);
        return NULL;
    }
    pthread_mutex_init(&auth->lock, NULL);
    auth_set_grants(auth, options->trust.grants, options->trust.grant_count);
    return auth;
}

void auth_set_grants(struct auth *auth, const struct intake_grant *grants, size_t count)
{
    pthread_mutex_lock(&auth->lock);
    auth->grants = grants;
    auth->grant_count = count;
    pthread_mutex_unlock(&auth->lock);
}

/* A caller whose name is proven outside: the first grant whose glob fits says what it may. No grant: nothing. */
static enum auth_result grant(struct auth *auth, enum auth_way way, const char *name, struct auth_caller *caller,
                              struct cg_error *err)
{
    caller->way = way;
    pthread_mutex_lock(&auth->lock);
    const struct intake_grant *grants = auth->grants;
    size_t count = auth->grant_count;
    pthread_mutex_unlock(&auth->lock);
    if (!(caller->name = strdup(name))) {
        cg_fail_memory(err);
        return AUTH_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        const struct intake_grant *given = &grants[i];
        if (fnmatch(given->name, name, 0) != 0)
            continue;
        caller->roles = given->roles;
        caller->scope = (struct store_scope){given->content_generators, given->packages};
        break;
    }
    return AUTH_KNOWN;
}

static enum auth_result refuse(struct cg_error *err)
{
    cg_fail(err, CG_E_AUTH, "the credentials are not good");
    return AUTH_REFUSED;
}

/* Takes over a caller that the store knows. */
static enum auth_result take_stored(enum auth_way way, struct store_caller *stored, struct auth_caller *caller,
                                    struct cg_error *err)
{
    caller->stored = *stored;
    *stored = (struct store_caller){0};
    if (!(caller->name = strdup(caller->stored.name))) {
        cg_fail_memory(err);
        return AUTH_FAILED;
    }
    caller->way = way;
    caller->roles = caller->stored.roles;
    caller->scope = (struct store_scope){(const char *const *)caller->stored.content_generators,
                                         (const char *const *)caller->stored.packages};
    return AUTH_KNOWN;
}

static enum auth_result by_own_token(struct auth *auth, const char *token, struct auth_caller *caller,
                                     struct cg_error *err)
{
    AUTO_SECRET struct secret secret = {0};
    if (secret_set(&secret, token, err) != 0)
        return AUTH_FAILED;
    struct store_caller stored;
    int found = store_caller_by_token(auth->options->store, &secret, &stored, err);
    if (found < 0)
        return AUTH_FAILED;
    return found == 0 ? refuse(err) : take_stored(AUTH_BY_TOKEN, &stored, caller, err);
}

static enum auth_result by_session(struct auth *auth, const struct secret *key, struct auth_caller *caller,
                                   struct cg_error *err)
{
    struct store_session session;
    int found = store_session_by_key(auth->options->store, key, &auth->options->trust.sessions, &session, err);
    if (found < 0)
        return AUTH_FAILED;
    if (found == 0)
        return AUTH_ANONYMOUS;
    caller->expires_at = session.expires_at;
    memcpy(caller->session_sha256, session.key_sha256, sizeof caller->session_sha256);
    return take_stored(AUTH_BY_SESSION, &session.caller, caller, err);
}

/* AUTH_ANONYMOUS: there is no cookie that is good. */
static enum auth_result by_cookie(struct auth *auth, const struct gate_head *head, const struct request_origin *origin,
                                  struct auth_caller *caller, struct cg_error *err)
{
    AUTO_SECRET struct secret key = {0};
    if (!auth->options->trust.tokens)
        return AUTH_ANONYMOUS;
    int found = cookie_key(head, cookie_kind_of(auth->options->public_url, origin->tls), &key, err);
    if (found < 0)
        return AUTH_FAILED;
    return found == 0 ? AUTH_ANONYMOUS : by_session(auth, &key, caller, err);
}

static enum auth_result by_kubernetes(struct auth *auth, const char *token, struct auth_caller *caller,
                                      struct cg_error *err)
{
    char name[AUTH_KUBERNETES_NAME_SIZE];
    int found = auth_kubernetes_review(auth->kubernetes, token, clock_monotonic_ms(), name, err);
    if (found < 0)
        return AUTH_FAILED;
    return found ? grant(auth, AUTH_BY_SERVICEACCOUNT, name, caller, err) : refuse(err);
}

/* RFC 6750 section 2.1: "Bearer" and a token of the characters of base64, base64url and JWT. */
static const char *bearer_token(const char *authorization)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
    if (strncasecmp(authorization, "Bearer ", 7) != 0)
        return NULL;
    const char *token = authorization + 7;
    token += strspn(token, " ");
    return *token && token[strspn(token, characters)] == '\0' ? token : NULL;
}

static enum auth_result by_authorization(struct auth *auth, const char *authorization, struct auth_caller *caller,
                                         struct cg_error *err)
{
    const char *token = bearer_token(authorization);
    if (!token)
        return refuse(err);
    bool own = strncmp(token, own_token_prefix, strlen(own_token_prefix)) == 0;
    if (own && auth->options->trust.tokens)
        return by_own_token(auth, token, caller, err);
    if (!own && auth->kubernetes)
        return by_kubernetes(auth, token, caller, err);
    return refuse(err);
}

/* A name from outside with its kind before it; names that could be read as another are refused. */
static enum auth_result by_name(struct auth *auth, enum auth_way way, const char *name, struct auth_caller *caller,
                                struct cg_error *err)
{
    const char *kind = way == AUTH_BY_FRONT ? "user:" : "CN=";
    char full[512];
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return refuse(err);
    if (!*name || snprintf(full, sizeof full, "%s%s", kind, name) >= (int)sizeof full)
        return refuse(err);
    return grant(auth, way, full, caller, err);
}

enum auth_result auth_identify(struct auth *auth, const struct gate_head *head, const struct request_origin *origin,
                               struct auth_caller *caller, struct cg_error *err)
{
    *caller = (struct auth_caller){0};
    const char *header = auth->options->trust.front_user_header;
    /* Only the front server can open the socket; over TCP anyone could send its header. */
    if (header && origin->listener == REQUEST_UNIX && gate_count(head, header) > 0) {
        if (gate_count(head, header) != 1)
            return refuse(err);
        return by_name(auth, AUTH_BY_FRONT, gate_field(head, header), caller, err);
    }
    size_t authorizations = gate_count(head, "Authorization");
    if (authorizations > 1)
        return refuse(err);
    if (authorizations == 1)
        return by_authorization(auth, gate_field(head, "Authorization"), caller, err);
    enum auth_result result = by_cookie(auth, head, origin, caller, err);
    if (result == AUTH_ANONYMOUS && origin->certificate_name[0])
        return by_name(auth, AUTH_BY_CERTIFICATE, origin->certificate_name, caller, err);
    return result;
}

int auth_sign_in(struct auth *auth, const struct secret *token, const struct secret *before, struct secret *key,
                 struct auth_caller *caller, struct cg_error *err)
{
    const struct intake_trust *trust = &auth->options->trust;
    struct store_session session;
    *caller = (struct auth_caller){0};
    if (!trust->tokens)
        return 0;
    int found = store_session_begin(auth->options->store, token, before, &trust->sessions, key, &session, err);
    if (found <= 0)
        return found;
    caller->expires_at = session.expires_at;
    memcpy(caller->session_sha256, session.key_sha256, sizeof caller->session_sha256);
    return take_stored(AUTH_BY_SESSION, &session.caller, caller, err) == AUTH_KNOWN ? 1 : -1;
}

bool auth_still_known(struct auth *auth, const struct auth_caller *caller)
{
    struct cg_error ignored = {0};
    const char *session = caller->session_sha256[0] ? caller->session_sha256 : NULL;
    if (!caller->stored.name) /* known otherwise than by the store */
        return true;
    return store_session_stands(auth->options->store, caller->stored.id, session, &ignored) != 0;
}

const char *auth_way_name(enum auth_way way)
{
    static const char *const names[] = {[AUTH_BY_TOKEN] = "token",
                                        [AUTH_BY_SESSION] = "session",
                                        [AUTH_BY_CERTIFICATE] = "certificate",
                                        [AUTH_BY_FRONT] = "front",
                                        [AUTH_BY_SERVICEACCOUNT] = "serviceaccount"};
    return names[way];
}

void auth_caller_finish(struct auth_caller *caller)
{
    free(caller->name);
    store_caller_finish(&caller->stored);
    *caller = (struct auth_caller){0};
}

void auth_destroy(struct auth *auth)
{
    if (!auth)
        return;
    auth_kubernetes_destroy(auth->kubernetes);
    pthread_mutex_destroy(&auth->lock);
    free(auth);
}
