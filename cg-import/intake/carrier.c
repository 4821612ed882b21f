/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/carrier.h"

#include "base/clock.h"
#include "cg/bytes.h"
#include "intake/flow.h"
#include "intake/head_probe.h"
#include "intake/problem.h"
#include "intake/tls_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTION_MEMORY (128U << 10) /* of each connection: head, and half of it as buffer of a body */
#define STREAM_BLOCK 8192U             /* bytes a stream sends at once */
#define DROP_MAX (256U << 10)          /* rest of a refused body that is read so that the connection can be kept */
#define LINGER_MAX (64U << 20)         /* bytes of a refused body that are taken before the connection is cut */

struct carrier {
    struct carrier_options options;
    enum raw_head_form head_form;
    int fd;        /* the library's duplicate of the listening socket, which it closes when it is stopped ... */
    int unused_fd; /* ... or gives back when it is told to listen no more; -1: it has not */
    struct MHD_Daemon *daemon;
};

/* A request on its way through the library. */
struct exchange {
    struct carrier *carrier;
    struct limits_connection *limit;
    const char *target_at;          /* where in the head the target was */
    char *target;                   /* as it was sent, owned: the library decodes it in place */
    struct intake_request *request; /* NULL until the head is here */
    uint64_t body_bytes;
    uint64_t linger_bytes;
    bool answered_early; /* past the library: what is left of the body is dropped */
    struct stream *stream;
};

static void suspend(void *connection)
{
    MHD_suspend_connection(connection);
}

static void resume(void *connection)
{
    MHD_resume_connection(connection);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static ssize_t read_stream(void *stream, uint64_t position, char *buffer, size_t size)
{
    (void)position;
    ssize_t result = stream_read(stream, buffer, size, clock_monotonic_ms());
    return result < 0 ? MHD_CONTENT_READER_END_OF_STREAM : result;
}

static void let_go_of_stream(void *stream)
{
    stream_let_go(stream);
}

static struct MHD_Response *make_stream(struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct request_answer *answer = &exchange->request->answer;
    bool events = strcmp(answer->content_type, "text/event-stream") == 0;
    exchange->stream = stream_create(exchange->carrier->options.streams, answer->stream, answer->stream_state,
                                     events ? STREAM_COMMENTS : STREAM_PLAIN, connection);
    if (!exchange->stream)
        return NULL;
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                                      exchange->stream, let_go_of_stream);
    if (!response)
        stream_let_go(exchange->stream);
    return response;
}

static struct MHD_Response *make_response(struct exchange *exchange, struct MHD_Connection *connection)
{
    struct request_answer *answer = &exchange->request->answer;
    if (answer->stream)
        return make_stream(exchange, connection);
    struct MHD_Response *response = MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
    if (response)
        answer->body = NULL;
    return response;
}

static enum MHD_Result send_answer(struct exchange *exchange, struct MHD_Connection *connection)
{
    struct intake_request *request = exchange->request;
    const struct request_answer *answer = &request->answer;
    struct MHD_Response *response = make_response(exchange, connection);
    if (!response)
        return MHD_NO;
    bool complete = MHD_add_response_header(response, "X-Request-Id", request->id) == MHD_YES;
    if (answer->content_type)
        complete &= MHD_add_response_header(response, "Content-Type", answer->content_type) == MHD_YES;
    if (request->must_close || atomic_load(&request->server->stopping))
        complete &= MHD_add_response_header(response, "Connection", "close") == MHD_YES;
    for (size_t i = 0; i < answer->header_count; i++)
        complete &= MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value) == MHD_YES;
    limits_enter(request->server->limits, exchange->limit, answer->stream ? LIMITS_WORK : LIMITS_ANSWER,
                 clock_monotonic_ms());
    enum MHD_Result result = complete ? MHD_queue_response(connection, answer->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

/* Writes what there is room for in the socket's buffer; an answer that has not fits no better later. */
static void send_past_library(struct MHD_Connection *connection, const struct exchange *exchange, const char *data,
                              size_t size)
{
    if (exchange->request->origin.tls) {
        const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        if (tls)
            tls_peer_send(tls->tls_session, data, size);
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    ssize_t sent = info ? send(info->connect_fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) : -1;
    (void)sent;
}

/*
 * Answers in the middle of a body. The library queues an answer before a body or after it only, and a client that sends
 * gigabytes must not have to send all of them to learn that the disk is full. It reads the answer, stops, and closes;
 * until then what it sends is dropped, because closing first would make the kernel take the answer back.
 */
static void answer_early(struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct intake_request *request = exchange->request;
    const struct request_answer *answer = &request->answer;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    int result = cg_bytes_printf(&text, NULL, "HTTP/1.1 %u %s\r\nX-Request-Id: %s\r\nConnection: close\r\n",
                                 answer->status, problem_phrase(answer->status), request->id);
    for (size_t i = 0; i < answer->header_count && result == 0; i++)
        result = cg_bytes_printf(&text, NULL, "%s: %s\r\n", answer->headers[i].name, answer->headers[i].value);
    if (result == 0 && answer->content_type)
        result = cg_bytes_printf(&text, NULL, "Content-Type: %s\r\n", answer->content_type);
    if (result == 0)
        result = cg_bytes_printf(&text, NULL, "Content-Length: %zu\r\n\r\n%s", answer->size,
                                 answer->body ? answer->body : "");
    if (result == 0)
        send_past_library(connection, exchange, text.data, text.size);
    exchange->answered_early = true;
    limits_enter(request->server->limits, exchange->limit, LIMITS_LINGER, clock_monotonic_ms());
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct exchange *exchange = info && info->socket_context ? calloc(1, sizeof *exchange) : NULL;
    if (!exchange)
        return NULL;
    exchange->carrier = cls;
    exchange->limit = info->socket_context;
    exchange->target_at = target;
    exchange->target = strdup(target ? target : "");
    if (!exchange->target)
        free(CG_STEAL(exchange));
    return exchange;
}

/* Of IPv6 the network only: whoever has one address there has them all. */
static void describe_peer(const struct sockaddr *address, char *text, socklen_t size)
{
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, size);
    if (address->sa_family != AF_INET6)
        return;
    struct in6_addr network = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&network))
        memset(network.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &network, text, size);
}

static void describe_origin(const struct exchange *exchange, struct MHD_Connection *connection,
                            struct request_origin *origin)
{
    const struct carrier_options *options = &exchange->carrier->options;
    *origin = (struct request_origin){.listener = options->listener, .tls = options->tls_cert != NULL};
    const union MHD_ConnectionInfo *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (peer)
        describe_peer(peer->client_addr, origin->peer, sizeof origin->peer);
    if (!origin->tls || !options->client_ca)
        return;
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (tls)
        tls_peer_name(tls->tls_session, options->revocations, origin->certificate_name,
                      sizeof origin->certificate_name);
}

static bool has_body(const struct intake_request *request)
{
    return intake_body_size(request) != 0;
}

static enum MHD_Result take_head(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
    struct request_server *shared = exchange->carrier->options.shared;
    uint64_t now_ms = clock_monotonic_ms();
    limits_enter(shared->limits, exchange->limit, LIMITS_WORK, now_ms);
    struct request_origin origin;
    describe_origin(exchange, connection, &origin);
    struct flow_start start = {.origin = &origin, .now_ms = now_ms};
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    start.size = info ? info->header_size : 0;
    const struct raw_head_target target = {exchange->target_at, exchange->target};
    start.head = raw_head_copy(exchange->carrier->head_form, method, &target, &start.size);
    exchange->request = start.head ? flow_head(shared, &start) : NULL;
    struct intake_request *request = exchange->request;
    if (!request)
        return MHD_NO;
    if (has_body(request))
        limits_enter(shared->limits, exchange->limit, LIMITS_BODY, clock_monotonic_ms());
    if (!request_is_answered(request))
        return MHD_YES;
    /* Answering at once closes the connection: right where the framing is not to be trusted, and where the sender waits
     * for leave to send a body. Otherwise the answer goes out when the request is here. */
    bool framing_unknown = request->match.route == NULL && request->must_close;
    if (framing_unknown || (has_body(request) && intake_header(request, "Expect"))) {
        request->must_close = true;
        return send_answer(exchange, connection);
    }
    return MHD_YES;
}

/* How much of the body is still to come; UINT64_MAX where it comes in chunks. */
static uint64_t body_left(const struct exchange *exchange)
{
    int64_t size = intake_body_size(exchange->request);
    return size < 0 ? UINT64_MAX : (uint64_t)size - exchange->body_bytes;
}

static enum MHD_Result take_piece(struct exchange *exchange, struct MHD_Connection *connection, const char *data,
                                  size_t size)
{
    struct intake_request *request = exchange->request;
    struct limits *limits = request->server->limits;
    exchange->body_bytes += size;
    if (exchange->answered_early) {
        exchange->linger_bytes += size;
        return exchange->linger_bytes <= LINGER_MAX ? MHD_YES : MHD_NO;
    }
    limits_received(limits, exchange->limit, size, clock_monotonic_ms());
    if (!request_is_answered(request))
        flow_data(request, data, size);
    limits_worked(limits, exchange->limit, clock_monotonic_ms());
    if (request_is_answered(request) && body_left(exchange) > DROP_MAX)
        answer_early(exchange, connection);
    return MHD_YES;
}

static enum MHD_Result take_end(struct exchange *exchange, struct MHD_Connection *connection)
{
    if (exchange->answered_early)
        return MHD_NO;
    struct intake_request *request = exchange->request;
    if (!request_is_answered(request)) {
        limits_enter(request->server->limits, exchange->limit, LIMITS_WORK, clock_monotonic_ms());
        flow_end(request);
    }
    return send_answer(exchange, connection);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **context)
{
    (void)cls, (void)url, (void)version;
    struct exchange *exchange = *context;
    if (!exchange)
        return MHD_NO;
    if (!exchange->request)
        return take_head(exchange, connection, method);
    if (*size == 0)
        return take_end(exchange, connection);
    enum MHD_Result result = take_piece(exchange, connection, data, *size);
    *size = 0;
    return result;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    (void)cls, (void)connection, (void)how;
    struct exchange *exchange = *context;
    *context = NULL;
    if (!exchange)
        return;
    uint64_t now_ms = clock_monotonic_ms();
    if (exchange->stream)
        stream_let_go(exchange->stream);
    if (exchange->request)
        flow_finish(exchange->request, now_ms);
    limits_enter(exchange->carrier->options.shared->limits, exchange->limit, LIMITS_NEXT, now_ms);
    free(exchange->target);
    free(exchange);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct limits *limits = ((struct carrier *)cls)->options.shared->limits;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? limits_opened(limits, info->connect_fd, clock_monotonic_ms()) : NULL;
    } else if (*context) {
        limits_closed(limits, *context);
        *context = NULL;
    }
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t size)
{
    (void)address, (void)size;
    return limits_admits(((struct carrier *)cls)->options.shared->limits, clock_monotonic_ms()) ? MHD_YES : MHD_NO;
}

/* --- starting and stopping ---------------------------------------------------------------------------------------- */

/* The library's own complaints, most of them about clients. */
__attribute__((format(printf, 2, 0))) static void on_library_log(void *cls, const char *format, va_list args)
{
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_line(((struct carrier *)cls)->options.shared->options.log, LOG_DEBUG, text, "from", "libmicrohttpd", NULL);
}

static struct MHD_Daemon *start_daemon(struct carrier *carrier)
{
    const struct carrier_options *options = &carrier->options;
    const struct intake_limits *given = limits_given(options->shared->limits);
    bool tls = options->tls_cert != NULL;
    struct MHD_OptionItem tls_options[] = {
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)(uintptr_t)options->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {options->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, (void *)(uintptr_t)options->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool_options[] = {
        {options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? (unsigned)MHD_USE_TLS : 0U);
    flags |= head_probe_flags(carrier->head_form);
    /* The library divides its limit among its threads; ours, in on_accept, is the one that counts. */
    unsigned library_limit = (given->connections + 1) * options->threads;
    return MHD_start_daemon(flags, 0, on_accept, carrier, on_request, carrier, MHD_OPTION_EXTERNAL_LOGGER,
                            on_library_log, carrier, MHD_OPTION_LISTEN_SOCKET, carrier->fd, MHD_OPTION_CONNECTION_LIMIT,
                            library_limit, MHD_OPTION_CONNECTION_TIMEOUT, given->idle_seconds,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK,
                            on_target, carrier, MHD_OPTION_NOTIFY_COMPLETED, on_completed, carrier,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, carrier, MHD_OPTION_ARRAY, tls_options,
                            MHD_OPTION_ARRAY, pool_options, MHD_OPTION_END);
}

struct carrier *carrier_start(const struct carrier_options *options, struct cg_error *err)
{
    enum raw_head_form head_form = head_probe(err);
    if (head_form == RAW_HEAD_UNKNOWN)
        return NULL;
    struct carrier *carrier = calloc(1, sizeof *carrier);
    if (!carrier) {
        cg_fail_memory(err);
        return NULL;
    }
    carrier->options = *options;
    carrier->head_form = head_form;
    carrier->unused_fd = -1;
    carrier->fd = fcntl(options->fd, F_DUPFD_CLOEXEC, 0);
    if (carrier->fd < 0) {
        cg_fail_errno(err, "duplicate", "the listening socket");
        free(carrier);
        return NULL;
    }
    /* The library closes the socket also when it cannot start. */
    carrier->daemon = start_daemon(carrier);
    if (!carrier->daemon) {
        cg_fail(err, options->tls_cert ? CG_E_CONFIG : CG_E_IO, "cannot start the HTTP server%s",
                options->tls_cert ? "; are certificate and key good?" : "");
        free(carrier);
        return NULL;
    }
    return carrier;
}

const struct stream_sleep *carrier_sleep(void)
{
    static const struct stream_sleep sleep_of_library = {suspend, resume};
    return &sleep_of_library;
}

unsigned carrier_connections(const struct carrier *carrier)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(carrier->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

void carrier_quiesce(struct carrier *carrier)
{
    if (carrier && carrier->unused_fd < 0)
        carrier->unused_fd = MHD_quiesce_daemon(carrier->daemon);
}

void carrier_stop(struct carrier *carrier)
{
    if (!carrier)
        return;
    MHD_stop_daemon(carrier->daemon);
    if (carrier->unused_fd >= 0)
        close(carrier->unused_fd);
    free(carrier);
}
