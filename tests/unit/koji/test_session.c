/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/session.h"
#include "scripted_hub.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

/* What the hub does with the n-th request; the last step goes on for all later ones. */
struct step {
    enum { VALUE, FAULT, SESSION, URL_SESSION, STATUS, RAW, RESET, HALF, VALUE_THEN_CLOSE } what;
    int number;       /* fault, status, session id */
    const char *text; /* value, fault text, session key, body */
};

#define KEY "2-KEYofTheFirstSession"
#define NEW_KEY "2-KEYafterTheRenewal00"

struct scene {
    const struct step *steps;
    size_t count;
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct stop stop;
    size_t stop_at; /* stop requests are made while request stop_at (from 1) is answered */
    unsigned stops;
    struct koji_session *session;
    char notes[4096];
    struct cg_error err;
};

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    struct scene *scene = context;
    const struct step *step = &scene->steps[index < scene->count ? index : scene->count - 1];
    (void)request;
    if (scene->stop_at == index + 1)
        for (unsigned i = 0; i < scene->stops; i++)
            stop_request(&scene->stop);
    switch (step->what) {
    case VALUE:
    case HALF:
    case VALUE_THEN_CLOSE:
        scripted_value(reply, step->text);
        reply->kind = step->what == HALF               ? SCRIPT_HALF
                      : step->what == VALUE_THEN_CLOSE ? SCRIPT_ANSWER_CLOSE
                                                       : SCRIPT_ANSWER;
        break;
    case FAULT:
        scripted_fault(reply, step->number, step->text);
        break;
    case SESSION:
    case URL_SESSION:
        scripted_session(reply, step->number, step->text, step->what == SESSION);
        break;
    case STATUS:
        reply->status = step->number;
        reply->type = "text/plain";
        reply->headers = "Location: /elsewhere\r\n";
        snprintf(reply->body, sizeof reply->body, "%s", step->text ? step->text : "");
        break;
    case RAW:
        snprintf(reply->body, sizeof reply->body, "%s", step->text);
        break;
    case RESET:
        reply->kind = SCRIPT_RESET;
        break;
    }
}

static void take_note(void *context, const char *line)
{
    struct scene *scene = context;
    size_t used = strlen(scene->notes);
    snprintf(scene->notes + used, sizeof scene->notes - used, "%s\n", line);
}

/* A session that is not logged in at a hub that follows `steps`. */
static void open_scene(struct scene *scene, const struct step *steps, size_t count)
{
    *scene = (struct scene){.steps = steps, .count = count};
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(scene->hub),
        .authtype = KOJI_AUTH_PASSWORD,
        .user = (char *)(uintptr_t) "osbs",
        .max_retries = 3,
        .timeout_s = 60,
        .auth_timeout_s = 60,
    };
    assert_int_equal(secret_set(&scene->profile.password, "secret-password", &scene->err), 0);
    assert_int_equal(stop_init(&scene->stop, &scene->err), 0);
    const struct koji_session_options options = {.stop = &scene->stop, .note = take_note, .note_context = scene};
    scene->session = koji_session_create(&scene->profile, &options, &scene->err);
    assert_non_null(scene->session);
}

#define OPEN(scene, ...)                                                                                               \
    static const struct step scene##_steps[] = {__VA_ARGS__};                                                          \
    struct scene scene;                                                                                                \
    open_scene(&scene, scene##_steps, sizeof scene##_steps / sizeof scene##_steps[0])

/* The same, logged in by the first step. */
#define LOGGED_IN(scene, ...)                                                                                          \
    OPEN(scene, {SESSION, 8, KEY}, __VA_ARGS__);                                                                       \
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0)

static void close_scene(struct scene *scene)
{
    /* No secret in what people see, whatever happened. */
    assert_null(strstr(scene->notes, "2-KEY"));
    assert_null(strstr(scene->err.message, "2-KEY"));
    assert_null(strstr(scene->notes, "secret-password"));
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->hub);
    secret_finish(&scene->profile.password);
    stop_finish(&scene->stop);
}

static int call(struct scene *scene, enum koji_effect effect, const char *method, json_t **result)
{
    CG_AUTO_JSON json_t *params = json_pack("[s]", "test-container-1.0-1");
    return koji_session_call(scene->session, effect, method, params, result, &scene->err);
}

/* The header of the index-th request, or "-" if it has none. */
static const char *header(struct scene *scene, size_t index, const char *name)
{
    static _Thread_local char value[256];
    const struct scripted_request *request = scripted_hub_request(scene->hub, index);
    assert_non_null(request);
    if (!scripted_header(request, name, value, sizeof value))
        return "-";
    return value;
}

static const char *body(struct scene *scene, size_t index)
{
    return scripted_hub_request(scene->hub, index)->body;
}

static void assert_starts(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("\"%.80s\" does not begin with \"%s\"", text, start);
}

/* --- plain use -------------------------------------------------------------------------------------------------- */

static void test_login_call_logout(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"}, {VALUE, 0, "<nil/>"});
    CG_AUTO_JSON json_t *result = NULL;
    assert_true(koji_session_logged_in(scene.session));
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", &result), 0);
    assert_int_equal(json_integer_value(result), 1);
    assert_int_equal(koji_session_sends(scene.session), 1);
    assert_string_equal(koji_session_hub_version(scene.session), "1.35.3");
    assert_int_equal(koji_session_logout(scene.session, &scene.err), 0);
    assert_false(koji_session_logged_in(scene.session));

    assert_int_equal(scripted_hub_count(scene.hub), 3);
    const struct scripted_request *login = scripted_hub_request(scene.hub, 0);
    assert_starts(login->head, "POST /kojihub HTTP/1.1\r\n");
    assert_non_null(strstr(login->body, "<methodName>login</methodName>"));
    assert_non_null(strstr(login->body, "secret-password"));
    assert_string_equal(header(&scene, 0, "Koji-Session-Id"), "-");
    assert_string_equal(header(&scene, 0, "Content-Type"), "text/xml");
    assert_string_equal(header(&scene, 0, "Expect"), "-");
    assert_string_equal(header(&scene, 0, "Transfer-Encoding"), "-");
    assert_non_null(strstr(body(&scene, 2), "<methodName>logout</methodName>"));
    /* All on one kept connection. */
    assert_int_equal(scripted_hub_request(scene.hub, 2)->connection, 0);
    close_scene(&scene);
}

static void test_numbers(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGInitBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);

    for (size_t i = 1; i <= 4; i++) {
        assert_string_equal(header(&scene, i, "Koji-Session-Id"), "8");
        assert_string_equal(header(&scene, i, "Koji-Session-Key"), KEY);
    }
    /* A read has no number: it would lock the session on the hub. A change has the same in both headers. */
    assert_string_equal(header(&scene, 1, "Koji-Callnum"), "-");
    assert_string_equal(header(&scene, 1, "Koji-Session-Callnum"), "-");
    assert_string_equal(header(&scene, 2, "Koji-Callnum"), "1");
    assert_string_equal(header(&scene, 2, "Koji-Session-Callnum"), "1");
    assert_string_equal(header(&scene, 3, "Koji-Session-Callnum"), "-");
    assert_string_equal(header(&scene, 4, "Koji-Callnum"), "2");
    assert_string_equal(header(&scene, 4, "Koji-Session-Callnum"), "2");
    close_scene(&scene);
}

/* What anybody may ask goes over the same connection, but not as the session, whose row the hub would lock and write.
 */
static void test_look_goes_without_the_session(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(call(&scene, KOJI_LOOK, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);
    assert_string_equal(header(&scene, 1, "Koji-Session-Id"), "-");
    assert_string_equal(header(&scene, 1, "Koji-Session-Key"), "-");
    assert_string_equal(header(&scene, 1, "Koji-Callnum"), "-");
    assert_string_equal(header(&scene, 2, "Koji-Session-Id"), "8");
    assert_int_equal(scripted_hub_request(scene.hub, 2)->connection, 0);
    close_scene(&scene);
}

/* A look is repeated like a read; what is said of a session is not about this one, which stays. */
static void test_look_is_repeated_and_renews_nothing(void **state)
{
    (void)state;
    LOGGED_IN(scene, {RESET, 0, NULL}, {FAULT, 1007, "session \"8\" has expired"});
    assert_int_equal(call(&scene, KOJI_LOOK, "getBuild", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_SESSION);
    assert_int_equal(scripted_hub_count(scene.hub), 3);
    assert_true(koji_session_logged_in(scene.session));
    close_scene(&scene);
}

static void test_large_call_goes_at_once(void **state)
{
    (void)state;
    enum { SIZE = 1500000 };
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"});
    CG_AUTO_FREE char *text = malloc(SIZE + 1);
    memset(text, 'a', SIZE);
    text[SIZE] = '\0';
    CG_AUTO_JSON json_t *params = json_pack("[s]", text);
    assert_int_equal(koji_session_call(scene.session, KOJI_CHANGE, "CGImport", params, NULL, &scene.err), 0);
    assert_string_equal(header(&scene, 1, "Expect"), "-");
    assert_true(scripted_hub_request(scene.hub, 1)->body_size > SIZE);
    close_scene(&scene);
}

static void test_identity(void **state)
{
    (void)state;
    LOGGED_IN(scene,
              {VALUE, 0,
               "<struct><member><name>id</name><value><int>2</int></value></member><member><name>name</name>"
               "<value><string>osbs</string></value></member><member><name>authtype</name><value><int>0</int>"
               "</value></member></struct>"},
              {VALUE, 0, "<nil/>"});
    struct koji_identity identity = {0};
    assert_int_equal(koji_session_identity(scene.session, &identity, &scene.err), 0);
    assert_string_equal(identity.name, "osbs");
    assert_int_equal(identity.user_id, 2);
    assert_string_equal(identity.hub_version, "1.35.3");
    koji_identity_finish(&identity);
    assert_int_equal(koji_session_identity(scene.session, &identity, &scene.err), 0);
    assert_null(identity.name);
    koji_identity_finish(&identity);
    close_scene(&scene);
}

static void test_subsession(void **state)
{
    (void)state;
    LOGGED_IN(scene, {SESSION, 9, "2-KEYofTheSubsession00"}, {VALUE, 0, "<int>1</int>"});
    struct koji_session *below = koji_session_subsession(scene.session, &scene.err);
    assert_non_null(below);
    CG_AUTO_JSON json_t *none = json_array();
    assert_int_equal(koji_session_call(below, KOJI_CHANGE, "CGImport", none, NULL, &scene.err), 0);
    assert_int_equal(koji_session_call(scene.session, KOJI_CHANGE, "CGImport", none, NULL, &scene.err), 0);
    assert_string_equal(header(&scene, 1, "Koji-Session-Id"), "8");
    assert_string_equal(header(&scene, 2, "Koji-Session-Id"), "9");
    assert_string_equal(header(&scene, 2, "Koji-Session-Key"), "2-KEYofTheSubsession00");
    assert_string_equal(header(&scene, 2, "Koji-Callnum"), "1");
    assert_string_equal(header(&scene, 3, "Koji-Session-Id"), "8");
    assert_string_equal(header(&scene, 3, "Koji-Callnum"), "1");
    koji_session_destroy(below);
    close_scene(&scene);
}

static void test_multicall(void **state)
{
    (void)state;
    static const char one_and_fault[] =
        "<array><data><value><array><data><value><int>1</int></value></data></array></value><value><struct><member>"
        "<name>faultCode</name><value><int>1000</int></value></member><member><name>faultString</name><value><string>no"
        "</string></value></member></struct></value></data></array>";
    LOGGED_IN(scene, {VALUE, 0, one_and_fault}, {VALUE, 0, "<array><data></data></array>"},
              {VALUE, 0, "<array><data><value><int>1</int></value><value><int>1</int></value></data></array>"});
    CG_AUTO_JSON json_t *calls =
        json_pack("[{s:s,s:[]},{s:s,s:[]}]", "methodName", "a", "params", "methodName", "b", "params");
    CG_AUTO_JSON json_t *results = NULL;
    assert_int_equal(koji_session_multicall(scene.session, KOJI_CHANGE, calls, &results, &scene.err), 0);
    assert_int_equal(json_array_size(results), 2);
    assert_string_equal(header(&scene, 1, "Koji-Callnum"), "1");
    assert_non_null(strstr(body(&scene, 1), "<methodName>multiCall</methodName>"));

    json_t *none = NULL;
    assert_int_equal(koji_session_multicall(scene.session, KOJI_READ, calls, &none, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "multiCall of 2 calls was answered with 0 results");
    assert_int_equal(koji_session_multicall(scene.session, KOJI_READ, calls, &none, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "result 0 of a multiCall is neither [value] nor a fault");
    close_scene(&scene);
}

/* --- lost replies ----------------------------------------------------------------------------------------------- */

static void test_change_is_repeated_identically(void **state)
{
    (void)state;
    LOGGED_IN(scene, {RESET, 0, NULL}, {STATUS, 502, NULL}, {HALF, 0, "<int>1</int>"}, {VALUE, 0, "<int>7</int>"});
    CG_AUTO_JSON json_t *result = NULL;
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", &result), 0);
    assert_int_equal(json_integer_value(result), 7);
    size_t count = scripted_hub_count(scene.hub);
    assert_int_equal(count, 1 + koji_session_sends(scene.session));
    assert_true(koji_session_sends(scene.session) >= 4);
    for (size_t i = 2; i < count; i++) {
        assert_string_equal(body(&scene, i), body(&scene, 1));
        assert_string_equal(scripted_hub_request(scene.hub, i)->head, scripted_hub_request(scene.hub, 1)->head);
    }
    assert_string_equal(header(&scene, count - 1, "Koji-Callnum"), "1");
    close_scene(&scene);
}

static void test_repeat_answered_with_retry_error(void **state)
{
    (void)state;
    LOGGED_IN(scene, {RESET, 0, NULL}, {FAULT, 1009, "unable to retry call 1 (method CGImport) for session 8"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.fault, 1009);
    assert_int_equal(scene.err.code, CG_E_RETRIED);
    assert_true(koji_session_sends(scene.session) >= 2);
    close_scene(&scene);
}

static void test_fault_of_a_repeat_is_returned(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 504, NULL}, {FAULT, 1000, "Build already exists: test-container-1.0-1 (id=1)"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.fault, 1000);
    assert_int_equal(koji_session_sends(scene.session), 2);
    close_scene(&scene);
}

static void test_never_answered_is_unknown(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 503, "later"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(koji_session_sends(scene.session), 4);
    assert_string_equal(scene.err.hint, "look at what the hub has before doing it again");
    assert_error(&scene.err, CG_E_UNKNOWN,
                 "CGImport may or may not have been done: sent 4 times without an answer; last: CGImport: the hub "
                 "cannot serve now (HTTP 503): later");
    close_scene(&scene);
}

static void test_read_is_repeated_then_busy(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 503, NULL}, {VALUE, 0, "<int>1</int>"}, {STATUS, 500, NULL});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(koji_session_sends(scene.session), 2);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_int_equal(koji_session_sends(scene.session), 4);
    assert_error(&scene.err, CG_E_BUSY, "getBuild: the hub broke down on the request (HTTP 500)");
    close_scene(&scene);
}

static void test_lost_read_is_busy(void **state)
{
    (void)state;
    LOGGED_IN(scene, {RESET, 0, NULL});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_error_has(&scene.err, CG_E_BUSY, "no reply from http://127.0.0.1:");
    close_scene(&scene);
}

/* The hub closes a kept connection; the next request on it is lost before or after it was read: nobody can tell. */
static void test_idle_connection_closed(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE_THEN_CLOSE, 0, "<int>1</int>"}, {VALUE, 0, "<int>2</int>"});
    CG_AUTO_JSON json_t *result = NULL;
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", &result), 0);
    assert_int_equal(json_integer_value(result), 2);
    assert_string_equal(header(&scene, scripted_hub_count(scene.hub) - 1, "Koji-Callnum"), "1");
    close_scene(&scene);
}

static void test_unreachable_is_not_unknown(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"});
    struct koji_ticket ticket = {0};
    struct koji_profile elsewhere = scene.profile;
    /* Port 1 of loopback: nobody listens there. */
    elsewhere.server = (char *)(uintptr_t) "http://127.0.0.1:1/kojihub";
    struct koji_session *session = koji_session_create(&elsewhere, NULL, &scene.err);
    assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), 0);
    assert_int_equal(koji_session_adopt(session, &ticket, &scene.err), 0);
    CG_AUTO_JSON json_t *none = json_array();
    assert_int_equal(koji_session_call(session, KOJI_CHANGE, "CGImport", none, NULL, &scene.err), -1);
    assert_int_equal(koji_session_sends(session), 0);
    assert_error_has(&scene.err, CG_E_UNREACHABLE, "cannot reach http://127.0.0.1:1/kojihub: ");
    koji_session_destroy(session);
    koji_ticket_finish(&ticket);
    close_scene(&scene);
}

static void test_refusal_after_a_lost_send_says_nothing(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 502, NULL}, {STATUS, 404, NULL});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_error_has(&scene.err, CG_E_UNKNOWN, "CGImport may or may not have been done: sent 1 time without");
    close_scene(&scene);
}

/* 408 and 429 may come from a proxy after the hub has begun: no refusal, so the 404 after them says nothing. */
static void test_408_and_429_may_have_been_done(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 408, NULL}, {STATUS, 429, NULL}, {STATUS, 404, NULL});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_error_has(&scene.err, CG_E_UNKNOWN, "CGImport may or may not have been done: sent 2 times");
    close_scene(&scene);
}

static void test_anonymous_is_not_repeated(void **state)
{
    (void)state;
    OPEN(scene, {STATUS, 503, NULL}, {STATUS, 503, NULL}, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_error(&scene.err, CG_E_BUSY, "getBuild: the hub cannot serve now (HTTP 503)");
    assert_int_equal(scripted_hub_count(scene.hub), 1);
    assert_string_equal(header(&scene, 0, "Koji-Session-Id"), "-");
    scene.profile.anon_retry = true;
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    close_scene(&scene);
}

/* --- statuses and replies --------------------------------------------------------------------------------------- */

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        struct step step;
        enum cg_code code;
        const char *message;
    } rows[] = {
        {{STATUS, 302, NULL}, CG_E_CONFIG, "getBuild: redirected elsewhere (HTTP 302), which is not followed"},
        {{STATUS, 400, "Invalid request: syntax error: line 1, column 0\nmore"},
         CG_E_HUB_REFUSED,
         "getBuild: the hub cannot read the request (HTTP 400): Invalid request: syntax error: line 1, column 0"},
        {{STATUS, 401, NULL}, CG_E_AUTH, "getBuild: the hub wants another login (HTTP 401)"},
        {{STATUS, 403, NULL}, CG_E_AUTH, "getBuild: the web server in front of the hub forbids it (HTTP 403)"},
        {{STATUS, 404, NULL}, CG_E_CONFIG, "getBuild: there is no hub at this URL (HTTP 404)"},
        {{STATUS, 405, NULL}, CG_E_CONFIG, "getBuild: what answers at this URL takes no calls (HTTP 405)"},
        {{STATUS, 408, NULL}, CG_E_BUSY, "getBuild: the web server gave up waiting for the request (HTTP 408)"},
        {{STATUS, 411, NULL}, CG_E_HUB_REPLY, "getBuild: a proxy on the way removed the request's length (HTTP 411)"},
        {{STATUS, 413, NULL}, CG_E_TOO_LARGE, "getBuild: the request is larger than the web server allows (HTTP 413)"},
        {{STATUS, 418, NULL}, CG_E_HUB_REPLY, "getBuild: HTTP 418 instead of 200"},
        {{STATUS, 429, NULL}, CG_E_BUSY, "getBuild: the hub asks for fewer requests (HTTP 429)"},
        {{STATUS, 500, NULL}, CG_E_BUSY, "getBuild: the hub broke down on the request (HTTP 500)"},
        {{STATUS, 502, NULL}, CG_E_BUSY, "getBuild: a proxy did not get an answer from the hub (HTTP 502)"},
        {{STATUS, 503, "\x1b[31mred\x7f"}, CG_E_BUSY, "getBuild: the hub cannot serve now (HTTP 503): ?[31mred?"},
        {{STATUS, 504, NULL}, CG_E_BUSY, "getBuild: a proxy did not wait for the hub's answer (HTTP 504)"},
        {{STATUS, 507, NULL}, CG_E_BUSY, "getBuild: HTTP 507 from the hub"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        open_scene(&scene, &rows[i].step, 1);
        assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
        assert_int_equal(scripted_hub_count(scene.hub), 1);
        assert_error(&scene.err, rows[i].code, rows[i].message);
        close_scene(&scene);
    }
}

static void test_reply_gate_stands_before_the_parser(void **state)
{
    (void)state;
    /* The first one the parser would take. */
    LOGGED_IN(
        scene,
        {RAW, 0,
         "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a \"1\">]><methodResponse><params><param><value><int>&a;</int>"
         "</value></param></params></methodResponse>"},
        {RAW, 0, ""}, {RAW, 0, "<html>a page</html>"});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
        assert_int_equal(scene.err.code, CG_E_HUB_REPLY);
        assert_null(strstr(scene.err.message, "a page"));
        assert_int_equal(koji_session_sends(scene.session), 1);
        cg_error_clear(&scene.err);
    }
    close_scene(&scene);
}

/* What cannot be read is no answer: a change is asked for again, and the repeat tells. */
static void test_unreadable_reply_to_a_change(void **state)
{
    (void)state;
    LOGGED_IN(scene, {RAW, 0, "<html>proxy</html>"}, {FAULT, 1009, "unable to retry call 1"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_RETRIED);
    assert_int_equal(koji_session_sends(scene.session), 2);
    close_scene(&scene);
}

/* --- expiry ----------------------------------------------------------------------------------------------------- */

static void test_renewal_keeps_the_number(void **state)
{
    (void)state;
    LOGGED_IN(scene, {FAULT, 1007, "session \"8\" has expired"}, {SESSION, 8, NEW_KEY}, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);
    assert_int_equal(scripted_hub_count(scene.hub), 4);
    assert_int_equal(koji_session_sends(scene.session), 1);
    assert_string_equal(header(&scene, 1, "Koji-Callnum"), "1");
    /* The renewal goes out as the old session. */
    assert_string_equal(header(&scene, 2, "Koji-Session-Id"), "8");
    assert_string_equal(header(&scene, 2, "Koji-Session-Key"), KEY);
    assert_string_equal(header(&scene, 2, "Koji-Callnum"), "-");
    assert_non_null(strstr(body(&scene, 2), "<name>renew</name>"));
    assert_string_equal(header(&scene, 3, "Koji-Session-Key"), NEW_KEY);
    assert_string_equal(header(&scene, 3, "Koji-Callnum"), "1");
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);
    assert_string_equal(header(&scene, 4, "Koji-Callnum"), "2");
    close_scene(&scene);
}

static void test_renewal_only_once(void **state)
{
    (void)state;
    LOGGED_IN(scene, {FAULT, 1007, "expired"}, {SESSION, 8, NEW_KEY}, {FAULT, 1007, "expired"});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_SESSION);
    assert_int_equal(scripted_hub_count(scene.hub), 4);
    close_scene(&scene);
}

static void test_hub_that_cannot_renew(void **state)
{
    (void)state;
    static const char type_error[] = "&lt;class 'TypeError'&gt;: login() got an unexpected keyword argument 'renew'";
    LOGGED_IN(scene, {FAULT, 1007, "expired"}, {FAULT, 1, type_error}, {SESSION, 11, NEW_KEY},
              {VALUE, 0, "<int>1</int>"}, {FAULT, 1007, "expired"}, {FAULT, 1, type_error});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_string_equal(header(&scene, 4, "Koji-Session-Id"), "11");
    /* A change is not sent as another session; it was answered, so it did not happen. */
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(koji_session_sends(scene.session), 1);
    assert_error_has(&scene.err, CG_E_SESSION, "the session cannot be renewed: ");
    assert_int_equal(scripted_hub_count(scene.hub), 7);
    close_scene(&scene);
}

static void test_session_lost_after_an_open_send(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 502, NULL}, {FAULT, 1002, "Invalid session or bad credentials"}, {FAULT, 1002, "no"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_UNKNOWN);
    close_scene(&scene);
}

/* --- old hubs, offline hubs ------------------------------------------------------------------------------------- */

static void test_url_session(void **state)
{
    (void)state;
    OPEN(scene, {URL_SESSION, 8, KEY}, {VALUE, 0, "<int>1</int>"}, {VALUE, 0, "<int>1</int>"}, {STATUS, 503, NULL});
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);
    assert_starts(scripted_hub_request(scene.hub, 1)->head,
                  "POST /kojihub?session-id=8&session-key=" KEY " HTTP/1.1\r\n");
    assert_starts(scripted_hub_request(scene.hub, 2)->head,
                  "POST /kojihub?session-id=8&session-key=" KEY "&callnum=1 HTTP/1.1\r\n");
    assert_string_equal(header(&scene, 2, "Koji-Session-Key"), "-");
    /* The key is in the URL and still in no message: close_scene looks. */
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_UNKNOWN);
    close_scene(&scene);
}

/* Hubs with URL sessions know no renewal. */
static void test_expired_url_session(void **state)
{
    (void)state;
    OPEN(scene, {URL_SESSION, 8, KEY}, {FAULT, 1007, "expired"}, {URL_SESSION, 9, NEW_KEY}, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(scripted_hub_count(scene.hub), 4);
    assert_null(strstr(body(&scene, 2), "renew"));
    assert_starts(scripted_hub_request(scene.hub, 2)->head, "POST /kojihub HTTP/1.1\r\n");
    assert_starts(scripted_hub_request(scene.hub, 3)->head,
                  "POST /kojihub?session-id=9&session-key=" NEW_KEY " HTTP/1.1\r\n");
    close_scene(&scene);
}

static void test_offline(void **state)
{
    (void)state;
    LOGGED_IN(scene, {FAULT, 1014, "outage"}, {FAULT, 1014, "outage"}, {FAULT, 1014, "outage"}, {FAULT, 1014, "outage"},
              {FAULT, 1014, "outage"}, {FAULT, 1014, "outage"}, {VALUE, 0, "<int>1</int>"});
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_int_equal(scene.err.fault, 1014);
    assert_error_has(&scene.err, CG_E_OFFLINE, "outage");
    assert_int_equal(koji_session_sends(scene.session), 1);
    /* Waiting for an offline hub takes none of the three tries. */
    scene.profile.offline_retry = true;
    scene.err.fault = 0;
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(koji_session_sends(scene.session), 1);
    assert_int_equal(scripted_hub_count(scene.hub), 8);
    close_scene(&scene);
}

static void test_offline_after_an_open_send(void **state)
{
    (void)state;
    LOGGED_IN(scene, {STATUS, 502, NULL}, {FAULT, 1014, "outage"}, {FAULT, 1009, "unable to retry"});
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_RETRIED);
    assert_int_equal(koji_session_sends(scene.session), 2);
    assert_int_equal(scripted_hub_count(scene.hub), 4);
    close_scene(&scene);
}

/* --- stopping --------------------------------------------------------------------------------------------------- */

static void test_first_stop_ends_reads(void **state)
{
    (void)state;
    OPEN(scene, {SESSION, 8, KEY}, {STATUS, 503, NULL});
    scene.stop_at = 2;
    scene.stops = 1;
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_INTERRUPTED);
    assert_int_equal(scripted_hub_count(scene.hub), 2);
    close_scene(&scene);
}

static void test_first_stop_waits_for_a_change(void **state)
{
    (void)state;
    OPEN(scene, {SESSION, 8, KEY}, {STATUS, 503, NULL}, {VALUE, 0, "<int>1</int>"});
    scene.stop_at = 2;
    scene.stops = 1;
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    /* Sent and not answered when the stop came: it is asked for until an answer comes. */
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), 0);
    assert_int_equal(koji_session_sends(scene.session), 2);
    /* What cleans up after a stop may still call. */
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGRefundBuild", NULL), 0);
    stop_request(&scene.stop);
    assert_int_equal(call(&scene, KOJI_READ, "getBuild", NULL), -1);
    assert_int_equal(koji_session_sends(scene.session), 0);
    assert_error(&scene.err, CG_E_INTERRUPTED, "stopped before getBuild was sent");
    close_scene(&scene);
}

static void test_second_stop_leaves_a_change_unknown(void **state)
{
    (void)state;
    OPEN(scene, {SESSION, 8, KEY}, {STATUS, 503, NULL});
    scene.stop_at = 2;
    scene.stops = 2;
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_int_equal(call(&scene, KOJI_CHANGE, "CGImport", NULL), -1);
    assert_int_equal(scene.err.code, CG_E_UNKNOWN);
    assert_int_equal(koji_session_sends(scene.session), 1);
    close_scene(&scene);
}

/* --- tickets ---------------------------------------------------------------------------------------------------- */

static void test_ticket_asks_again_from_elsewhere(void **state)
{
    (void)state;
    LOGGED_IN(scene, {VALUE, 0, "<int>1</int>"});
    CG_AUTO_JSON json_t *none = json_array();
    struct koji_ticket ticket = {0};
    assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), 0);
    assert_int_equal(ticket.session_id, 8);
    assert_int_equal(ticket.call_number, 1);
    assert_true(ticket.header_session);
    assert_int_equal(koji_session_call_as(scene.session, ticket.call_number, "CGImport", none, NULL, &scene.err), 0);

    struct koji_session *other = koji_session_create(&scene.profile, NULL, &scene.err);
    assert_int_equal(koji_session_adopt(other, &ticket, &scene.err), 0);
    assert_true(koji_session_logged_in(other));
    assert_int_equal(koji_session_call_as(other, ticket.call_number, "CGImport", none, NULL, &scene.err), 0);
    assert_string_equal(scripted_hub_request(scene.hub, 2)->head, scripted_hub_request(scene.hub, 1)->head);
    assert_string_equal(body(&scene, 2), body(&scene, 1));
    /* Numbers go on above the adopted one. */
    assert_int_equal(koji_session_call(other, KOJI_CHANGE, "CGImport", none, NULL, &scene.err), 0);
    assert_string_equal(header(&scene, 3, "Koji-Callnum"), "2");
    koji_session_destroy(other);
    koji_ticket_finish(&ticket);
    close_scene(&scene);
}

static void test_ticket_of_a_replaced_session(void **state)
{
    (void)state;
    LOGGED_IN(scene, {SESSION, 12, NEW_KEY});
    CG_AUTO_JSON json_t *none = json_array();
    struct koji_ticket ticket = {0};
    assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), 0);
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_int_equal(koji_session_call_as(scene.session, ticket.call_number, "CGImport", none, NULL, &scene.err), -1);
    assert_int_equal(koji_session_sends(scene.session), 0);
    assert_error(&scene.err, CG_E_SESSION,
                 "CGImport was not sent: the session was replaced since its number was taken");
    koji_ticket_finish(&ticket);
    close_scene(&scene);
}

static void test_ticket_refusals(void **state)
{
    (void)state;
    OPEN(scene, {VALUE, 0, "<int>1</int>"});
    struct koji_ticket ticket = {0};
    assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), -1);
    assert_error(&scene.err, CG_E_SESSION, "not logged in");
    assert_int_equal(koji_session_adopt(scene.session, &ticket, &scene.err), -1);
    assert_error(&scene.err, CG_E_USAGE, "the ticket names no session");
    close_scene(&scene);
}

/* --- login ------------------------------------------------------------------------------------------------------ */

static void test_login_is_repeated(void **state)
{
    (void)state;
    OPEN(scene, {STATUS, 503, NULL}, {RESET, 0, NULL}, {SESSION, 8, KEY});
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    close_scene(&scene);
}

static void test_login_where_nobody_is_fails_at_once(void **state)
{
    (void)state;
    OPEN(scene, {SESSION, 8, KEY});
    scene.profile.server = (char *)(uintptr_t) "http://127.0.0.1:1/kojihub";
    struct koji_session *session = koji_session_create(&scene.profile, koji_session_options(scene.session), &scene.err);
    assert_int_equal(koji_session_login(session, &scene.err), -1);
    assert_error_has(&scene.err, CG_E_UNREACHABLE, "cannot reach http://127.0.0.1:1/kojihub: ");
    assert_string_equal(scene.notes, "");
    koji_session_destroy(session);
    close_scene(&scene);
}

static void test_login_refused(void **state)
{
    (void)state;
    OPEN(scene, {FAULT, 1002, "invalid username or password"});
    assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
    assert_int_equal(scene.err.code, CG_E_AUTH);
    assert_int_equal(scene.err.fault, 1002);
    assert_int_equal(scripted_hub_count(scene.hub), 1);
    assert_false(koji_session_logged_in(scene.session));
    close_scene(&scene);
}

static void test_login_answers_that_are_none(void **state)
{
    (void)state;
    OPEN(scene, {VALUE, 0, "<nil/>"}, {SESSION, 0, KEY}, {SESSION, 8, "bad key\r\nX-Header: 1"});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, "the login was answered without a session-id and session-key");
    }
    close_scene(&scene);
}

static void test_login_lacks_something(void **state)
{
    (void)state;
    OPEN(scene, {VALUE, 0, "<nil/>"});
    secret_finish(&scene.profile.password);
    assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
    assert_error(&scene.err, CG_E_CONFIG, "login by password needs `user` and `password` in the profile");
    scene.profile.authtype = KOJI_AUTH_SSL;
    assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
    assert_error(&scene.err, CG_E_CONFIG, "no client certificate to log in with");
    scene.profile.cert = (char *)(uintptr_t) "/nonexistent/client.crt";
    assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
    assert_error(&scene.err, CG_E_CONFIG,
                 "cannot read the client certificate /nonexistent/client.crt: No such file or directory");
    scene.profile.authtype = KOJI_AUTH_KERBEROS;
    scene.profile.keytab = (char *)(uintptr_t) "/nonexistent/keytab";
    assert_int_equal(koji_session_login(scene.session, &scene.err), -1);
    assert_error(&scene.err, CG_E_CONFIG, "cannot read the keytab /nonexistent/keytab: No such file or directory");
    scene.profile.authtype = KOJI_AUTH_NONE;
    assert_int_equal(koji_session_login(scene.session, &scene.err), 0);
    assert_false(koji_session_logged_in(scene.session));
    assert_int_equal(scripted_hub_count(scene.hub), 0);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_call_logout),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_look_goes_without_the_session),
        cmocka_unit_test(test_look_is_repeated_and_renews_nothing),
        cmocka_unit_test(test_large_call_goes_at_once),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_subsession),
        cmocka_unit_test(test_multicall),
        cmocka_unit_test(test_change_is_repeated_identically),
        cmocka_unit_test(test_repeat_answered_with_retry_error),
        cmocka_unit_test(test_fault_of_a_repeat_is_returned),
        cmocka_unit_test(test_never_answered_is_unknown),
        cmocka_unit_test(test_read_is_repeated_then_busy),
        cmocka_unit_test(test_lost_read_is_busy),
        cmocka_unit_test(test_idle_connection_closed),
        cmocka_unit_test(test_unreachable_is_not_unknown),
        cmocka_unit_test(test_refusal_after_a_lost_send_says_nothing),
        cmocka_unit_test(test_408_and_429_may_have_been_done),
        cmocka_unit_test(test_anonymous_is_not_repeated),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_reply_gate_stands_before_the_parser),
        cmocka_unit_test(test_unreadable_reply_to_a_change),
        cmocka_unit_test(test_renewal_keeps_the_number),
        cmocka_unit_test(test_renewal_only_once),
        cmocka_unit_test(test_hub_that_cannot_renew),
        cmocka_unit_test(test_session_lost_after_an_open_send),
        cmocka_unit_test(test_url_session),
        cmocka_unit_test(test_expired_url_session),
        cmocka_unit_test(test_offline),
        cmocka_unit_test(test_offline_after_an_open_send),
        cmocka_unit_test(test_first_stop_ends_reads),
        cmocka_unit_test(test_first_stop_waits_for_a_change),
        cmocka_unit_test(test_second_stop_leaves_a_change_unknown),
        cmocka_unit_test(test_ticket_asks_again_from_elsewhere),
        cmocka_unit_test(test_ticket_of_a_replaced_session),
        cmocka_unit_test(test_ticket_refusals),
        cmocka_unit_test(test_login_is_repeated),
        cmocka_unit_test(test_login_where_nobody_is_fails_at_once),
        cmocka_unit_test(test_login_refused),
        cmocka_unit_test(test_login_answers_that_are_none),
        cmocka_unit_test(test_login_lacks_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
