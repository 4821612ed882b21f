/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* serve: the service, in the foreground. */
#include "daemon.h"
#include "hubs.h"
#include "output.h"
#include "service_options.h"
#include "verbs.h"

enum serve_option { OPTION_CHECK_CONFIG = OPTION_OF_SERVICE_VERB, OPTION_READY_FILE };

static const struct option_row rows[] = {
    {OPTION_SERVICE_CONFIG, "config", "FILE", "configuration of the service (default: " CONFIG_FILE_DEFAULT ")"},
    {OPTION_CHECK_CONFIG, "check-config", NULL, "print the configuration in force, or all that is wrong with it"},
    {OPTION_READY_FILE, "ready-file", "FILE", "write the service's address there once it takes requests"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"Service", rows}, {NULL, NULL}};

struct serve {
    struct service_options service;
    const char *ready_file;
    bool check_config;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct serve *serve = context;
    (void)err;
    if (service_options_take_one(&serve->service, id, value))
        return 0;
    if (id == OPTION_READY_FILE)
        serve->ready_file = value;
    else
        serve->check_config = true;
    return 0;
}

/* The profiles of the hubs belong to the configuration. */
static int check_config(const struct config *config, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct hubs *hubs = hubs_create(config, err);
    if (!hubs)
        return -1;
    hubs_destroy(hubs);
    if (config_show(config, &text, err) < 0)
        return -1;
    fputs(cg_bytes_text(&text), stdout);
    return 0;
}

static int serve(const struct serve *given, struct cg_error *err)
{
    struct config *config = service_options_config(&given->service, err);
    if (!config)
        return -1;
    if (given->check_config) {
        int result = check_config(config, err);
        config_destroy(config);
        return result;
    }
    struct daemon_options options = {.config_path = given->service.config, .ready_file = given->ready_file};
    return daemon_run(&options, config, err);
}

static int run(int argc, char **argv)
{
    struct serve given = {0};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_serve, argc, argv, take, &given, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "serve takes no arguments, and there is \"%s\"", argv[first]);
        cg_hint(&err, "what it serves is said in its configuration: --config FILE");
        return verbs_refuse(&verb_serve, argv, &err);
    }
    if (serve(&given, &err) == 0)
        return EXIT_DONE;
    output_error(stderr, "serve", &err);
    return cg_code_info(err.code)->exit_status;
}

static const char *const usage[] = {"[OPTION]...", "--check-config [--config FILE]", NULL};

const struct verb verb_serve = {
    .name = "serve",
    .summary = "run the service: builds post over HTTP, a queue imports them",
    .usage = usage,
    .description = "Runs the service in the foreground until SIGTERM, with a private PostgreSQL in its state directory "
                   "unless a database is configured. SIGHUP reads the configuration again.",
    .exit_statuses = "  0  stopped as asked; --check-config: nothing is wrong\n"
                     "  2  wrong usage or configuration, or the local machine\n"
                     "  3  temporary: the database is not reached, or in use\n",
    .groups = groups,
    .run = run,
};
