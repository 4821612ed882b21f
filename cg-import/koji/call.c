/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of session.h: numbers, repeats, and what is known when no answer came. */
#include "koji/answer.h"
#include "koji/retry.h"
#include "koji/session.h"
#include "koji/session_private.h"
#include "koji/value.h"

/* A call on its way through its tries. */
struct call {
    const char *method;
    enum koji_effect effect;
    uint32_t number;
    struct cg_bytes xml; /* owned */
    struct koji_retry retry;
    unsigned open_sends; /* that may have reached the hub and were never answered */
    int64_t session_id;  /* that the open ones were sent with */
    bool renewed;
};

static void call_finish(struct call *call)
{
    cg_bytes_finish(&call->xml);
}

/* A reply that stands for the hub or its front refusing to even look at the request: it was not carried out. */
static bool surely_not_done(const struct koji_http_reply *reply)
{
    return reply->fate == KOJI_HTTP_REPLIED && reply->status >= 300 && reply->status < 500 && reply->status != 408 &&
           reply->status != 429;
}

static void count_sends(struct koji_session *session, struct call *call, const struct koji_exchange *exchange,
                        const struct cg_error *last)
{
    unsigned sends = exchange->reply.sends;
    session->sends += sends;
    call->session_id = exchange->used.session_id;
    bool settled = last->fault != 0 || surely_not_done(&exchange->reply);
    call->open_sends += sends - (settled && sends > 0 ? 1 : 0);
}

/* A numbered call whose fate on the hub is open must be asked for until somebody answers. */
static bool must_ask_on(const struct call *call)
{
    return call->effect == KOJI_CHANGE && call->open_sends > 0;
}

static enum koji_retry_verdict after_fault(struct koji_session *session, struct call *call,
                                           const struct koji_exchange *exchange, struct cg_error *last)
{
    if (last->fault == KOJI_FAULT_SERVER_OFFLINE && session->profile->offline_retry) {
        koji_session_note(session, "%s; waiting", last->message);
        return koji_retry_wait_offline(&call->retry);
    }
    if (last->fault == KOJI_FAULT_SERVER_OFFLINE && must_ask_on(call))
        return koji_retry_wait(&call->retry, exchange->reply.retry_after_s);
    if (!koji_session_lost(last) || call->renewed || exchange->used.session_id == 0)
        return KOJI_GIVE_UP;
    call->renewed = true;
    struct cg_error refused = {0};
    if (koji_session_renew(session, &exchange->used, call->effect, &refused) == 0)
        return KOJI_TRY_AGAIN;
    /* Only the session's own end is the answer to this call; that nobody could log in again is another matter. */
    refused.fault = refused.code == CG_E_SESSION ? last->fault : 0;
    *last = refused;
    return KOJI_GIVE_UP;
}

static enum koji_retry_verdict after_silence(struct koji_session *session, struct call *call,
                                             const struct koji_exchange *exchange, const struct cg_error *last)
{
    if (must_ask_on(call))
        call->retry.give_up_at = STOP_NOW;
    bool again = koji_session_passing(last, &exchange->reply) || (must_ask_on(call) && last->code != CG_E_INTERRUPTED);
    if (!again)
        return KOJI_GIVE_UP;
    if (!koji_credential_logged_in(session->credential) && !session->profile->anon_retry)
        return KOJI_GIVE_UP;
    koji_session_note(session, "%s; trying again", last->message);
    return koji_retry_wait(&call->retry, exchange->reply.retry_after_s);
}

/* Says how the call ended that got no value. */
static int conclude(const struct call *call, enum koji_retry_verdict verdict, struct cg_error *last,
                    struct cg_error *err)
{
    bool answered = last->fault != 0 && last->fault != KOJI_FAULT_SERVER_OFFLINE && !koji_session_lost(last);
    if (must_ask_on(call) && !answered) {
        cg_fail(err, CG_E_UNKNOWN, "%s may or may not have been done: sent %u time%s without an answer; last: %s",
                call->method, call->open_sends, call->open_sends == 1 ? "" : "s", last->message);
        return cg_hint(err, "look at what the hub has before doing it again");
    }
    if (verdict == KOJI_STOPPED)
        return cg_fail(err, CG_E_INTERRUPTED, "stopped before %s was done: %s", call->method, last->message);
    if (last->code == CG_E_TRANSFER && last->fault == 0)
        last->code = CG_E_BUSY;
    return koji_session_pass_on(last, err);
}

/* The session that the open sends belong to was replaced meanwhile: to ask there again is not possible any more. */
static int check_same_session(struct koji_session *session, const struct call *call, struct cg_error *err)
{
    CG_AUTO(koji_ticket_finish) struct koji_ticket now = {0};
    if (!must_ask_on(call))
        return 0;
    if (koji_credential_copy(session->credential, &now, err) < 0)
        return -1;
    return now.session_id == call->session_id ? 0 : cg_fail(err, CG_E_SESSION, "the session was replaced");
}

/* One try. 1: answered with a value, 0: try again, -1: ended. */
static int try_once(struct koji_session *session, struct call *call, json_t **value, struct cg_error *err)
{
    struct cg_error last = {0};
    AUTO_KOJI_EXCHANGE struct koji_exchange exchange = {
        .method = call->method,
        .as = call->effect == KOJI_LOOK ? KOJI_AS_NOBODY : KOJI_AS_SESSION,
        .call_number = call->number,
        .http = {.content_type = "text/xml",
                 .body = call->xml.data,
                 .body_size = call->xml.size,
                 .timeout_s = session->profile->timeout_s > 0 ? (unsigned)session->profile->timeout_s : 0},
        .abort_from = call->effect == KOJI_CHANGE ? STOP_NOW : call->retry.give_up_at,
    };
    if (check_same_session(session, call, &last) < 0)
        return conclude(call, KOJI_GIVE_UP, &last, err);
    if (koji_session_exchange(session, &exchange, value, &last) == 0) {
        session->sends += exchange.reply.sends;
        return 1;
    }
    count_sends(session, call, &exchange, &last);
    enum koji_retry_verdict verdict =
        last.fault != 0 ? after_fault(session, call, &exchange, &last) : after_silence(session, call, &exchange, &last);
    if (verdict != KOJI_TRY_AGAIN)
        return conclude(call, verdict, &last, err);
    /* What was answered "session expired" or "offline" was not carried out. */
    session->sends -= last.fault != 0 ? 1 : 0;
    return 0;
}

static int call_hub(struct koji_session *session, enum koji_effect effect, uint32_t number, const char *method,
                    const json_t *params, json_t **result, struct cg_error *err)
{
    CG_AUTO(call_finish) struct call call = {.method = method, .effect = effect, .number = number};
    CG_AUTO_JSON json_t *value = NULL;
    session->sends = 0;
    if (stop_level(session->options.stop) == STOP_NOW)
        return cg_fail(err, CG_E_INTERRUPTED, "stopped before %s was sent", method);
    if (koji_value_encode_call(method, params, &call.xml, err) < 0)
        return -1;
    koji_retry_init(&call.retry, session->profile, session->options.stop);
    int tried = 0;
    while (tried == 0)
        tried = try_once(session, &call, &value, err);
    if (tried < 0)
        return -1;
    if (result)
        *result = CG_STEAL(value);
    return 0;
}

int koji_session_call(struct koji_session *session, enum koji_effect effect, const char *method, const json_t *params,
                      json_t **result, struct cg_error *err)
{
    uint32_t number = KOJI_UNNUMBERED;
    if (effect == KOJI_CHANGE && koji_session_logged_in(session))
        number = koji_credential_next_number(session->credential);
    return call_hub(session, effect, number, method, params, result, err);
}

unsigned koji_session_sends(const struct koji_session *session)
{
    return session->sends;
}

int koji_session_take_ticket(struct koji_session *session, struct koji_ticket *ticket, struct cg_error *err)
{
    if (!koji_session_logged_in(session))
        return cg_fail(err, CG_E_SESSION, "not logged in");
    if (koji_credential_copy(session->credential, ticket, err) < 0)
        return -1;
    ticket->call_number = koji_credential_next_number(session->credential);
    session->ticket_session_id = ticket->session_id;
    return 0;
}

int koji_session_call_as(struct koji_session *session, uint32_t call_number, const char *method, const json_t *params,
                         json_t **result, struct cg_error *err)
{
    CG_AUTO(koji_ticket_finish) struct koji_ticket now = {0};
    if (koji_credential_copy(session->credential, &now, err) < 0)
        return -1;
    if (now.session_id == 0 || now.session_id != session->ticket_session_id) {
        session->sends = 0;
        return cg_fail(err, CG_E_SESSION, "%s was not sent: the session was replaced since its number was taken",
                       method);
    }
    return call_hub(session, KOJI_CHANGE, call_number, method, params, result, err);
}

/* --- several calls in one --------------------------------------------------------------------------------------- */

/* Each result is [value] or a struct with a fault, and there is one for each call. */
static int check_results(const json_t *calls, const json_t *results, struct cg_error *err)
{
    if (json_array_size(results) != json_array_size(calls))
        return cg_fail(err, CG_E_HUB_REPLY, "multiCall of %zu calls was answered with %zu results",
                       json_array_size(calls), json_array_size(results));
    size_t i;
    const json_t *entry;
    json_array_foreach(results, i, entry)
    {
        bool is_value = json_is_array(entry) && json_array_size(entry) == 1;
        bool is_fault = json_is_integer(json_object_get(entry, "faultCode"));
        if (!is_value && !is_fault)
            return cg_fail(err, CG_E_HUB_REPLY, "result %zu of a multiCall is neither [value] nor a fault", i);
    }
    return 0;
}

int koji_session_multicall(struct koji_session *session, enum koji_effect effect, const json_t *calls, json_t **results,
                           struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[O]", calls);
    CG_AUTO_JSON json_t *answer = NULL;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, effect, "multiCall", params, &answer, err) < 0 ||
        check_results(calls, answer, err) < 0)
        return -1;
    *results = CG_STEAL(answer);
    return 0;
}
