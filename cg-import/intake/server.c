/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/server_private.h"

#include "base/clock.h"
#include "cg/bytes.h"
#include "intake/flow.h"
#include "intake/listen.h"
#include "intake/problem.h"
#include "intake/stream.h"
#include "intake/tls_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define THREADS_DEFAULT 16
#define CONNECTION_MEMORY (128U << 10) /* of each connection: head, and half of it as buffer of a body */
#define STREAM_BLOCK 8192U             /* bytes a stream sends at once */
#define SWEEP_MS 100U                  /* between looks at deadlines and sleeping streams */
#define DROP_MAX (256U << 10)          /* rest of a refused body that is read so that the connection can be kept */
#define LINGER_MAX (64U << 20)         /* bytes of a refused body that are taken before the connection is cut */

struct listener {
    struct intake *intake;
    enum request_listener kind;
    int fd; /* -1: none */
    struct MHD_Daemon *daemon;
};

struct intake {
    struct request_server shared;
    struct listener tcp, local;
    unsigned short port;
    struct streams *streams;
    char *tls_cert, *tls_key, *client_ca; /* PEM texts, owned */
    struct stop stop;
    pthread_t sweeper;
    bool sweeping;
};

/* A request on its way through the library. */
struct exchange {
    struct listener *listener;
    struct limits_connection *limit;
    const char *target_at; /* where in the head the target was */
    char *target;          /* as it was sent, owned: the library decodes it in place */
    size_t target_size;
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

static void free_stream(void *stream)
{
    stream_destroy(stream);
}

static struct MHD_Response *make_stream(struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct request_answer *answer = &exchange->request->answer;
    bool events = strcmp(answer->content_type, "text/event-stream") == 0;
    exchange->stream = stream_create(exchange->listener->intake->streams, answer->stream, answer->stream_state,
                                     events ? STREAM_COMMENTS : STREAM_PLAIN, connection);
    if (!exchange->stream)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, exchange->stream, free_stream);
    if (!response) {
        stream_detach(exchange->stream);
        stream_destroy(CG_STEAL(exchange->stream));
    }
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
    exchange->listener = cls;
    exchange->limit = info->socket_context;
    exchange->target_at = target;
    exchange->target = strdup(target ? target : "");
    exchange->target_size = exchange->target ? strlen(exchange->target) : 0;
    return exchange;
}

/* A copy of the head in the form of gate.h; *size is 0 if what the library tells does not fit together. */
static char *copy_head(const struct exchange *exchange, struct MHD_Connection *connection, const char *method,
                       size_t *size)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    *size = info ? info->header_size : 0;
    char *head = malloc(*size + 1);
    if (!head || !exchange->target)
        return head;
    size_t offset = strlen(method) + 1;
    /* More than one blank before the target, no target, or one that would not lie in the head: no good request line. */
    if (exchange->target_at != method + offset || offset + exchange->target_size >= *size) {
        *size = 0;
        return head;
    }
    memcpy(head, method, *size);
    memcpy(head + offset, exchange->target, exchange->target_size);
    return head;
}

static void describe_origin(const struct exchange *exchange, struct MHD_Connection *connection,
                            struct request_origin *origin)
{
    const struct intake *intake = exchange->listener->intake;
    *origin = (struct request_origin){.listener = exchange->listener->kind};
    origin->tls = origin->listener == REQUEST_TCP && intake->tls_cert;
    if (!origin->tls || !intake->client_ca)
        return;
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (tls)
        tls_peer_name(tls->tls_session, origin->certificate_name, sizeof origin->certificate_name);
}

static bool has_body(const struct intake_request *request)
{
    return intake_body_size(request) != 0;
}

static enum MHD_Result take_head(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
    struct request_server *shared = &exchange->listener->intake->shared;
    uint64_t now_ms = clock_monotonic_ms();
    limits_enter(shared->limits, exchange->limit, LIMITS_WORK, now_ms);
    struct request_origin origin;
    describe_origin(exchange, connection, &origin);
    struct flow_start start = {.origin = &origin, .now_ms = now_ms};
    start.head = copy_head(exchange, connection, method, &start.size);
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
        stream_detach(exchange->stream);
    if (exchange->request)
        flow_finish(exchange->request, now_ms);
    limits_enter(exchange->listener->intake->shared.limits, exchange->limit, LIMITS_NEXT, now_ms);
    free(exchange->target);
    free(exchange);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct limits *limits = ((struct listener *)cls)->intake->shared.limits;
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
    return limits_admits(((struct listener *)cls)->intake->shared.limits) ? MHD_YES : MHD_NO;
}

/* --- starting and stopping ---------------------------------------------------------------------------------------- */

/* The library's own complaints, most of them about clients. */
__attribute__((format(printf, 2, 0))) static void on_library_log(void *cls, const char *format, va_list args)
{
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_line(((struct listener *)cls)->intake->shared.options.log, LOG_DEBUG, text, "from", "libmicrohttpd", NULL);
}

static int start_daemon(struct listener *listener, struct cg_error *err)
{
    struct intake *intake = listener->intake;
    const struct intake_limits *given = limits_given(intake->shared.limits);
    unsigned threads = intake->shared.options.threads ? intake->shared.options.threads : THREADS_DEFAULT;
    bool tls = listener->kind == REQUEST_TCP && intake->tls_cert;
    struct MHD_OptionItem tls_options[] = {
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, intake->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, intake->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {intake->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, intake->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool_options[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? (unsigned)MHD_USE_TLS : 0U);
    /* The library divides its limit among its threads; ours, in on_accept, is the one that counts. */
    unsigned library_limit = (given->connections + 1) * threads;
    listener->daemon = MHD_start_daemon(
        flags, 0, on_accept, listener, on_request, listener, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, listener,
        MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_CONNECTION_LIMIT, library_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, given->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, on_target, listener, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener, MHD_OPTION_ARRAY, tls_options,
        MHD_OPTION_ARRAY, pool_options, MHD_OPTION_END);
    if (!listener->daemon)
        return cg_fail(err, tls ? CG_E_CONFIG : CG_E_IO, "cannot start the HTTP server%s",
                       tls ? "; are certificate and key good?" : "");
    return 0;
}

static void *sweep(void *cls)
{
    struct intake *intake = cls;
    while (stop_sleep(&intake->stop, SWEEP_MS) == 0) {
        uint64_t now_ms = clock_monotonic_ms();
        unsigned dropped = limits_sweep(intake->shared.limits, now_ms);
        if (dropped)
            metrics_dropped(intake->shared.metrics, dropped);
        streams_wake(intake->streams, now_ms);
    }
    return NULL;
}

static char *read_pem(const char *path, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = fopen(path, "re");
    CG_AUTO_BYTES struct cg_bytes text = {0};
    char piece[4096];
    if (!file) {
        cg_fail_errno(err, "open", path);
        return NULL;
    }
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        if (cg_bytes_append(&text, piece, got, err) != 0)
            return NULL;
    if (ferror(file) || text.size == 0) {
        cg_fail(err, CG_E_CONFIG, "%s is empty or cannot be read; expected PEM", path);
        return NULL;
    }
    return cg_bytes_steal(&text);
}

static int read_tls(struct intake *intake, struct cg_error *err)
{
    const struct intake_options *options = &intake->shared.options;
    if (!options->tls_cert != !options->tls_key)
        return cg_fail(err, CG_E_CONFIG, "TLS needs a certificate and a key; only one of them is set");
    if (options->trust.client_ca && !options->tls_cert)
        return cg_fail(err, CG_E_CONFIG, "client certificates need TLS; set a certificate and a key");
    if (!options->tls_cert)
        return 0;
    intake->tls_cert = read_pem(options->tls_cert, err);
    intake->tls_key = intake->tls_cert ? read_pem(options->tls_key, err) : NULL;
    if (!intake->tls_key)
        return -1;
    if (options->trust.client_ca && !(intake->client_ca = read_pem(options->trust.client_ca, err)))
        return -1;
    return 0;
}

static int make_parts(struct intake *intake, const struct router *router, struct cg_error *err)
{
    static const struct stream_sleep sleep_of_library = {suspend, resume};
    struct request_server *shared = &intake->shared;
    shared->router = *router;
    if (!(shared->limits = limits_create(&shared->options.limits, err)) || !(shared->metrics = metrics_create(err)) ||
        !(shared->auth = auth_create(&shared->options, err)) ||
        !(intake->streams = streams_create(&sleep_of_library, err)))
        return -1;
    shared->options.limits = *limits_given(shared->limits);
    return read_tls(intake, err);
}

static int open_listeners(struct intake *intake, struct cg_error *err)
{
    const struct intake_options *options = &intake->shared.options;
    if (!options->address && !options->unix_socket)
        return cg_fail(err, CG_E_CONFIG, "the service has neither an address nor a socket to listen on");
    if (options->address && (intake->tcp.fd = listen_tcp(options->address, options->port, &intake->port, err)) < 0)
        return -1;
    if (options->unix_socket &&
        (intake->local.fd = listen_unix(options->unix_socket, options->unix_mode ? options->unix_mode : 0660, err)) < 0)
        return -1;
    if (intake->tcp.fd >= 0 && start_daemon(&intake->tcp, err) != 0)
        return -1;
    return intake->local.fd >= 0 ? start_daemon(&intake->local, err) : 0;
}

struct intake *server_start(const struct intake_options *options, const struct router *router, struct cg_error *err)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake) {
        cg_fail_memory(err);
        return NULL;
    }
    intake->shared.options = *options;
    intake->tcp = (struct listener){.intake = intake, .kind = REQUEST_TCP, .fd = -1};
    intake->local = (struct listener){.intake = intake, .kind = REQUEST_UNIX, .fd = -1};
    intake->stop.pipe_[0] = intake->stop.pipe_[1] = -1;
    if (stop_init(&intake->stop, err) != 0 || make_parts(intake, router, err) != 0 ||
        open_listeners(intake, err) != 0) {
        intake_stop(intake, 0);
        return NULL;
    }
    if (pthread_create(&intake->sweeper, NULL, sweep, intake) != 0) {
        cg_fail(err, CG_E_MEMORY, "cannot start a thread");
        intake_stop(intake, 0);
        return NULL;
    }
    intake->sweeping = true;
    return intake;
}

unsigned short intake_port(const struct intake *intake)
{
    return intake->port;
}

void intake_set_grants(struct intake *intake, const struct intake_grant *grants, size_t count)
{
    auth_set_grants(intake->shared.auth, grants, count);
}

static void quiesce(struct listener *listener)
{
    if (listener->daemon)
        MHD_quiesce_daemon(listener->daemon);
}

static void stop_listener(struct listener *listener)
{
    if (listener->daemon)
        MHD_stop_daemon(listener->daemon);
    if (listener->fd >= 0)
        close(listener->fd);
}

/* Waits until all requests ended or the time is over. */
static void wait_for_requests(struct intake *intake, unsigned seconds)
{
    uint64_t end_ms = clock_monotonic_ms() + seconds * UINT64_C(1000);
    while (clock_monotonic_ms() < end_ms && limits_busy(intake->shared.limits))
        stop_sleep(NULL, 20);
}

void intake_stop(struct intake *intake, unsigned seconds)
{
    atomic_store(&intake->shared.stopping, true);
    quiesce(&intake->tcp);
    quiesce(&intake->local);
    if (intake->streams)
        streams_end(intake->streams);
    if (intake->shared.limits)
        wait_for_requests(intake, seconds);
    if (intake->sweeping) {
        stop_request(&intake->stop);
        pthread_join(intake->sweeper, NULL);
    }
    stop_listener(&intake->tcp);
    stop_listener(&intake->local);
    if (intake->local.fd >= 0)
        unlink(intake->shared.options.unix_socket);
    stop_finish(&intake->stop);
    streams_destroy(intake->streams);
    auth_destroy(intake->shared.auth);
    metrics_destroy(intake->shared.metrics);
    limits_destroy(intake->shared.limits);
    free(intake->tls_cert);
    free(intake->tls_key);
    free(intake->client_ca);
    free(intake);
}
