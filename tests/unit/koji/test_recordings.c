/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memfd_create: the file that a recorded upload sent. */
#define _GNU_SOURCE
/*
 * Every exchange recorded from a real hub (tests/data/recordings), from the client's side: what we send is what was
 * sent, and what was answered we understand.
 *
 * tests/data/client-outcomes.txt has a line for each: the kind of request, the code and the fault number that come of
 * the answer, and for a request that this client never makes ("foreign") why not; its answer is then given to a call
 * that stands in. Equal are request line, Content-Type, session id and key, call number and the decoded call or the
 * bytes; not compared: User-Agent, Accept headers, order, and the number of calls that need none here.
 */
#include "cg/bytes.h"
#include "koji/answer.h"
#include "koji/login.h"
#include "koji/session.h"
#include "koji/upload.h"
#include "koji/value.h"
#include "scripted_hub.h"
#include "unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORDINGS "tests/data/recordings"
#define OUTCOMES "tests/data/client-outcomes.txt"
enum { RECORDINGS_COUNT = 192 };

struct row {
    char name[96];
    char kind[16];
    char code[32];
    int fault;
    char reason[96];
};

struct exchange {
    struct row row;
    struct scripted_request recorded; /* parsed from request.http */
    struct cg_bytes request, response;
    struct scripted_hub *hub;
    struct cg_error err;
    bool changed; /* what we sent was not what was recorded */
};

static void read_file(const char *name, const char *file, struct cg_bytes *bytes)
{
    char path[256], buffer[65536];
    size_t got;
    snprintf(path, sizeof path, RECORDINGS "/%s/%s", name, file);
    CG_AUTO_FILE FILE *stream = fopen(path, "rb");
    if (!stream)
        fail_msg("cannot open %s", path);
    while ((got = fread(buffer, 1, sizeof buffer, stream)) > 0)
        assert_int_equal(cg_bytes_append(bytes, buffer, got, NULL), 0);
}

static void parse_request(struct exchange *exchange)
{
    const char *text = cg_bytes_text(&exchange->request);
    const char *end = strstr(text, "\r\n\r\n");
    assert_non_null(end);
    size_t head = (size_t)(end - text) + strlen("\r\n");
    exchange->recorded.head = strndup(text, head);
    exchange->recorded.body_size = exchange->request.size - head - strlen("\r\n");
    exchange->recorded.body = malloc(exchange->recorded.body_size + 1);
    memcpy(exchange->recorded.body, end + strlen("\r\n\r\n"), exchange->recorded.body_size);
    exchange->recorded.body[exchange->recorded.body_size] = '\0';
}

/* The params of a <methodCall>, by making a <methodResponse> with one array of it. */
static json_t *params_of(const char *call)
{
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    const char *from = strstr(call, "<params>");
    const char *to = strstr(call, "</params>");
    assert_int_equal(cg_bytes_append_text(&xml, "<methodResponse><params><param><value><array><data>", NULL), 0);
    if (from && to) {
        for (const char *p = from + strlen("<params>"); p < to;) {
            if (strncmp(p, "<param>", strlen("<param>")) == 0)
                p += strlen("<param>");
            else if (strncmp(p, "</param>", strlen("</param>")) == 0)
                p += strlen("</param>");
            else
                assert_int_equal(cg_bytes_append(&xml, p++, 1, NULL), 0);
        }
    }
    assert_int_equal(cg_bytes_append_text(&xml, "</data></array></value></param></params></methodResponse>", NULL), 0);
    struct cg_error err = {0};
    if (koji_value_decode_reply(xml.data, xml.size, &reply, &err) < 0)
        fail_msg("%s", err.message);
    return CG_STEAL(reply.value);
}

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    const struct exchange *exchange = context;
    (void)index;
    (void)request;
    reply->verbatim = cg_bytes_text(&exchange->response);
    reply->verbatim_size = exchange->response.size;
}

static void differ(struct exchange *exchange, const char *what, const char *ours, const char *theirs)
{
    print_message("%s: %s is \"%.200s\", recorded was \"%.200s\"\n", exchange->row.name, what, ours, theirs);
    exchange->changed = true;
}

static void compare_header(struct exchange *exchange, const struct scripted_request *sent, const char *name)
{
    char ours[256] = "(none)", theirs[256] = "(none)";
    scripted_header(sent, name, ours, sizeof ours);
    scripted_header(&exchange->recorded, name, theirs, sizeof theirs);
    if (strcmp(ours, theirs) != 0)
        differ(exchange, name, ours, theirs);
}

/* What went out first against what was recorded. */
static void compare(struct exchange *exchange)
{
    const struct scripted_request *sent = scripted_hub_request(exchange->hub, 0);
    char ours[1024], theirs[1024];
    if (!sent) {
        differ(exchange, "request", "(none)", exchange->recorded.head);
        return;
    }
    snprintf(ours, sizeof ours, "%.*s", (int)strcspn(sent->head, "\r"), sent->head);
    snprintf(theirs, sizeof theirs, "%.*s", (int)strcspn(exchange->recorded.head, "\r"), exchange->recorded.head);
    bool is_upload = strcmp(exchange->row.kind, "upload") == 0;
    if (strcmp(ours, theirs) != 0 && (!is_upload || strstr(theirs, "fileverify=sha256")))
        differ(exchange, "request line", ours, theirs);
    compare_header(exchange, sent, "Content-Type");
    compare_header(exchange, sent, "Koji-Session-Id");
    compare_header(exchange, sent, "Koji-Session-Key");
    if (strcmp(exchange->row.kind, "change") == 0 && !strstr(exchange->recorded.head, "Koji-Session-Callnum: 0"))
        compare_header(exchange, sent, "Koji-Session-Callnum");
    if (is_upload) {
        if (sent->body_size != exchange->recorded.body_size ||
            memcmp(sent->body, exchange->recorded.body, sent->body_size) != 0)
            differ(exchange, "body", sent->body, exchange->recorded.body);
        return;
    }
    CG_AUTO_JSON json_t *our_params = params_of(sent->body);
    CG_AUTO_JSON json_t *their_params = params_of(exchange->recorded.body);
    scripted_method(sent, ours, sizeof ours);
    scripted_method(&exchange->recorded, theirs, sizeof theirs);
    if (strcmp(ours, theirs) != 0 || !json_equal(our_params, their_params))
        differ(exchange, "call", sent->body, exchange->recorded.body);
}

/* --- the four kinds --------------------------------------------------------------------------------------------- */

static struct koji_profile make_profile(const struct exchange *exchange)
{
    return (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(exchange->hub),
        .authtype = KOJI_AUTH_NONE,
        .timeout_s = 60,
        .auth_timeout_s = 60,
    };
}

/* The ticket that the recorded request's headers are; no session when it is anonymous. */
static void read_ticket(const struct exchange *exchange, struct koji_ticket *ticket)
{
    char id[32] = "", key[128] = "", number[32] = "0";
    bool with_id = scripted_header(&exchange->recorded, "Koji-Session-Id", id, sizeof id);
    if (!with_id || !scripted_header(&exchange->recorded, "Koji-Session-Key", key, sizeof key) || strcmp(id, "x") == 0)
        return;
    scripted_header(&exchange->recorded, "Koji-Session-Callnum", number, sizeof number);
    ticket->session_id = strtoll(id, NULL, 10);
    ticket->call_number = (uint32_t)strtoul(number, NULL, 10);
    ticket->header_session = true;
    assert_int_equal(secret_set(&ticket->session_key, key, NULL), 0);
}

static struct koji_session *make_session(struct exchange *exchange, const struct koji_profile *profile,
                                         struct koji_ticket *ticket)
{
    struct koji_session *session = koji_session_create(profile, NULL, &exchange->err);
    assert_non_null(session);
    read_ticket(exchange, ticket);
    if (ticket->session_id != 0)
        assert_int_equal(koji_session_adopt(session, ticket, &exchange->err), 0);
    return session;
}

static void do_call(struct exchange *exchange, enum koji_effect effect)
{
    const struct koji_profile profile = make_profile(exchange);
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    AUTO_KOJI_SESSION struct koji_session *session = make_session(exchange, &profile, &ticket);
    CG_AUTO_JSON json_t *params = params_of(exchange->recorded.body);
    char method[64];
    scripted_method(&exchange->recorded, method, sizeof method);
    if (effect == KOJI_CHANGE && ticket.session_id != 0)
        koji_session_call_as(session, ticket.call_number, method, params, NULL, &exchange->err);
    else
        koji_session_call(session, effect, method, params, NULL, &exchange->err);
    compare(exchange);
}

static void do_foreign(struct exchange *exchange)
{
    const struct koji_profile profile = make_profile(exchange);
    AUTO_KOJI_SESSION struct koji_session *session = koji_session_create(&profile, NULL, &exchange->err);
    CG_AUTO_JSON json_t *none = json_array();
    koji_session_call(session, KOJI_READ, "getAPIVersion", none, NULL, &exchange->err);
}

/* An argument of the recorded query, percent-decoded. */
static void argument(const struct exchange *exchange, const char *name, char *value, size_t size)
{
    char start[32];
    size_t used = 0;
    snprintf(start, sizeof start, "%s=", name);
    const char *p = strstr(exchange->recorded.head, start);
    assert_non_null(p);
    for (p += strlen(start); !strchr("& \r", *p) && used + 1 < size; p++) {
        unsigned code;
        if (*p == '%' && sscanf(p + 1, "%2x", &code) == 1) {
            value[used++] = (char)code;
            p += 2;
        } else {
            value[used++] = *p;
        }
    }
    value[used] = '\0';
}

static void do_upload(struct exchange *exchange)
{
    const struct koji_profile profile = make_profile(exchange);
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    AUTO_KOJI_SESSION struct koji_session *session = make_session(exchange, &profile, &ticket);
    AUTO_KOJI_LANE struct koji_lane *lane = koji_lane_create(session, &exchange->err);
    CG_AUTO_FD int fd = memfd_create("recorded", MFD_CLOEXEC);
    char directory[256], filename[256];
    struct cg_digests digests;
    uint64_t sent_bytes;
    assert_non_null(lane);
    argument(exchange, "filepath", directory, sizeof directory);
    argument(exchange, "filename", filename, sizeof filename);
    size_t size = exchange->recorded.body_size;
    assert_int_equal(write(fd, exchange->recorded.body, size), size);
    const struct koji_upload upload = {
        .fd = fd, .local_name = "file", .directory = directory, .filename = filename, .size_bytes = size};
    koji_lane_upload(lane, &upload, &digests, &sent_bytes, &exchange->err);
    compare(exchange);
}

static void do_login(struct exchange *exchange)
{
    const struct koji_profile profile = make_profile(exchange);
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    CG_AUTO(koji_http_auto) struct koji_http *http = koji_http_create(&profile, &exchange->err);
    CG_AUTO(koji_http_reply_finish) struct koji_http_reply reply = {0};
    CG_AUTO_JSON json_t *result = NULL;
    struct koji_profile with_runas = profile;
    CG_AUTO_JSON json_t *params = params_of(exchange->recorded.body);
    const json_t *proxyuser = json_object_get(json_array_get(params, 0), "proxyuser");
    with_runas.runas = (char *)(uintptr_t)json_string_value(proxyuser);
    read_ticket(exchange, &ticket);
    ticket.call_number = 0;
    const struct koji_login login = {
        .profile = &with_runas,
        .auth = strstr(cg_bytes_text(&exchange->response), "Negotiate") ? KOJI_AUTH_KERBEROS : KOJI_AUTH_SSL,
        .base_url = profile.server,
        .renew = json_object_get(json_array_get(params, 0), "renew") ? &ticket : NULL,
    };
    koji_login_send(&login, http, &reply, &result, &exchange->err);
    compare(exchange);
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

/* True: as the table says. */
static bool replay(const struct row *row)
{
    struct exchange exchange = {.row = *row};
    read_file(row->name, "request.http", &exchange.request);
    read_file(row->name, "response.http", &exchange.response);
    parse_request(&exchange);
    const struct scripted_behaviour behaviour = {.answer = answer, .context = &exchange};
    exchange.hub = scripted_hub_start(&behaviour);
    if (strcmp(row->kind, "read") == 0)
        do_call(&exchange, KOJI_READ);
    else if (strcmp(row->kind, "change") == 0)
        do_call(&exchange, KOJI_CHANGE);
    else if (strcmp(row->kind, "upload") == 0)
        do_upload(&exchange);
    else if (strcmp(row->kind, "login") == 0)
        do_login(&exchange);
    else
        do_foreign(&exchange);

    const char *code = cg_code_info(exchange.err.code)->name;
    bool right = strcmp(code, row->code) == 0 && exchange.err.fault == row->fault && !exchange.changed;
    if (!right)
        print_message("%s: %s %d \"%s\", expected %s %d\n", row->name, code, exchange.err.fault, exchange.err.message,
                      row->code, row->fault);
    /* A page of HTML is never shown. */
    if (strchr(exchange.err.message, '<') && strstr(exchange.err.message, "html"))
        right = false;
    scripted_hub_stop(exchange.hub);
    cg_bytes_finish(&exchange.request);
    cg_bytes_finish(&exchange.response);
    free(exchange.recorded.head);
    free(exchange.recorded.body);
    return right;
}

static void test_every_recording(void **state)
{
    (void)state;
    char line[512];
    unsigned rows = 0, wrong = 0;
    CG_AUTO_FILE FILE *table = fopen(OUTCOMES, "r");
    if (!table)
        fail_msg("cannot open %s: run the tests at the repository's top", OUTCOMES);
    /* No ticket of the person who runs the tests may log in. */
    setenv("KRB5CCNAME", "MEMORY:no-ticket", 1);
    while (fgets(line, sizeof line, table)) {
        struct row row = {0};
        if (line[0] == '#' ||
            sscanf(line, "%95s %15s %31s %d %95[^\n]", row.name, row.kind, row.code, &row.fault, row.reason) < 4)
            continue;
        rows++;
        if (strcmp(row.kind, "foreign") == 0 && !row.reason[0])
            fail_msg("%s: a foreign request needs a reason", row.name);
        wrong += !replay(&row);
    }
    assert_int_equal(rows, RECORDINGS_COUNT);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_recording)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
