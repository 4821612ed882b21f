/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/head_probe.h"

#include "cg/auto.h"
#include "cg/bytes.h"
#include "intake/gate.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Rounds of the library's loop in which a request that lies in the socket is read; it needs two or three. */
#define ROUNDS 16

#define HOST "Host: a\r\n"
#define ROW(request, read)                                                                                             \
    {                                                                                                                  \
        request, sizeof(request) - 1, read                                                                             \
    }

/* What is sent, and what the gate must make of it as sum_up() writes it; "": it must be refused. */
static const struct row {
    const char *request;
    size_t size;
    const char *read;
} rows[] = {
    ROW("GET /%41?x=%42 HTTP/1.1\r\n" HOST "X: y  z \t \r\nEmpty: \t\r\nNone:\r\n\r\n",
        "GET /%41?x=%42|Host=a|X=y z|Empty=|None=|0"),
    ROW("POST / HTTP/1.1\r\nhost:[::1]:80\r\ncontent-length:  3\r\n\r\nabc", "POST /|host=[::1]:80|content-length=3|3"),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /|Host=a|Transfer-Encoding=chunked|chunked"),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\ncontent-length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3 0\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n 0\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r0\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "\0Content-Length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "X: y\0Content-Length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "X: y\rContent-Length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "X: y\nContent-Length: 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "Host: b\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n Host: a\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "X: y\x01\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\nHost: a\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "X: y\n\r\n", ""),
    ROW("GET  / HTTP/1.1\r\n" HOST "\r\n", ""),
    ROW("GET / x HTTP/1.1\r\n" HOST "\r\n", ""),
    ROW("GET /\x01 HTTP/1.1\r\n" HOST "\r\n", ""),
    /* A release that makes blanks of the line end before a folded line does not take them off a value's begin, and then
     * knows no "chunked" where the gate does. */
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n 3\r\n\r\nabc", ""),
    ROW("POST / HTTP/1.1\r\n" HOST "X: y\r\n Content-Length: 3\r\n\r\nabc", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "X: y\r\n\tz\r\n\r\n", ""),
    ROW("GET / HTTP/1.1\r\n" HOST "X: y\r\n \r\n\r\n", ""),
};

/* One request in the probe's hands. */
struct probe {
    enum raw_head_form form;
    const char *target_at;
    char *target; /* owned */
    struct cg_bytes read;
};

/* "POST /|Host=a|Content-Length=3|3": blanks in values as one. */
static void sum_up(struct cg_bytes *out, const struct gate_head *head)
{
    cg_bytes_printf(out, NULL, "%s %s|", head->method, head->target);
    for (size_t i = 0; i < head->count; i++) {
        cg_bytes_printf(out, NULL, "%s=", head->fields[i].name);
        for (const char *c = head->fields[i].value; *c; c++)
            if ((*c != ' ' && *c != '\t') || (c[1] != ' ' && c[1] != '\t'))
                cg_bytes_append(out, *c == '\t' ? " " : c, 1, NULL);
        cg_bytes_append(out, "|", 1, NULL);
    }
    if (head->framing == GATE_CHUNKED)
        cg_bytes_append_text(out, "chunked", NULL);
    else
        cg_bytes_printf(out, NULL, "%llu", (unsigned long long)(head->framing == GATE_LENGTH ? head->length : 0));
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    struct probe *probe = cls;
    free(probe->target);
    probe->target_at = target;
    probe->target = strdup(target ? target : "");
    return NULL;
}

/* Reads the head as the service would, and closes. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **context)
{
    (void)url, (void)version, (void)data, (void)data_size, (void)context;
    struct probe *probe = cls;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const struct raw_head_target target = {probe->target_at, probe->target};
    size_t size = info ? info->header_size : 0;
    CG_AUTO_FREE char *bytes = probe->target ? raw_head_copy(probe->form, method, &target, &size) : NULL;
    struct gate_head head;
    struct cg_error refused = {0};
    unsigned status = 0;
    if (bytes && gate_read(bytes, size, &head, &status, &refused) == 0)
        sum_up(&probe->read, &head);
    return MHD_NO;
}

__attribute__((format(printf, 2, 0))) static void ignore_log(void *cls, const char *format, va_list args)
{
    (void)cls, (void)format, (void)args;
}

/* One end of a pair goes to the library, which closes it. 0 or -1. */
static int send_row(struct MHD_Daemon *daemon, const struct row *row, struct cg_error *err)
{
    int pair[2];
    struct sockaddr_in nobody = {.sin_family = AF_INET};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return cg_fail_errno(err, "open", "a pair of sockets");
    ssize_t sent = write(pair[0], row->request, row->size);
    int result = sent == (ssize_t)row->size ? 0 : cg_fail(err, CG_E_IO, "cannot write to a pair of sockets");
    if (result != 0)
        close(pair[1]);
    else if (MHD_add_connection(daemon, pair[1], (struct sockaddr *)&nobody, sizeof nobody) != MHD_YES)
        result = cg_fail(err, CG_E_IO, "the HTTP library takes no connection");
    for (int i = 0; result == 0 && i < ROUNDS; i++)
        MHD_run(daemon);
    close(pair[0]);
    if (result == 0)
        MHD_run(daemon);
    return result;
}

/* All rows in one form. 1 right, 0 `*wrong` was misread, -1. */
static int try_form(enum raw_head_form form, const struct row **wrong, struct cg_error *err)
{
    struct probe probe = {.form = form};
    unsigned flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG | head_probe_flags(form);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, &probe, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
                         MHD_OPTION_URI_LOG_CALLBACK, on_target, &probe, MHD_OPTION_END);
    if (!daemon)
        return cg_fail(err, CG_E_IO, "cannot start the HTTP library to try it");
    int result = 1;
    for (size_t i = 0; result == 1 && i < sizeof rows / sizeof rows[0]; i++) {
        cg_bytes_clear(&probe.read);
        if (send_row(daemon, &rows[i], err) != 0)
            result = -1;
        else if (strcmp(cg_bytes_text(&probe.read), rows[i].read) != 0) {
            *wrong = &rows[i];
            result = 0;
        }
    }
    MHD_stop_daemon(daemon);
    cg_bytes_finish(&probe.read);
    free(probe.target);
    return result;
}

/* Its discipline at level 1; 0.9 would do no more for it than answer some requests itself. */
unsigned head_probe_flags(enum raw_head_form form)
{
    return form == RAW_HEAD_CUT_VALUES ? MHD_USE_PEDANTIC_CHECKS : 0U;
}

enum raw_head_form head_probe(struct cg_error *err)
{
    static const enum raw_head_form forms[] = {RAW_HEAD_CUT_LINES, RAW_HEAD_CUT_VALUES};
    const struct row *wrong = rows;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct row *here = rows;
        int tried = try_form(forms[i], &here, err);
        if (tried < 0)
            return RAW_HEAD_UNKNOWN;
        if (tried == 1)
            return forms[i];
        wrong = here > wrong ? here : wrong;
    }
    cg_fail(err, CG_E_UNSUPPORTED, "libmicrohttpd %s leaves of requests what cannot be checked (request %zu of %zu)",
            MHD_get_version(), (size_t)(wrong - rows) + 1, sizeof rows / sizeof rows[0]);
    cg_hint(err, "releases 0.9.75 and 1.0 are known to work");
    return RAW_HEAD_UNKNOWN;
}
