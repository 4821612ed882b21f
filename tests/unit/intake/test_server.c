/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A running server: what handlers are given, what callers get, and how requests end. */
#include "callers_stand_in.h"
#include "running_server.h"

#include "base/clock.h"
#include "scratch.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* --- handlers -------------------------------------------------------------------------------------------------------
 */

static atomic_uint begun, ended, finished;
static atomic_uint_least64_t bytes;

static int begin(struct intake_request *request, void **state)
{
    begun++;
    *state = malloc(1);
    if (intake_query(request, "refuse")) {
        struct cg_error err = {0};
        cg_fail(&err, CG_E_CONFLICT, "refused before the body");
        intake_fail(request, &err, json_pack("{s:s}", "other", "0192"));
        return -1;
    }
    return 0;
}

static int data(struct intake_request *request, void *state, const char *piece, size_t size)
{
    (void)state, (void)piece;
    bytes += size;
    if (!intake_query(request, "full"))
        return 0;
    struct cg_error err = {0};
    cg_fail(&err, CG_E_LIMIT, "the disk is full");
    intake_fail_status(request, 507, &err, NULL);
    return -1;
}

static void end(struct intake_request *request, void *state)
{
    (void)state;
    ended++;
    if (intake_query(request, "mute"))
        return;
    intake_set_header(request, "Location", "/here");
    if (intake_query(request, "header"))
        intake_set_header(request, "X-Given", intake_query(request, "header"));
    intake_answer_json(request, 202,
                       json_pack("{s:s?,s:s?,s:s?,s:I}", "path", intake_path(request, "name"), "query",
                                 intake_query(request, "q"), "caller", intake_caller(request)->name, "size",
                                 (json_int_t)intake_body_size(request)));
}

static void finish(void *state)
{
    finished++;
    free(state);
}

static void fail_inside(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    cg_fail(&err, CG_E_IO, "cannot open /var/lib/secret-place: Permission denied");
    cg_hint(&err, "look at /var/lib/secret-place");
    intake_fail(request, &err, NULL);
}

/* A stream of three events, one at a time. */
static int next(void *state, struct cg_bytes *out)
{
    unsigned *count = state;
    cg_bytes_printf(out, NULL, "data: %u\n\n", ++*count);
    return *count < 3;
}

static int next_never(void *state, struct cg_bytes *out)
{
    (void)state, (void)out;
    return 1;
}

static const struct intake_stream three = {.next = next, .finish = finish, .poll_ms = 1};
static const struct intake_stream endless = {.next = next_never, .finish = finish, .poll_ms = 1};

static void answer_three(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_stream(request, "text/event-stream", &three, calloc(1, sizeof(unsigned)));
}

static void answer_endless(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_stream(request, "text/event-stream", &endless, malloc(1));
}

/* The library takes no header without a value, and so not this answer. */
static void answer_unsendable(struct intake_request *request, void *state)
{
    intake_set_header(request, "X-Nothing", "");
    answer_three(request, state);
}

static const struct intake_handler whole = {.begin = begin, .data = data, .end = end, .finish = finish};
static const struct intake_handler failing = {.end = fail_inside};
static const struct intake_handler streaming = {.end = answer_three}, waiting = {.end = answer_endless};
static const struct intake_handler unsendable = {.end = answer_unsendable};
static const struct intake_route routes[] = {
    {"GET", "/open/{name}", 0, 0, &whole},
    {"POST", "/open/{name}", 0, 1000, &whole},
    {"PATCH", "/big", 0, UINT64_MAX, &whole},
    {"GET", "/closed", STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR, 0, &whole},
    {"GET", "/endless", STORE_ROLE_SUBMITTER, 0, &waiting},
    {"GET", "/failing", 0, 0, &failing},
    {"GET", "/three", 0, 0, &streaming},
    {"GET", "/unsendable", 0, 0, &unsendable},
};

static struct intake *intake;
static struct log *lines;
static int log_fds[2];

static int start_with(struct intake_options options)
{
    begun = ended = finished = 0;
    bytes = 0;
    if (pipe(log_fds) != 0)
        return -1;
    lines = log_create(log_fds[1], LOG_KEY_VALUE, LOG_DEBUG, NULL);
    options.log = lines;
    options.trust.tokens = true;
    intake = running_start(&options, routes, sizeof routes / sizeof routes[0]);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with((struct intake_options){.limits = {.connections_per_caller = 1}});
}

/* Stops; all that was logged. */
static const char *stop_and_read_log(void)
{
    static char text[65536];
    if (intake)
        intake_stop(intake, 5);
    intake = NULL;
    log_destroy(lines);
    close(log_fds[1]);
    size_t filled = 0;
    ssize_t got;
    while ((got = read(log_fds[0], text + filled, sizeof text - 1 - filled)) > 0)
        filled += (size_t)got;
    text[filled] = '\0';
    close(log_fds[0]);
    log_fds[0] = -1;
    return text;
}

static int stop(void **state)
{
    (void)state;
    if (log_fds[0] >= 0)
        stop_and_read_log();
    return 0;
}

static char text[65536];

static const char *ask(const char *head_and_body)
{
    running_exchange(intake, head_and_body, text, sizeof text);
    return text;
}

static void assert_has(const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void handlers_get_what_was_sent(void **state)
{
    (void)state;
    ask("POST /open/a%2Fb?q=x+%C3%A4&z HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
    assert_has("HTTP/1.1 202 Accepted\r\n");
    assert_has("\r\nContent-Type: application/json\r\n");
    assert_has("\r\nLocation: /here\r\n");
    assert_has("{\"path\":\"a/b\",\"query\":\"x \xc3\xa4\",\"caller\":null,\"size\":3}");
    assert_int_equal(bytes, 3);
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    ask("HEAD /open/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 202 Accepted\r\n");
    assert_has("\r\nContent-Length: ");
    assert_null(strchr(text, '{'));
}

static void request_ids_go_through(void **state)
{
    (void)state;
    ask("GET /open/a HTTP/1.1\r\nHost: a\r\nX-Request-Id: 0192-abc\r\nConnection: close\r\n\r\n");
    assert_has("\r\nX-Request-Id: 0192-abc\r\n");
    ask("GET /open/a HTTP/1.1\r\nHost: a\r\nX-Request-Id: \"level=error\"\r\nConnection: close\r\n\r\n");
    assert_null(strstr(text, "level=error"));
    assert_has("\r\nX-Request-Id: ");
    const char *logged = stop_and_read_log();
    assert_non_null(strstr(logged, "message=request method=GET route=/open/{name} status=202 received=0 sent="));
    assert_non_null(strstr(logged, " request=0192-abc\n"));
    assert_null(strstr(logged, "level=error"));
}

static void no_handler_can_split_an_answer(void **state)
{
    (void)state;
    ask("GET /open/a?header=good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("\r\nX-Given: good\r\n");
    ask("GET /open/a?header=x%0d%0aX-Forged:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 202 ");
    assert_null(strstr(text, "X-Given"));
    assert_null(strstr(text, "X-Forged"));
}

static void bodies_have_limits(void **state)
{
    (void)state;
    ask("GET /open/a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    assert_has("HTTP/1.1 413 ");
    assert_has("\"detail\":\"GET here takes no body\"");
    ask("GET /open/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 202 ");
    ask("POST /open/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    assert_has("HTTP/1.1 413 ");
    assert_has("\"detail\":\"the body is larger than 1000 bytes\"");
    assert_int_equal(running_count(text, " 100 "), 0);
    assert_int_equal(bytes, 0);
}

static void chunks_are_counted_too(void **state)
{
    (void)state;
    char request[2000], filler[1002];
    memset(filler, 'x', sizeof filler - 1);
    filler[1001] = '\0';
    static const char head[] = "POST /open/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    snprintf(request, sizeof request, "%s3e8\r\n%.1000s\r\n0\r\n\r\n", head, filler);
    ask(request);
    assert_has("HTTP/1.1 202 ");
    snprintf(request, sizeof request, "%s3e9\r\n%s\r\n0\r\n\r\n", head, filler);
    ask(request);
    assert_has("HTTP/1.1 413 ");
}

static void a_refusal_before_a_small_body_keeps_the_connection(void **state)
{
    (void)state;
    ask("POST /open/a?refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "GET /open/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 409 ");
    assert_has("{\"type\":\"/problems/conflict\",\"title\":\"exists with other content\",\"status\":409,"
               "\"code\":\"CG_E_CONFLICT\",\"detail\":\"refused before the body\",\"request_id\":\"");
    assert_has("\"other\":\"0192\"}");
    assert_has("\"path\":\"b\"");
    assert_int_equal(bytes, 0);
}

/* Sends the head of a PATCH of 1 GiB and body until the server has answered; what it answered. */
static void send_until_answered(const char *head)
{
    static const char zeros[65536];
    int fd = running_connect(intake);
    running_send(fd, head, strlen(head));
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (unsigned i = 0; i < 16384 && poll(&wait, 1, 0) == 0; i++)
        running_send(fd, zeros, sizeof zeros);
    running_read(fd, text, sizeof text, "\r\n\r\n{");
    close(fd);
}

static void a_failure_in_a_large_body_is_told_at_once(void **state)
{
    (void)state;
    send_until_answered("PATCH /big?full HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n");
    assert_has("HTTP/1.1 507 Insufficient Storage\r\n");
    assert_has("\r\nConnection: close\r\n");
    assert_has("\r\nContent-Type: application/problem+json\r\n");
    assert_true(bytes < 1 << 20);
    send_until_answered("PATCH /big?refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n");
    assert_has("HTTP/1.1 409 Conflict\r\n");
    stop_and_read_log();
    assert_int_equal(finished, begun);
}

static void a_body_cut_short_is_finished(void **state)
{
    (void)state;
    int fd = running_connect(intake);
    static const char head[] = "PATCH /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc";
    running_send(fd, head, sizeof head - 1);
    while (bytes < 3)
        stop_sleep(NULL, 1);
    close(fd);
    const char *logged = stop_and_read_log();
    assert_int_equal(begun, 1);
    assert_int_equal(ended, 0);
    assert_int_equal(finished, 1);
    assert_non_null(strstr(logged, "route=/big status=broken received=3"));
}

static void a_mute_handler_is_a_defect(void **state)
{
    (void)state;
    ask("GET /open/a?mute HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 500 ");
    assert_non_null(strstr(stop_and_read_log(), "a handler failed and did not say why"));
}

static void failures_inside_stay_inside(void **state)
{
    (void)state;
    ask("GET /failing HTTP/1.1\r\nHost: a\r\nX-Request-Id: r1\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 500 ");
    assert_has("\"detail\":\"the service failed; its log says why under the request id\",\"request_id\":\"r1\"}");
    assert_null(strstr(text, "secret-place"));
    const char *logged = stop_and_read_log();
    assert_non_null(strstr(logged, "error=\"cannot open /var/lib/secret-place: Permission denied\""));
    assert_non_null(strstr(logged, "request=r1\n"));
}

static void unknown_callers_get_401(void **state)
{
    (void)state;
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 401 ");
    assert_has("\r\nWWW-Authenticate: Bearer realm=\"cg-import\"\r\n");
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_wrong\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 401 ");
    assert_has("\r\nWWW-Authenticate: Bearer realm=\"cg-import\", error=\"invalid_token\"\r\n");
    assert_int_equal(begun, 0);
}

static void roles_are_asked(void **state)
{
    (void)state;
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_submitter\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 202 ");
    assert_has("\"caller\":\"submitter\"");
    /* One request at a time is allowed, and the first has ended. */
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_submitter\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 202 ");
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_auditor\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 403 ");
    assert_has("\"detail\":\"the caller may not do this\"");
    assert_int_equal(begun, 2);
}

static void a_database_that_is_away_is_503(void **state)
{
    (void)state;
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_down\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 503 ");
    assert_has("\r\nRetry-After: 5\r\n");
    assert_null(strstr(text, "secret-place"));
}

static void no_route_and_no_method(void **state)
{
    (void)state;
    ask("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 404 ");
    assert_has("\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404");
    ask("DELETE /open/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 405 ");
    assert_has("\r\nAllow: GET, HEAD, POST\r\n");
    ask("GET /open/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 400 ");
    ask("GET /open/a?q=%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 400 ");
}

static void streams_end_when_their_source_does(void **state)
{
    (void)state;
    ask("GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_has("\r\nContent-Type: text/event-stream\r\n");
    assert_has("data: 1\n\n");
    assert_has("data: 2\n\n");
    assert_has("data: 3\n\n");
    assert_has("\r\n0\r\n\r\n");
    stop_and_read_log();
    assert_int_equal(finished, 1);
}

static void a_stream_that_cannot_be_sent_is_finished(void **state)
{
    (void)state;
    ask("GET /unsendable HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(text, "");
    stop_and_read_log();
    assert_int_equal(finished, 1);
}

static const char ask_endless[] = "GET /endless HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_submitter\r\n\r\n";

static void a_caller_has_its_share_of_requests(void **state)
{
    (void)state;
    int fd = running_connect(intake);
    running_send(fd, ask_endless, sizeof ask_endless - 1);
    running_read(fd, text, sizeof text, "\r\n\r\n");
    ask("GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cgi_submitter\r\nConnection: close\r\n\r\n");
    assert_has("HTTP/1.1 429 ");
    assert_has("\r\nRetry-After: ");
    close(fd);
    const char *logged = stop_and_read_log();
    assert_non_null(strstr(logged, "status=429"));
}

static void stopping_ends_streams_that_wait(void **state)
{
    (void)state;
    int fd = running_connect(intake);
    running_send(fd, ask_endless, sizeof ask_endless - 1);
    running_read(fd, text, sizeof text, "\r\n\r\n");
    uint64_t before_ms = clock_monotonic_ms();
    intake_stop(intake, 3600);
    intake = NULL;
    assert_true(clock_monotonic_ms() - before_ms < 3600 * 1000);
    running_read(fd, text, sizeof text, NULL);
    close(fd);
    assert_int_equal(finished, 1);
}

static void a_slow_head_is_dropped(void **state)
{
    (void)state;
    int slow = running_connect(intake);
    running_send(slow, "GET / HT", 8);
    running_read(slow, text, sizeof text, NULL);
    assert_string_equal(text, "");
    close(slow);
}

static int start_impatient(void **state)
{
    (void)state;
    return start_with(
        (struct intake_options){.limits = {.header_seconds = 1, .idle_seconds = 600, .rate_seconds = 600}});
}

static int start_demanding(void **state)
{
    (void)state;
    return start_with(
        (struct intake_options){.limits = {.header_seconds = 600, .idle_seconds = 600, .rate_seconds = 1}});
}

static void a_slow_body_is_dropped(void **state)
{
    (void)state;
    static const char head[] = "PATCH /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc";
    int slow = running_connect(intake);
    running_send(slow, head, sizeof head - 1);
    running_read(slow, text, sizeof text, NULL);
    assert_string_equal(text, "");
    close(slow);
    assert_non_null(strstr(stop_and_read_log(), "route=/big status=broken received=3"));
    assert_int_equal(finished, 1);
}

static int start_narrow(void **state)
{
    (void)state;
    return start_with((struct intake_options){
        .limits = {.connections = 2, .header_seconds = 600, .idle_seconds = 600, .rate_seconds = 600}});
}

static void too_many_connections_are_closed(void **state)
{
    (void)state;
    static const char half[] = "POST /open/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    int held[2];
    for (int i = 0; i < 2; i++) {
        held[i] = running_connect(intake);
        running_send(held[i], half, sizeof half - 1);
        running_read(held[i], text, sizeof text, "\r\n\r\n");
        assert_has("HTTP/1.1 100 ");
    }
    ask("GET /open/a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(text, "");
    close(held[0]);
    /* The place is free once the server has seen the end of the connection. */
    do
        ask("GET /open/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while (text[0] == '\0');
    assert_has("HTTP/1.1 202 ");
    close(held[1]);
}

static void who_only_connects_gives_way(void **state)
{
    (void)state;
    int held[2] = {running_connect(intake), running_connect(intake)};
    struct pollfd ends[2] = {{.fd = held[0], .events = POLLIN}, {.fd = held[1], .events = POLLIN}};
    bool answered = false, gave_way = false;
    /* The server may take up a request before it has counted both that were there first. */
    for (int tries = 0; tries < 6000 && !(answered && gave_way); tries++) {
        ask("GET /open/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        answered = answered || strstr(text, "HTTP/1.1 202 ");
        gave_way = poll(ends, 2, 10) > 0;
    }
    assert_true(answered);
    assert_true(gave_way);
    char byte;
    assert_int_equal(recv(ends[0].revents ? held[0] : held[1], &byte, 1, 0), 0);
    close(held[0]);
    close(held[1]);
}

#define CROWD 100

static int start_crowded(void **state)
{
    (void)state;
    return start_with((struct intake_options){
        .limits = {.connections = CROWD, .header_seconds = 600, .idle_seconds = 600, .rate_seconds = 600}});
}

/* Two threads, and many more who never end what they began: nobody else waits for them, over the limit or below it. */
static void others_are_served_beside_slow_ones(void **state)
{
    (void)state;
    static const char keep[] = "GET /open/a HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char body[] = "PATCH /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc";
    int slow[2 * CROWD];
    int good = running_connect(intake);
    for (int i = 0; i < 2 * CROWD; i++) {
        slow[i] = running_connect(intake);
        running_send(slow[i], body, i % 2 ? sizeof body - 1 : 20);
        if (i % 10 != 0)
            continue;
        running_send(good, keep, sizeof keep - 1);
        running_read(good, text, sizeof text, "}");
        assert_has("HTTP/1.1 202 ");
    }
    for (int i = 0; i < 2 * CROWD; i++)
        close(slow[i]);
    close(good);
}

static int start_unix(void **state)
{
    if (scratch_create(state) != 0)
        return -1;
    return start_with((struct intake_options){.unix_socket = scratch_path("socket"), .unix_mode = 0600});
}

static int stop_unix(void **state)
{
    stop(state);
    return scratch_remove(state);
}

static void serves_a_unix_socket(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(scratch_path("socket"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    int fd = running_connect_unix(scratch_path("socket"));
    static const char get[] = "GET /open/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    running_send(fd, get, sizeof get - 1);
    running_read(fd, text, sizeof text, NULL);
    assert_has("HTTP/1.1 202 ");
    close(fd);
    stop_and_read_log();
    assert_int_equal(stat(scratch_path("socket"), &status), -1);
}

static void refuses_to_start(void **state)
{
    (void)state;
    const struct router router = {.count = 1, .tables = {{routes, 1}}};
    struct cg_error err = {0};
    assert_null(server_start(&(struct intake_options){0}, &router, &err));
    assert_error(&err, CG_E_CONFIG, "the service has neither an address nor a socket to listen on");
    struct intake_options taken = {.address = "127.0.0.1", .port = intake_port(intake)};
    assert_null(server_start(&taken, &router, &err));
    assert_error_has(&err, CG_E_IO, "Address already in use");
    struct intake_options half = {.address = "127.0.0.1", .tls_cert = "/nonexistent"};
    assert_null(server_start(&half, &router, &err));
    assert_error(&err, CG_E_CONFIG, "TLS needs a certificate and a key; only one of them is set");
    struct intake_options no_file = {.address = "127.0.0.1", .tls_cert = "/nonexistent", .tls_key = "/nonexistent"};
    assert_null(server_start(&no_file, &router, &err));
    assert_error(&err, CG_E_IO, "cannot open /nonexistent: No such file or directory");
    struct intake_options ca = {.address = "127.0.0.1", .trust = {.client_ca = "/nonexistent"}};
    assert_null(server_start(&ca, &router, &err));
    assert_error(&err, CG_E_CONFIG, "client certificates need TLS; set a certificate and a key");
    struct intake_options no_host = {.address = "no such host"};
    assert_null(server_start(&no_host, &router, &err));
    assert_error_has(&err, CG_E_CONFIG, "cannot listen on no such host port 0: ");
}

#define ON(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(handlers_get_what_was_sent),
        ON(head_is_get_without_the_body),
        ON(request_ids_go_through),
        ON(no_handler_can_split_an_answer),
        ON(bodies_have_limits),
        ON(chunks_are_counted_too),
        ON(a_refusal_before_a_small_body_keeps_the_connection),
        ON(a_failure_in_a_large_body_is_told_at_once),
        ON(a_body_cut_short_is_finished),
        ON(a_mute_handler_is_a_defect),
        ON(failures_inside_stay_inside),
        ON(unknown_callers_get_401),
        ON(roles_are_asked),
        ON(a_database_that_is_away_is_503),
        ON(no_route_and_no_method),
        ON(streams_end_when_their_source_does),
        ON(a_stream_that_cannot_be_sent_is_finished),
        ON(a_caller_has_its_share_of_requests),
        ON(stopping_ends_streams_that_wait),
        ON(refuses_to_start),
        cmocka_unit_test_setup_teardown(a_slow_head_is_dropped, start_impatient, stop),
        cmocka_unit_test_setup_teardown(a_slow_body_is_dropped, start_demanding, stop),
        cmocka_unit_test_setup_teardown(too_many_connections_are_closed, start_narrow, stop),
        cmocka_unit_test_setup_teardown(who_only_connects_gives_way, start_narrow, stop),
        cmocka_unit_test_setup_teardown(others_are_served_beside_slow_ones, start_crowded, stop),
        cmocka_unit_test_setup_teardown(serves_a_unix_socket, start_unix, stop_unix),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
