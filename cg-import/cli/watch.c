/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch: what happens to an import of the service, as it happens. */
#include "client_verb.h"
#include "output.h"
#include "service_import.h"

static const struct option_row rows[] = {
    {OPTION_CLIENT_JSON, "json", NULL, "print the import as one JSON object when it is over, and no events"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

static int watch(void *context, const char *name, struct cg_error *err)
{
    struct client_verb *verb = context;
    CG_AUTO_JSON json_t *found = service_import_find(verb->client, name, err);
    if (!found)
        return -1;
    CG_AUTO_JSON json_t *import = service_import_follow(verb->client, &verb->stop, service_import_text(found, "id"),
                                                        UNTIL_OVER, verb->json ? NULL : stdout, err);
    if (!import)
        return -1;
    if (verb->json && output_json(stdout, import, err) < 0)
        return -1;
    verb->json = false;
    return service_import_outcome(import, err) == EXIT_DONE ? 0 : -1;
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "one import is watched: its id or NVR", .take = client_verb_take_all, .act = watch};
    struct client_verb verb = {.verb = &verb_watch};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [OPTION]...", NULL};

const struct verb verb_watch = {
    .name = "watch",
    .summary = "what happens to an import of the service, as it happens",
    .usage = usage,
    .description = "Shows the events of an import, named by its id or its NVR (then the newest of it), until it is "
                   "over; a held one is waited for. Stopping this changes nothing at the service.",
    .exit_statuses = "  0  imported\n"
                     "  1  rejected or canceled; or the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy; or stopped\n"
                     "  4  rejected: the NVR is there with other content, or someone else's\n"
                     "  5  rejected with an unknown outcome\n",
    .groups = groups,
    .run = run,
};
