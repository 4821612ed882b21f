/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/server_private.h"

#include "base/clock.h"
#include "cg/bytes.h"
#include "intake/carrier.h"
#include "intake/feed.h"
#include "intake/listen.h"

#include <pthread.h>

#define THREADS_DEFAULT 16
#define SESSION_IDLE_S 1800U
#define SESSION_MOST_S 43200U
#define SIGN_INS_REFUSED_MAX 20U /* in a minute from one address */
#define REPORTS_MAX 30U          /* of browsers that are logged in a minute */
#define SWEEP_MS 100U            /* between looks at deadlines and sleeping streams */

struct intake {
    struct request_server shared;
    int tcp_fd, unix_fd; /* -1: none */
    struct carrier *tcp, *local;
    unsigned short port;
    struct streams *streams;
    char *tls_cert, *tls_key, *client_ca; /* PEM texts, owned */
    struct tls_revocations *revocations;
    struct stop stop;
    pthread_t sweeper;
    bool sweeping;
};

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
    if (options->trust.client_crl &&
        !(intake->revocations = tls_revocations_open(options->trust.client_crl, options->log, err)))
        return -1;
    return 0;
}

static int make_parts(struct intake *intake, const struct router *router, struct cg_error *err)
{
    struct request_server *shared = &intake->shared;
    const struct feed_source source = feed_source_of(shared->options.store);
    shared->router = *router;
    if (!(shared->limits = limits_create(&shared->options.limits, err)) || !(shared->metrics = metrics_create(err)) ||
        !(shared->auth = auth_create(&shared->options, err)) || !(shared->feed = feed_create(&source, err)) ||
        !(shared->checker = cg_checker_create(err)) || !(intake->streams = streams_create(carrier_sleep(), err)))
        return -1;
    if (!(shared->sign_ins = rate_create(SIGN_INS_REFUSED_MAX, err)) ||
        !(shared->reports = rate_create(REPORTS_MAX, err)))
        return -1;
    shared->options.limits = *limits_given(shared->limits);
    shared->budget.most_bytes = BUDGET_DOCUMENTS * shared->options.limits.metadata_bytes;
    return read_tls(intake, err);
}

static int start_tcp(struct intake *intake, struct carrier_options *options, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    if (!given->address)
        return 0;
    intake->tcp_fd = listen_tcp(given->address, given->port, &intake->port, err);
    options->listener = REQUEST_TCP;
    options->fd = intake->tcp_fd;
    options->tls_cert = intake->tls_cert;
    options->tls_key = intake->tls_key;
    options->client_ca = intake->client_ca;
    options->revocations = intake->revocations;
    return intake->tcp_fd >= 0 && (intake->tcp = carrier_start(options, err)) ? 0 : -1;
}

static int start_unix(struct intake *intake, struct carrier_options *options, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    if (!given->unix_socket)
        return 0;
    intake->unix_fd = listen_unix(given->unix_socket, given->unix_mode ? given->unix_mode : 0660, err);
    options->listener = REQUEST_UNIX;
    options->fd = intake->unix_fd;
    return intake->unix_fd >= 0 && (intake->local = carrier_start(options, err)) ? 0 : -1;
}

static int start_carriers(struct intake *intake, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    if (!given->address && !given->unix_socket)
        return cg_fail(err, CG_E_CONFIG, "the service has neither an address nor a socket to listen on");
    struct carrier_options tcp = {.shared = &intake->shared,
                                  .streams = intake->streams,
                                  .threads = given->threads ? given->threads : THREADS_DEFAULT};
    struct carrier_options local = tcp;
    return start_tcp(intake, &tcp, err) == 0 && start_unix(intake, &local, err) == 0 ? 0 : -1;
}

static void set_defaults(struct store_session_limits *sessions)
{
    if (!sessions->idle_s)
        sessions->idle_s = SESSION_IDLE_S;
    if (!sessions->most_s)
        sessions->most_s = SESSION_MOST_S;
}

struct intake *server_start(const struct intake_options *options, const struct router *router, struct cg_error *err)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake) {
        cg_fail_memory(err);
        return NULL;
    }
    intake->shared.options = *options;
    set_defaults(&intake->shared.options.trust.sessions);
    intake->tcp_fd = intake->unix_fd = -1;
    pthread_mutex_init(&intake->shared.hubs_lock, NULL);
    intake->stop.pipe_[0] = intake->stop.pipe_[1] = -1;
    if (stop_init(&intake->stop, err) != 0 || make_parts(intake, router, err) != 0 ||
        start_carriers(intake, err) != 0) {
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

void intake_set_hubs(struct intake *intake, const struct intake_hub *hubs, size_t count)
{
    pthread_mutex_lock(&intake->shared.hubs_lock);
    intake->shared.options.hubs = hubs;
    intake->shared.options.hub_count = count;
    pthread_mutex_unlock(&intake->shared.hubs_lock);
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
    carrier_quiesce(intake->tcp);
    carrier_quiesce(intake->local);
    if (intake->streams)
        streams_end(intake->streams);
    if (intake->shared.limits)
        wait_for_requests(intake, seconds);
    if (intake->sweeping) {
        stop_request(&intake->stop);
        pthread_join(intake->sweeper, NULL);
    }
    carrier_stop(intake->tcp);
    carrier_stop(intake->local);
    if (intake->tcp_fd >= 0)
        close(intake->tcp_fd);
    if (intake->unix_fd >= 0) {
        close(intake->unix_fd);
        unlink(intake->shared.options.unix_socket);
    }
    stop_finish(&intake->stop);
    streams_destroy(intake->streams);
    feed_destroy(intake->shared.feed);
    cg_checker_destroy(intake->shared.checker);
    auth_destroy(intake->shared.auth);
    rate_destroy(intake->shared.sign_ins);
    rate_destroy(intake->shared.reports);
    metrics_destroy(intake->shared.metrics);
    limits_destroy(intake->shared.limits);
    free(intake->tls_cert);
    free(intake->tls_key);
    free(intake->client_ca);
    tls_revocations_close(intake->revocations);
    pthread_mutex_destroy(&intake->shared.hubs_lock);
    free(intake);
}
