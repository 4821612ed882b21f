/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/session.h"
#include "koji/answer.h"
#include "koji/login.h"
#include "koji/retry.h"
#include "koji/session_private.h"
#include "koji/value.h"

#include <stdio.h>
#include <string.h>

bool koji_session_lost(const struct cg_error *error)
{
    return error->code == CG_E_SESSION && error->fault != KOJI_FAULT_SEQUENCE;
}

bool koji_session_passing(const struct cg_error *error, const struct koji_http_reply *reply)
{
    if (error->fault != 0 || reply->hopeless)
        return false;
    return error->code == CG_E_BUSY || error->code == CG_E_UNREACHABLE || error->code == CG_E_TRANSFER;
}

int koji_session_pass_on(const struct cg_error *from, struct cg_error *err)
{
    if (err && err->code == CG_OK)
        *err = *from;
    return -1;
}

void koji_session_note(const struct koji_session *session, const char *format, ...)
{
    if (!session->options.note)
        return;
    char line[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    session->options.note(session->options.note_context, line);
}

/* --- making one ------------------------------------------------------------------------------------------------- */

static struct koji_session *create(const struct koji_profile *profile, const struct koji_session_options *options,
                                   struct koji_credential *shared, struct cg_error *err)
{
    struct koji_session *session = calloc(1, sizeof *session);
    if (!session) {
        cg_fail_memory(err);
        return NULL;
    }
    session->profile = profile;
    if (options)
        session->options = *options;
    if (!shared && koji_credential_init(&session->own_credential, err) < 0) {
        free(session);
        return NULL;
    }
    session->credential = shared ? shared : &session->own_credential;
    CG_AUTO(koji_session_auto) struct koji_session *made = session;
    made->auth = KOJI_AUTH_NONE;
    made->base_url = koji_login_base_url(profile, made->auth, err);
    made->http = made->base_url ? koji_http_create(profile, err) : NULL;
    return made->http ? CG_STEAL(made) : NULL;
}

struct koji_session *koji_session_create(const struct koji_profile *profile, const struct koji_session_options *options,
                                         struct cg_error *err)
{
    return create(profile, options, NULL, err);
}

/* From here on requests go where this way of login wants them, with the certificate if it is one. */
static int use_auth(struct koji_session *session, enum koji_auth auth, struct cg_error *err)
{
    char *base_url = koji_login_base_url(session->profile, auth, err);
    if (!base_url)
        return -1;
    free(session->base_url);
    session->base_url = base_url;
    session->auth = auth;
    return 0;
}

static struct koji_session *create_like(struct koji_session *session, struct koji_credential *shared,
                                        struct cg_error *err)
{
    CG_AUTO(koji_session_auto) struct koji_session *other = create(session->profile, &session->options, shared, err);
    if (!other || use_auth(other, session->auth, err) < 0)
        return NULL;
    return CG_STEAL(other);
}

struct koji_session *koji_session_twin(struct koji_session *session, struct cg_error *err)
{
    return create_like(session, session->credential, err);
}

bool koji_session_logged_in(const struct koji_session *session)
{
    return koji_credential_logged_in(session->credential);
}

const struct koji_profile *koji_session_profile(const struct koji_session *session)
{
    return session->profile;
}

const struct koji_session_options *koji_session_options(const struct koji_session *session)
{
    return &session->options;
}

const char *koji_session_hub_version(const struct koji_session *session)
{
    return session->hub_version;
}

static void learn_version(struct koji_session *session, const struct koji_http_reply *reply)
{
    if (reply->hub_version[0])
        memcpy(session->hub_version, reply->hub_version, sizeof session->hub_version);
}

/* --- one request ------------------------------------------------------------------------------------------------ */

int koji_session_exchange(struct koji_session *session, struct koji_exchange *exchange, json_t **value,
                          struct cg_error *err)
{
    CG_AUTO(koji_address_finish) struct koji_address address = {0};
    struct koji_http_request request = exchange->http;
    if (exchange->as == KOJI_AS_SESSION && koji_credential_copy(session->credential, &exchange->used, err) < 0)
        return -1;
    exchange->used.call_number = exchange->call_number;
    if (koji_address_make(&address, session->base_url, exchange->query, &exchange->used, err) < 0)
        return -1;

    request.url = secret_reveal(&address.url);
    if (address.id_line[0]) {
        request.headers[0] = address.id_line;
        request.headers[1] = secret_reveal(&address.key_line);
    }
    if (address.number_lines[0][0]) {
        request.headers[2] = address.number_lines[0];
        request.headers[3] = address.number_lines[1];
    }
    request.certificate = session->auth == KOJI_AUTH_SSL ? session->profile->cert : NULL;
    request.stop = session->options.stop;
    request.abort_from = exchange->abort_from;
    int sent = koji_http_send(session->http, &request, &exchange->reply, err);
    learn_version(session, &exchange->reply);
    return sent < 0 ? -1 : koji_answer_read(exchange->method, &exchange->reply, value, err);
}

void koji_exchange_finish(struct koji_exchange *exchange)
{
    koji_http_reply_finish(&exchange->reply);
    koji_ticket_finish(&exchange->used);
}

/* --- login ------------------------------------------------------------------------------------------------------ */

/* Is anybody there, or was somebody there a moment before? */
enum occasion { FIRST_CONTACT, SESSION_EXPIRED };

/* After a failed login: wait and go on, or not. */
static enum koji_retry_verdict login_again(struct koji_session *session, enum occasion occasion,
                                           struct koji_retry *retry, const struct koji_http_reply *reply,
                                           const struct cg_error *last)
{
    if (last->fault == KOJI_FAULT_SERVER_OFFLINE && session->profile->offline_retry) {
        koji_session_note(session, "login: %s; waiting", last->message);
        return koji_retry_wait_offline(retry);
    }
    if (!koji_session_passing(last, reply))
        return KOJI_GIVE_UP;
    /* As little as any anonymous call: who mistyped the address need not wait. */
    if (occasion == FIRST_CONTACT && last->code == CG_E_UNREACHABLE && !session->profile->anon_retry)
        return KOJI_GIVE_UP;
    koji_session_note(session, "login: %s; trying again", last->message);
    return koji_retry_wait(retry, reply->retry_after_s);
}

/* Logs in, or renews the session of `renew`, and takes the answer over. */
static int log_in(struct koji_session *session, enum occasion occasion, const struct koji_ticket *renew,
                  struct cg_error *err)
{
    struct koji_retry retry;
    koji_retry_init(&retry, session->profile, session->options.stop);
    const struct koji_login login = {
        .profile = session->profile,
        .auth = session->auth,
        .base_url = session->base_url,
        .renew = renew,
        .stop = session->options.stop,
        .abort_from = retry.give_up_at,
    };
    for (;;) {
        CG_AUTO(koji_http_reply_finish) struct koji_http_reply reply = {0};
        CG_AUTO_JSON json_t *answer = NULL;
        struct cg_error last = {0};
        int logged_in = koji_login_send(&login, session->http, &reply, &answer, &last);
        learn_version(session, &reply);
        if (logged_in == 0)
            return koji_credential_take_answer(session->credential, answer, err);
        enum koji_retry_verdict verdict = login_again(session, occasion, &retry, &reply, &last);
        if (verdict == KOJI_STOPPED)
            return cg_fail(err, CG_E_INTERRUPTED, "stopped while logging in");
        if (verdict == KOJI_GIVE_UP)
            return koji_session_pass_on(&last, err);
    }
}

static int call_without_params(struct koji_session *session, const char *method, json_t **result, struct cg_error *err)
{
    CG_AUTO_JSON json_t *none = json_array();
    if (!none)
        return cg_fail_memory(err);
    return koji_session_call(session, KOJI_READ, method, none, result, err);
}

/* Whose ticket logged in is told by the hub alone, and not for `runas`: then the session is the other user's. */
static int check_principal(struct koji_session *session, struct cg_error *err)
{
    const struct koji_profile *profile = session->profile;
    if (session->auth != KOJI_AUTH_KERBEROS || !profile->principal || profile->runas)
        return 0;
    CG_AUTO_JSON json_t *user = NULL;
    if (call_without_params(session, "getLoggedInUser", &user, err) == 0 &&
        koji_login_check_principal(profile, user, err) == 0)
        return 0;
    struct cg_error ignored = {0};
    koji_session_logout(session, &ignored);
    return -1;
}

int koji_session_login(struct koji_session *session, struct cg_error *err)
{
    enum koji_auth auth = koji_login_choose(session->profile);
    if (auth == KOJI_AUTH_NONE)
        return 0;
    if (koji_login_prepare(session->profile, auth, err) < 0 || use_auth(session, auth, err) < 0)
        return -1;
    return log_in(session, FIRST_CONTACT, NULL, err) < 0 ? -1 : check_principal(session, err);
}

int koji_session_adopt(struct koji_session *session, const struct koji_ticket *ticket, struct cg_error *err)
{
    enum koji_auth auth = koji_login_choose(session->profile);
    if (use_auth(session, auth, err) < 0)
        return -1;
    session->ticket_session_id = ticket->session_id;
    return koji_credential_take_ticket(session->credential, ticket, err);
}

static int renew_locked(struct koji_session *session, const struct koji_ticket *used, enum koji_effect effect,
                        struct cg_error *err)
{
    CG_AUTO(koji_ticket_finish) struct koji_ticket now = {0};
    struct cg_error refused = {0};
    if (koji_credential_copy(session->credential, &now, err) < 0)
        return -1;
    if (strcmp(secret_reveal(&now.session_key), secret_reveal(&used->session_key)) != 0)
        return 0;
    if (session->auth == KOJI_AUTH_NONE || koji_login_prepare(session->profile, session->auth, err) < 0)
        return cg_fail(err, CG_E_SESSION, "the session expired and the profile has no way to log in");
    if (used->header_session && log_in(session, SESSION_EXPIRED, used, &refused) == 0) {
        koji_session_note(session, "session renewed");
        return 0;
    }
    /* Hubs before 1.32 cannot renew, and a closed session is gone. A new one must not repeat what the old one did. */
    if (effect == KOJI_CHANGE)
        return cg_fail(err, CG_E_SESSION, "the session cannot be renewed: %s",
                       refused.message[0] ? refused.message : "the hub knows no header sessions");
    if (log_in(session, SESSION_EXPIRED, NULL, err) < 0)
        return -1;
    koji_session_note(session, "logged in again");
    return 0;
}

int koji_session_renew(struct koji_session *session, const struct koji_ticket *used, enum koji_effect effect,
                       struct cg_error *err)
{
    pthread_mutex_lock(&session->credential->renewal);
    int result = renew_locked(session, used, effect, err);
    pthread_mutex_unlock(&session->credential->renewal);
    return result;
}

/* --- who, below, out -------------------------------------------------------------------------------------------- */

struct koji_session *koji_session_subsession(struct koji_session *session, struct cg_error *err)
{
    CG_AUTO_JSON json_t *answer = NULL;
    CG_AUTO(koji_session_auto) struct koji_session *below = create_like(session, NULL, err);
    /* Repeated without harm: a sub-session that nobody knows of is closed with this one. */
    if (!below || call_without_params(session, "subsession", &answer, err) < 0 ||
        koji_credential_take_answer(below->credential, answer, err) < 0)
        return NULL;
    memcpy(below->hub_version, session->hub_version, sizeof below->hub_version);
    return CG_STEAL(below);
}

/* Hubs before 1.34 send no Koji-Version, those before 1.23 know no getKojiVersion. */
static int ask_version(struct koji_session *session, struct cg_error *err)
{
    CG_AUTO_JSON json_t *version = NULL;
    struct cg_error refused = {0};
    if (session->hub_version[0])
        return 0;
    if (call_without_params(session, "getKojiVersion", &version, &refused) < 0)
        return refused.fault != 0 ? 0 : koji_session_pass_on(&refused, err);
    if (json_is_string(version))
        snprintf(session->hub_version, sizeof session->hub_version, "%.31s", json_string_value(version));
    return 0;
}

int koji_identity_from_json(const json_t *user, struct koji_identity *identity, struct cg_error *err)
{
    CG_AUTO(koji_identity_finish) struct koji_identity made = {0};
    const char *name = json_string_value(json_object_get(user, "name"));
    if (!json_is_null(user) && !name)
        return cg_fail(err, CG_E_HUB_REPLY, "getLoggedInUser was answered without a name");
    made.user_id = json_integer_value(json_object_get(user, "id"));
    made.authtype = (int)json_integer_value(json_object_get(user, "authtype"));
    made.name = name ? strdup(name) : NULL;
    if (name && !made.name)
        return cg_fail_memory(err);
    *identity = CG_MOVE(made);
    return 0;
}

int koji_session_identity(struct koji_session *session, struct koji_identity *identity, struct cg_error *err)
{
    CG_AUTO_JSON json_t *user = NULL;
    CG_AUTO(koji_identity_finish) struct koji_identity made = {0};
    if (call_without_params(session, "getLoggedInUser", &user, err) < 0 || ask_version(session, err) < 0 ||
        koji_identity_from_json(user, &made, err) < 0)
        return -1;
    made.hub_version = strdup(session->hub_version);
    if (!made.hub_version)
        return cg_fail_memory(err);
    *identity = CG_MOVE(made);
    return 0;
}

void koji_identity_finish(struct koji_identity *identity)
{
    free(identity->name);
    free(identity->hub_version);
    *identity = (struct koji_identity){0};
}

int koji_session_logout(struct koji_session *session, struct cg_error *err)
{
    CG_AUTO_JSON json_t *none = json_array();
    CG_AUTO_JSON json_t *answer = NULL;
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    struct cg_error last = {0};
    if (!koji_session_logged_in(session))
        return 0;
    if (!none || koji_value_encode_call("logout", none, &xml, err) < 0)
        return none ? -1 : cg_fail_memory(err);
    /* Once only: a session that stays behind expires by itself. */
    int timeout_s = session->profile->auth_timeout_s;
    AUTO_KOJI_EXCHANGE struct koji_exchange exchange = {
        .method = "logout",
        .http = {.content_type = "text/xml",
                 .body = xml.data,
                 .body_size = xml.size,
                 .timeout_s = timeout_s > 0 ? (unsigned)timeout_s : 0},
        .abort_from = koji_retry_next_level(session->options.stop),
    };
    int sent = koji_session_exchange(session, &exchange, &answer, &last);
    koji_credential_forget(session->credential);
    return sent == 0 || koji_session_lost(&last) ? 0 : koji_session_pass_on(&last, err);
}

void koji_session_destroy(struct koji_session *session)
{
    if (!session)
        return;
    koji_http_destroy(session->http);
    if (session->credential == &session->own_credential)
        koji_credential_finish(&session->own_credential);
    free(session->base_url);
    free(session);
}
