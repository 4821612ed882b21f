/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Malformed heads through a socket: each is answered once and the connection closed, and what follows it is never taken
 * for a request. */
#include "running_server.h"

#include "intake/gate.h"

#include <stdatomic.h>

static atomic_uint smuggled;
static atomic_uint served;

static void answer_smuggled(struct intake_request *request, void *state)
{
    (void)state;
    smuggled++;
    intake_answer_text(request, 200, "text/plain", "smuggled");
}

static int drop(struct intake_request *request, void *state, const char *data, size_t size)
{
    (void)request, (void)state, (void)data, (void)size;
    return 0;
}

static void answer(struct intake_request *request, void *state)
{
    (void)state;
    served++;
    intake_answer_text(request, 200, "text/plain", "served");
}

static const struct intake_handler smuggled_handler = {.end = answer_smuggled, .data = drop};
static const struct intake_handler handler = {.end = answer, .data = drop};
static const struct intake_route routes[] = {
    {"GET", "/smuggled", 0, 0, &smuggled_handler}, {"GET", "/", 0, 0, &handler},
    {"POST", "/", 0, 1 << 20, &handler},           {"PUT", "/", 0, 1 << 20, &handler},
    {"PATCH", "/", 0, 1 << 20, &handler},
};
#define ROUTES (sizeof routes / sizeof routes[0])

static const char second[] = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

#define ONCE(status, text)                                                                                             \
    {                                                                                                                  \
        text, sizeof(text) - 1, status, 1, 0                                                                           \
    }
#define TWICE(status, text)                                                                                            \
    {                                                                                                                  \
        text, sizeof(text) - 1, status, 2, 0                                                                           \
    }
#define AT_MOST_ONCE(status, text)                                                                                     \
    {                                                                                                                  \
        text, sizeof(text) - 1, status, 1, 1                                                                           \
    }

static const struct {
    const char *head;
    size_t size;
    int status;     /* 0: closed without an answer, as the library does with what is no HTTP at all */
    unsigned heads; /* that come back: the library refuses a length that is no number before it asks anyone, and
                       0.9.75 then sends the head of its answer twice, the second as begin of the announced body */
    int may_close;  /* 1.0 closes without an answer: to it this is no HTTP at all */
} malformed[] = {
    /* where the body ends */
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 36\r\n\r\n"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3a\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 0\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000000000\r\n\r\nabc"),
    TWICE(413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\n Content-Length: 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\0\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\r\n\r\nabc"),
    TWICE(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \v3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\n\x00"
              "Content-Length: 3\r\n\r\nabc"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;x\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"),
    ONCE(400,
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n"),
    ONCE(400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 36\r\n\r\nabc"),
    ONCE(400, "PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ONCE(400, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    /* who is meant */
    ONCE(400, "GET / HTTP/1.1\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.0\r\n\r\n"),
    /* header lines */
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX y: z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX\x01: z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tfolded\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\rz: 1\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\x7f\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\x1b[2J\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n"),
    ONCE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\n \r\n\r\n"),
    ONCE(417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n"),
    ONCE(417, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: x\r\nContent-Length: 3\r\n\r\n"),
    /* the request line */
    ONCE(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    ONCE(400, "GET / x HTTP/1.1\r\nHost: a\r\n\r\n"),
    AT_MOST_ONCE(400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    AT_MOST_ONCE(400, "GET /\0/b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ONCE(505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    ONCE(505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET / http/1.1\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"),
    ONCE(400, "GET /\r\nHost: a\r\n\r\n"),
    ONCE(0, "GET\r\nHost: a\r\n\r\n"),
};

static struct intake *intake;

static int start(void **state)
{
    (void)state;
    struct intake_options options = {0};
    intake = running_start(&options, routes, ROUTES);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    intake_stop(intake, 5);
    return 0;
}

/* Sends a head, then a request that must not be answered; all that comes back. */
static void send_both(const char *head, size_t size, char *text, size_t text_size)
{
    int fd = running_connect(intake);
    char all[1024];
    memcpy(all, head, size);
    memcpy(all + size, second, sizeof second - 1);
    running_send(fd, all, size + sizeof second - 1);
    running_read(fd, text, text_size, NULL);
    close(fd);
}

static void malformed_heads_are_answered_once(void **state)
{
    (void)state;
    unsigned wrong = 0;
    served = smuggled = 0;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        char text[8192], status[32];
        send_both(malformed[i].head, malformed[i].size, text, sizeof text);
        snprintf(status, sizeof status, "HTTP/1.1 %d ", malformed[i].status);
        bool silent = text[0] == '\0';
        bool right = silent ? malformed[i].status == 0 || malformed[i].may_close
                            : strncmp(text, status, strlen(status)) == 0 && strstr(text, "\r\nConnection: close\r\n");
        if (right && running_count(text, "\r\nDate: ") <= malformed[i].heads && smuggled == 0 && served == 0)
            continue;
        print_error("row %zu (%.90s): expected %d once, got \"%s\"\n", i, malformed[i].head, malformed[i].status, text);
        smuggled = served = 0;
        wrong++;
    }
    assert_int_equal(wrong, 0);
    assert_true(sizeof malformed / sizeof malformed[0] >= 60);
}

static void good_requests_share_a_connection(void **state)
{
    (void)state;
    char text[8192];
    smuggled = served = 0;
    running_exchange(intake,
                     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                     "POST /?x=%41 HTTP/1.1\r\nhost: [::1]:80\r\ncontent-length:  3\r\nX-Empty: \t\r\nX:\r\n\r\nabc"
                     "POST /?%41%2f=x HTTP/1.1\r\nHost: a\t\r\nX: y  z \t \r\nContent-Length: 3\r\n\r\nabc"
                     "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                     text, sizeof text);
    assert_int_equal(running_count(text, "HTTP/1.1 200 OK"), 4);
    assert_int_equal(served, 4);
}

static void a_body_in_chunks_is_the_last_of_its_connection(void **state)
{
    (void)state;
    char text[8192];
    smuggled = served = 0;
    running_exchange(intake,
                     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                     "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
                     text, sizeof text);
    assert_int_equal(running_count(text, "HTTP/1.1 200 OK"), 1);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_int_equal(served, 1);
    assert_int_equal(smuggled, 0);
}

static void broken_chunks_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"x\r\nabc\r\n0\r\n\r\n",    "-3\r\nabc\r\n0\r\n\r\n",
                                         "3\r\nabcdef\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
                                         " 3\r\nabc\r\n0\r\n\r\n",   "0x3\r\nabc\r\n0\r\n\r\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char request[256], text[8192];
        smuggled = served = 0;
        snprintf(request, sizeof request, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s%s",
                 bodies[i], second);
        running_exchange(intake, request, text, sizeof text);
        assert_int_equal(served + smuggled, 0);
        assert_int_equal(running_count(text, " 200 OK"), 0);
    }
}

/* A head of `size` bytes, filled up by one field. */
static void send_head_of(size_t size, char *text, size_t text_size)
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ", end[] = "\r\n\r\n";
    char *request = malloc(size + 1);
    memset(request, 'x', size);
    memcpy(request, begin, sizeof begin - 1);
    memcpy(request + size - (sizeof end - 1), end, sizeof end);
    running_exchange(intake, request, text, text_size);
    free(request);
}

static void heads_have_a_limit(void **state)
{
    (void)state;
    char text[8192];
    send_head_of(GATE_HEAD_MAX, text, sizeof text);
    assert_non_null(strstr(text, "HTTP/1.1 200 "));
    send_head_of(GATE_HEAD_MAX + 1, text, sizeof text);
    assert_non_null(strstr(text, "HTTP/1.1 431 "));
    assert_non_null(strstr(text, "the head of the request has 16385 bytes; at most 16384 are read"));
    send_head_of(1 << 20, text, sizeof text);
    assert_int_equal(running_count(text, "HTTP/1.1 2"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests_share_a_connection),
        cmocka_unit_test(a_body_in_chunks_is_the_last_of_its_connection),
        cmocka_unit_test(broken_chunks_are_refused),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(malformed_heads_are_answered_once),
    };
    return cmocka_run_group_tests_name("gate on the wire", tests, start, stop);
}
