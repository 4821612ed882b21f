/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon_private.h"

#include <string.h>

/* --- the worker of before ------------------------------------------------------------------------------------------
 */

static void *retire(void *context)
{
    struct daemon *daemon = context;
    worker_drain(daemon->old_worker);
    hubs_destroy(daemon->old_hubs);
    atomic_store(&daemon->retired, true);
    return NULL;
}

bool daemon_reload_possible(const struct daemon *daemon)
{
    return atomic_load(&daemon->retired);
}

void daemon_reload_finish(struct daemon *daemon)
{
    if (daemon->retiring)
        pthread_join(daemon->retirement, NULL);
    daemon->retiring = false;
}

/* Both wait for nothing that a hub does, so the old one is gone before its hubs are. */
static void replace_follower(struct daemon *daemon, struct follower *follower)
{
    follower_stop(daemon->follower);
    daemon->follower = follower;
}

/* A CGImport of the old worker may take hours: the new one works meanwhile. */
static void replace_worker(struct daemon *daemon, struct worker *worker, struct hubs *hubs)
{
    daemon_reload_finish(daemon);
    daemon->old_worker = daemon->worker;
    daemon->old_hubs = daemon->hubs;
    daemon->worker = worker;
    daemon->hubs = hubs;
    atomic_store(&daemon->retired, false);
    daemon->retiring = pthread_create(&daemon->retirement, NULL, retire, daemon) == 0;
    if (!daemon->retiring)
        retire(daemon);
}

/* --- reading again -------------------------------------------------------------------------------------------------
 */

static void log_faults(struct daemon *daemon, const char *lines)
{
    for (size_t size; *lines; lines += size + (lines[size] == '\n')) {
        size = strcspn(lines, "\n");
        CG_AUTO_FREE char *line = strndup(lines, size);
        log_line(daemon->log, LOG_ERROR, "fault of the configuration", "fault", line, NULL);
    }
}

/* Takes over grants and the log level, and keeps what was before. */
static void take_over(struct daemon *daemon, struct config *config, struct face *face, struct earlier *earlier)
{
    log_set_level(daemon->log, (enum log_level)config->service.log_level);
    intake_set_grants(daemon->intake, face->grants, config->grant_count);
    intake_set_hubs(daemon->intake, face->hubs, face->options.hub_count);
    *earlier = (struct earlier){.config = daemon->config, .face = daemon->face, .before = daemon->earlier};
    daemon->earlier = earlier;
    daemon->config = config;
    daemon->face = *face;
}

/* The files may be others, or have other content: certificates are renewed in place. */
static int renew_tls(struct daemon *daemon, const struct config *config, struct cg_error *err)
{
    const struct config_listen *listen = &config->listen;
    int renewed = intake_set_tls(daemon->intake, listen->tls_cert, listen->tls_key, config->callers.client_ca, err);
    if (renewed > 0)
        log_line(daemon->log, LOG_INFO, "new connections get the certificate that was read again", "file",
                 listen->tls_cert, NULL);
    return renewed < 0 ? -1 : 0;
}

static int reload(struct daemon *daemon, struct config *config, struct cg_error *err)
{
    struct hubs *hubs = hubs_create(config, err);
    struct earlier *earlier = hubs ? calloc(1, sizeof *earlier) : NULL;
    struct face face = {0};
    struct worker *worker = NULL;
    struct follower *follower = NULL;
    /* What the configuration may have wrong comes first: a certificate that was taken up is not given back. */
    if (!earlier || face_make(&face, config, hubs, err) < 0 || renew_tls(daemon, config, err) < 0 ||
        hub_lists_set(daemon->lists, hubs->for_lists, hubs->count, err) < 0 ||
        !(follower = daemon_start_follower(daemon, config, hubs, err)) ||
        !(worker = daemon_start_worker(daemon, config, hubs, err))) {
        cg_fail_memory(err);
        follower_stop(follower);
        /* The lists go on with the hubs that stay. */
        hub_lists_set(daemon->lists, daemon->hubs->for_lists, daemon->hubs->count, err);
        face_finish(&face);
        free(earlier);
        hubs_destroy(hubs);
        return -1;
    }
    replace_follower(daemon, follower);
    replace_worker(daemon, worker, hubs);
    take_over(daemon, config, &face, earlier);
    return 0;
}

void daemon_reload(struct daemon *daemon)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes faults = {0};
    AUTO_CONFIG struct config *config = config_load(daemon->options->config_path, &faults, &err);
    log_faults(daemon, cg_bytes_text(&faults));
    if (!config || reload(daemon, config, &err) < 0) {
        log_error(daemon->log, &err, "not reloaded: what was in force stays", NULL);
        return;
    }
    config = NULL;
    log_line(daemon->log, LOG_INFO, "reloaded: log level, grants, hubs, certificate", NULL);
}

void daemon_configs_free(struct daemon *daemon)
{
    for (struct earlier *earlier = daemon->earlier, *before; earlier; earlier = before) {
        before = earlier->before;
        face_finish(&earlier->face);
        config_destroy(earlier->config);
        free(earlier);
    }
    config_destroy(daemon->config);
}
