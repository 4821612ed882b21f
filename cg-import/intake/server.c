/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/server_private.h"

#include "base/clock.h"
#include "cg/bytes.h"
#include "intake/door.h"
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
    struct door *tcp, *local; /* NULL: none */
    unsigned short port;
    struct streams *streams;
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
        if (intake->tcp)
            door_sweep(intake->tcp);
    }
    return NULL;
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
    if (shared->options.trust.client_crl &&
        !(intake->revocations = tls_revocations_open(shared->options.trust.client_crl, shared->options.log, err)))
        return -1;
    return 0;
}

static int open_tcp(struct intake *intake, const struct carrier_options *options, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    struct carrier_options tcp = *options;
    struct tls_files files = {0};
    if (tls_files_read(&files, given->tls_cert, given->tls_key, given->trust.client_ca, err) == 0 && given->address) {
        tcp.listener = REQUEST_TCP;
        tcp.revocations = intake->revocations;
        tcp.fd = listen_tcp(given->address, given->port, &intake->port, err);
        if (tcp.fd >= 0)
            intake->tcp = door_open(&tcp, &files, err);
    }
    tls_files_finish(&files);
    return err->code == CG_OK ? 0 : -1;
}

static int open_unix(struct intake *intake, const struct carrier_options *options, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    struct carrier_options local = *options;
    struct tls_files none = {0};
    if (!given->unix_socket)
        return 0;
    local.listener = REQUEST_UNIX;
    local.fd = listen_unix(given->unix_socket, given->unix_mode ? given->unix_mode : 0660, err);
    return local.fd >= 0 && (intake->local = door_open(&local, &none, err)) ? 0 : -1;
}

static int open_doors(struct intake *intake, struct cg_error *err)
{
    const struct intake_options *given = &intake->shared.options;
    if (!given->address && !given->unix_socket)
        return cg_fail(err, CG_E_CONFIG, "the service has neither an address nor a socket to listen on");
    const struct carrier_options options = {.shared = &intake->shared,
                                            .streams = intake->streams,
                                            .threads = given->threads ? given->threads : THREADS_DEFAULT};
    return open_tcp(intake, &options, err) == 0 && open_unix(intake, &options, err) == 0 ? 0 : -1;
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
    pthread_mutex_init(&intake->shared.hubs_lock, NULL);
    intake->stop.pipe_[0] = intake->stop.pipe_[1] = -1;
    if (stop_init(&intake->stop, err) != 0 || make_parts(intake, router, err) != 0 || open_doors(intake, err) != 0) {
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

int intake_set_tls(struct intake *intake, const char *cert, const char *key, const char *client_ca,
                   struct cg_error *err)
{
    struct tls_files files = {0};
    if (!intake->tcp)
        return 0;
    if (!cert != !intake->shared.options.tls_cert) {
        cg_fail(err, CG_E_CONFIG, "TLS is switched %s in the configuration", cert ? "on" : "off");
        return cg_hint(err, "restart the service for that");
    }
    if (tls_files_read(&files, cert, key, client_ca, err) == 0)
        return door_change(intake->tcp, &files, err);
    tls_files_finish(&files);
    return -1;
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
    door_quiesce(intake->tcp);
    door_quiesce(intake->local);
    if (intake->streams)
        streams_end(intake->streams);
    if (intake->shared.limits)
        wait_for_requests(intake, seconds);
    if (intake->sweeping) {
        stop_request(&intake->stop);
        pthread_join(intake->sweeper, NULL);
    }
    door_close(intake->tcp);
    if (intake->local)
        unlink(intake->shared.options.unix_socket);
    door_close(intake->local);
    stop_finish(&intake->stop);
    streams_destroy(intake->streams);
    feed_destroy(intake->shared.feed);
    cg_checker_destroy(intake->shared.checker);
    auth_destroy(intake->shared.auth);
    rate_destroy(intake->shared.sign_ins);
    rate_destroy(intake->shared.reports);
    metrics_destroy(intake->shared.metrics);
    limits_destroy(intake->shared.limits);
    tls_revocations_close(intake->revocations);
    pthread_mutex_destroy(&intake->shared.hubs_lock);
    free(intake);
}
