/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list: the imports of the service. */
#include "client_verb.h"
#include "output.h"
#include "service_import.h"

#include "store/store.h"

#include <inttypes.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define PAGE_MOST 500

enum list_option {
    OPTION_STATE = OPTION_OF_ONE_CLIENT_VERB,
    OPTION_NVR,
    OPTION_GENERATOR,
    OPTION_ON_HUB,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_LIMIT,
};

static const struct option_row rows[] = {
    {OPTION_STATE, "state", "STATE", "receiving, queued, running, held, imported, rejected or canceled"},
    {OPTION_NVR, "nvr", "GLOB", "of this NVR"},
    {OPTION_GENERATOR, "content-generator", "NAME", "of this content generator"},
    {OPTION_ON_HUB, "hub", "NAME", "for this hub of the service"},
    {OPTION_SINCE, "since", "TIME", "posted then or later: 2026-11-23T00:00:00Z"},
    {OPTION_UNTIL, "until", "TIME", "posted before then"},
    {OPTION_LIMIT, "limit", "N", "so many at most, newest first (default: 50)"},
    {OPTION_CLIENT_JSON, "json", NULL, "print a JSON object a line"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"Which", rows}, {"Service", service_access_rows}, {NULL, NULL}};

struct list {
    struct client_verb verb;
    const char *filters[OPTION_LIMIT - OPTION_STATE]; /* by option */
    int64_t limit;
};

/* Parameters of the query, in the order of the options. */
static const char *const parameters[] = {"state", "nvr", "content_generator", "hub", "since", "until"};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct list *list = context;
    if (client_verb_take(&list->verb, id, value))
        return 0;
    if (id == OPTION_LIMIT)
        return options_number("limit", value, 1, 1000000, &list->limit, err);
    list->filters[id - OPTION_STATE] = value;
    return 0;
}

static int make_path(const struct list *list, int64_t left, const char *after, struct cg_bytes *path,
                     struct cg_error *err)
{
    if (cg_bytes_printf(path, err, "/v1/imports?limit=%" PRId64, left < PAGE_MOST ? left : PAGE_MOST) < 0)
        return -1;
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (list->filters[i] && (cg_bytes_printf(path, err, "&%s=", parameters[i]) < 0 ||
                                 service_client_escape(path, list->filters[i], err) < 0))
            return -1;
    return after[0] ? cg_bytes_printf(path, err, "&after=%s", after) : 0;
}

/* "id  posted  state  nvr  (why)" */
static int print_line(const json_t *import, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    const char *held = service_import_text(import, "held");
    const char *why = held[0] ? held : service_import_text(json_object_get(import, "error"), "code");
    if (cg_bytes_printf(&line, err, "%s  %.19s  %-9s  %s%s%s", service_import_text(import, "id"),
                        service_import_text(import, "created_at"), service_import_text(import, "state"),
                        service_import_text(import, "nvr"), why[0] ? "  " : "", why) < 0)
        return -1;
    output_text(stdout, 4, cg_bytes_text(&line));
    return 0;
}

/* One page, *left being counted down; `next` is where the page after it begins, "" for none. */
static int print_page(struct list *list, int64_t *left, char next[STORE_ID_SIZE], struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (make_path(list, *left, next, &path, err) < 0 ||
        service_client_get(list->verb.client, cg_bytes_text(&path), &reply, err) < 0)
        return -1;
    size_t i;
    json_t *import;
    json_array_foreach(json_object_get(reply.json, "imports"), i, import)
    {
        int result = list->verb.json ? output_json(stdout, import, err) : print_line(import, err);
        if (result < 0)
            return -1;
        --*left;
    }
    snprintf(next, STORE_ID_SIZE, "%s", service_import_text(reply.json, "next"));
    return 0;
}

static int run(int argc, char **argv)
{
    struct list list = {.verb = {.verb = &verb_list}, .limit = LIMIT_DEFAULT};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_list, argc, argv, take, &list, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "list takes no arguments, and there is \"%s\"", argv[first]);
        cg_hint(&err, "one build is found by --nvr");
        return verbs_refuse(&verb_list, argv, &err);
    }
    if (client_verb_begin(&list.verb, &err) == 0) {
        char next[STORE_ID_SIZE] = "";
        do
            if (print_page(&list, &list.limit, next, &err) < 0)
                break;
        while (next[0] && list.limit > 0);
    }
    return client_verb_end(&list.verb, &err);
}

static const char *const usage[] = {"[OPTION]...", NULL};

const struct verb verb_list = {
    .name = "list",
    .summary = "the imports of the service, newest first",
    .usage = usage,
    .description = "Lists the imports that you may see, a line each: id, when it was posted, state, NVR, and why it is "
                   "held or failed.",
    .exit_statuses = "  0  listed\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration\n"
                     "  3  temporary: the service is not reached or busy\n",
    .groups = groups,
    .run = run,
};
