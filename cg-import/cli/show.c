/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show: one import of the service, and what happened to it. */
#include "client_verb.h"
#include "output.h"
#include "service_events.h"
#include "service_import.h"

enum show_option { OPTION_EVENTS = OPTION_OF_ONE_CLIENT_VERB };

static const struct option_row rows[] = {
    {OPTION_EVENTS, "events", NULL, "show its timeline, too"},
    CLIENT_VERB_JSON_ROW,
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

struct show {
    struct client_verb verb;
    bool events;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct show *show = context;
    (void)err;
    if (!client_verb_take(&show->verb, id, value))
        show->events = true;
    return 0;
}

static int keep_event(void *list, const json_t *event)
{
    return json_array_append(list, (json_t *)(uintptr_t)event);
}

static int print_event(void *context, const json_t *event)
{
    (void)context;
    return service_import_show_event(stdout, event, NULL);
}

static int show_one(void *context, const char *name, struct cg_error *err)
{
    const struct show *show = context;
    struct service_client *client = show->verb.client;
    CG_AUTO_JSON json_t *import = service_import_find(client, name, err);
    const char *id = service_import_text(import, "id");
    if (!import)
        return -1;
    if (!show->verb.json) {
        if (service_import_show(stdout, import, err) < 0)
            return -1;
        return show->events ? service_events_list(client, id, print_event, NULL, err) : 0;
    }
    CG_AUTO_JSON json_t *list = json_array();
    if (show->events &&
        (service_events_list(client, id, keep_event, list, err) < 0 || json_object_set(import, "events", list) < 0))
        return cg_fail_memory(err);
    return output_json(stdout, import, err);
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "one import is shown: its id or NVR", .take = take, .act = show_one};
    struct show show = {.verb = {.verb = &verb_show}};
    return client_verb_run_about_one(&show, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [OPTION]...", NULL};

const struct verb verb_show = {
    .name = "show",
    .summary = "one import of the service: its state, what is wrong and what to do",
    .usage = usage,
    .description = "Shows an import of the service, named by its id or its NVR (then the newest of it).",
    .exit_statuses = "  0  shown\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy\n",
    .groups = groups,
    .run = run,
};
