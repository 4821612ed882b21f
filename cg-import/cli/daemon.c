/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"
#include "collector.h"
#include "daemon_private.h"
#include "ready_file.h"
#include "service_manager.h"
#include "state_directory.h"

#include "base/clock.h"

#include <inttypes.h>

/* How long the start waits for the first answers of the hubs, milliseconds. */
#define LISTS_FIRST_MS 5000
/* How often the main thread looks after the others, milliseconds. */
#define LOOK_MS 500

/* --- starting ------------------------------------------------------------------------------------------------------
 */

/* The configuration was judged: its levels are right. */
static struct import_images images_of(const struct config_images *given)
{
    struct import_images images = {.levels = cg_image_levels_default(),
                                   .reader = {.memory_bytes = given->memory_bytes,
                                              .cpu_s = (unsigned)(given->processor_ms / 1000),
                                              .time_s = (unsigned)(given->time_ms / 1000)}};
    for (char **level = given->levels; level && *level; level++)
        cg_image_levels_set(&images.levels, *level, NULL);
    return images;
}

struct worker *daemon_start_worker(struct daemon *daemon, const struct config *config, const struct hubs *hubs,
                                   struct cg_error *err)
{
    const struct config_worker *given = &config->worker;
    struct worker_options options = {.store = daemon->database.store,
                                     .spool = daemon->spool,
                                     .log = daemon->log,
                                     .hubs = hubs->for_worker,
                                     .hub_count = hubs->count,
                                     .replica = config->service.replica,
                                     .work_directory = given->directory,
                                     .looks_into_images = config->images.inspect,
                                     .images = images_of(&config->images),
                                     .threads = (unsigned)given->threads,
                                     .lease_ms = (unsigned)given->lease_ms,
                                     .retry_first_ms = (unsigned)given->retry_first_ms,
                                     .retry_most_ms = (unsigned)given->retry_most_ms,
                                     .give_up_s = (unsigned)(given->give_up_ms / 1000),
                                     .stop = &daemon->stop,
                                     .counters = &daemon->counters};
    return worker_start(&options, err);
}

struct follower *daemon_start_follower(struct daemon *daemon, const struct config *config, const struct hubs *hubs,
                                       struct cg_error *err)
{
    const struct follower_options options = {.store = daemon->database.store,
                                             .log = daemon->log,
                                             .replica = config->service.replica,
                                             .lease_ms = (unsigned)config->worker.lease_ms,
                                             .hubs = hubs->for_follower,
                                             .hub_count = hubs->count};
    return follower_start(&options, err);
}

static int open_spool(struct daemon *daemon, struct cg_error *err)
{
    const struct config_spool *given = &daemon->config->spool;
    struct spool_options options = {.directory = given->directory, .reserve_bytes = given->reserve_bytes};
    if (state_directory_make(given->directory, err) < 0 ||
        state_directory_make(daemon->config->worker.directory, err) < 0)
        return -1;
    daemon->spool = spool_open(&options, err);
    return daemon->spool ? 0 : -1;
}

static int start_collector(struct daemon *daemon, struct cg_error *err)
{
    const struct config_spool *given = &daemon->config->spool;
    struct collector_options options = {.store = daemon->database.store,
                                        .spool = daemon->spool,
                                        .log = daemon->log,
                                        .keep_ms = given->keep_ms,
                                        .keep_part_ms = given->keep_part_ms,
                                        .every_ms = given->collect_ms};
    daemon->collector = collector_start(&options, err);
    return daemon->collector ? 0 : -1;
}

static int start_intake(struct daemon *daemon, struct cg_error *err)
{
    if (face_make(&daemon->face, daemon->config, daemon->hubs, err) < 0)
        return -1;
    struct intake_options *options = &daemon->face.options;
    options->store = daemon->database.store;
    options->spool = daemon->spool;
    options->log = daemon->log;
    options->counters = &daemon->counters;
    options->hub_facts = hub_lists_facts;
    options->hub_facts_context = daemon->lists;
    daemon->intake = intake_start(options, err);
    return daemon->intake ? 0 : -1;
}

static int start(struct daemon *daemon, struct cg_error *err)
{
    daemon->hubs = hubs_create(daemon->config, err);
    if (!daemon->hubs || database_open(&daemon->database, daemon->config, DATABASE_SERVE, daemon->log, err) < 0 ||
        open_spool(daemon, err) < 0)
        return -1;
    daemon->lists = hub_lists_create(daemon->log, err);
    if (!daemon->lists || hub_lists_set(daemon->lists, daemon->hubs->for_lists, daemon->hubs->count, err) < 0)
        return -1;
    hub_lists_wait(daemon->lists, LISTS_FIRST_MS);
    if (log_keeper_start(&daemon->log_keeper, daemon->config, daemon->database.store, daemon->log, err) < 0)
        return -1;
    daemon->worker = daemon_start_worker(daemon, daemon->config, daemon->hubs, err);
    if (!daemon->worker || start_collector(daemon, err) < 0)
        return -1;
    daemon->follower = daemon_start_follower(daemon, daemon->config, daemon->hubs, err);
    if (!daemon->follower)
        return -1;
    return start_intake(daemon, err);
}

/* --- stopping ------------------------------------------------------------------------------------------------------
 */

static void stop(struct daemon *daemon)
{
    if (daemon->intake)
        intake_stop(daemon->intake, (unsigned)(daemon->config->service.drain_ms / 1000));
    follower_stop(daemon->follower);
    worker_drain(daemon->worker);
    daemon_reload_finish(daemon);
    collector_stop(daemon->collector);
    hub_lists_destroy(daemon->lists);
    face_finish(&daemon->face);
    log_keeper_stop(&daemon->log_keeper);
    spool_close(daemon->spool);
    database_close(&daemon->database);
    hubs_destroy(daemon->hubs);
}

static void told_to_stop(void *context, enum stop_level level)
{
    struct daemon *daemon = context;
    log_line(daemon->log, LOG_INFO,
             level == STOP_SOON ? "draining: what is running may end" : "stopping: nothing is waited for", NULL);
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

/* That the service manager does not hear us is for the log and nothing more. */
static void tell(const struct daemon *daemon, const char *state)
{
    struct cg_error err = {0};
    if (service_manager_tell(state, &err) < 0)
        log_error(daemon->log, &err, "the service manager was not told", NULL);
}

/* Reads the configuration again where SIGHUP asked for it and the worker of the last time is gone. */
static void reload_when_possible(struct daemon *daemon)
{
    char text[64];
    if (!daemon_reload_possible(daemon)) {
        if (!daemon->reload_waits)
            log_line(daemon->log, LOG_INFO, "reloading when the imports that ran at the last reload have ended", NULL);
        daemon->reload_waits = true;
        return;
    }
    daemon->reload_waits = false;
    atomic_store(&daemon->reload_wanted, false);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic_ms() * 1000);
    tell(daemon, text);
    daemon_reload(daemon);
    tell(daemon, "READY=1");
}

static int look_after(struct daemon *daemon, struct cg_error *err)
{
    unsigned watchdog_ms = service_manager_watchdog_ms();
    uint64_t told_ms = 0;
    while (stop_sleep(&daemon->stop, LOOK_MS) == 0) {
        if (daemon->database.postgres && !private_postgres_alive(daemon->database.postgres))
            return cg_fail(err, CG_E_BUSY, "the private PostgreSQL ended by itself");
        if (atomic_load(&daemon->reload_wanted))
            reload_when_possible(daemon);
        if (watchdog_ms > 0 && clock_monotonic_ms() - told_ms >= watchdog_ms) {
            tell(daemon, "WATCHDOG=1");
            told_ms = clock_monotonic_ms();
        }
    }
    return 0;
}

static int serve(struct daemon *daemon, struct cg_error *err)
{
    const struct config_listen *listen = &daemon->config->listen;
    struct ready_file ready = {.path = daemon->options->ready_file,
                               .address = daemon->face.options.address,
                               .port = intake_port(daemon->intake),
                               .tls = listen->tls_cert ? READY_TLS : READY_PLAIN,
                               .unix_socket = listen->unix_socket};
    if (ready_file_write(&ready, err) < 0)
        return -1;
    char port[8];
    snprintf(port, sizeof port, "%u", ready.port);
    log_line(daemon->log, LOG_INFO, "ready", "address", ready.address, "port", ready.address ? port : NULL, "socket",
             ready.unix_socket, "replica", daemon->config->service.replica, NULL);
    tell(daemon, "READY=1");
    int result = look_after(daemon, err);
    tell(daemon, "STOPPING=1");
    return result;
}

int daemon_run(const struct daemon_options *options, struct config *config, struct cg_error *err)
{
    struct daemon daemon = {.options = options, .config = config};
    struct signals signals;
    work_counters_init(&daemon.counters);
    atomic_init(&daemon.reload_wanted, false);
    atomic_init(&daemon.retired, true);
    daemon.log = log_create(STDERR_FILENO, (enum log_format)config->service.log_format,
                            (enum log_level)config->service.log_level, err);
    int result = -1;
    if (daemon.log && stop_init(&daemon.stop, err) == 0) {
        if (signals_begin_daemon(&signals, &daemon.stop, &daemon.reload_wanted, told_to_stop, &daemon, err) == 0) {
            result = start(&daemon, err) < 0 ? -1 : serve(&daemon, err);
            stop(&daemon);
            log_line(daemon.log, LOG_INFO, "stopped", NULL);
            signals_end(&signals);
        }
        stop_finish(&daemon.stop);
    }
    log_destroy(daemon.log);
    daemon_configs_free(&daemon);
    work_counters_finish(&daemon.counters);
    return result;
}
