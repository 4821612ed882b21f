/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* submit: post a finished build to the service. */
#include "client_verb.h"
#include "output.h"
#include "service_import.h"
#include "submit_outputs.h"
#include "terminal.h"

#include "base/backoff.h"
#include "cg/json.h"

#define LANES_DEFAULT 4

enum submit_option {
    OPTION_QUIET = 'q',
    OPTION_WAIT = OPTION_OF_ONE_CLIENT_VERB,
    OPTION_FOR_HUB,
    OPTION_TAG,
    OPTION_RESERVE,
    OPTION_DRAFT,
    OPTION_REFERENCE,
    OPTION_LANES,
};

static const struct option_row import_rows[] = {
    {OPTION_FOR_HUB, "hub", "NAME", "hub of the service (default: the service's)"},
    {OPTION_TAG, "tag", "NAME", "tag for the build once it is imported"},
    {OPTION_RESERVE, "reserve", NULL, "reserve the NVR on the hub first"},
    {OPTION_DRAFT, "draft", NULL, "import as a draft build"},
    {OPTION_REFERENCE, "reference", "ROOT:DIR", "the outputs lie on a volume that the service reads"},
    {0, NULL, NULL, NULL},
};
static const struct option_row doing_rows[] = {
    {OPTION_WAIT, "wait", NULL, "show what happens until it is imported or a person must decide, and exit by that"},
    {OPTION_LANES, "lanes", "N", "send so many files at once (default: 4)"},
    {OPTION_CLIENT_JSON, "json", NULL, "print the import as one JSON object"},
    {OPTION_QUIET, "quiet", NULL, "no progress and no events"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"Import", import_rows}, {"Doing it", doing_rows}, {"Service", service_access_rows}, {NULL, NULL}};

struct submit {
    struct client_verb verb;
    const char *metadata, *directory;
    const char *hub, *tag, *reference;
    bool reserve, draft, wait, quiet;
    int64_t lanes;
    struct progress progress;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct submit *submit = context;
    if (client_verb_take(&submit->verb, id, value))
        return 0;
    switch ((enum submit_option)id) {
    case OPTION_QUIET:
        submit->quiet = true;
        break;
    case OPTION_WAIT:
        submit->wait = true;
        break;
    case OPTION_FOR_HUB:
        submit->hub = value;
        break;
    case OPTION_TAG:
        submit->tag = value;
        break;
    case OPTION_RESERVE:
        submit->reserve = true;
        break;
    case OPTION_DRAFT:
        submit->draft = true;
        break;
    case OPTION_REFERENCE:
        submit->reference = value;
        break;
    case OPTION_LANES:
        return options_number("lanes", value, 1, 32, &submit->lanes, err);
    }
    return 0;
}

/* --- posting -------------------------------------------------------------------------------------------------------
 */

static int make_path(const struct submit *submit, struct cg_bytes *path, struct cg_error *err)
{
    const struct {
        const char *name, *value;
    } parameters[] = {{"hub", submit->hub},
                      {"tag", submit->tag},
                      {"reference", submit->reference},
                      {"reserve", submit->reserve ? "true" : NULL},
                      {"draft", submit->draft ? "true" : NULL}};
    if (cg_bytes_append_text(path, "/v1/imports", err) < 0)
        return -1;
    char mark = '?';
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (!parameters[i].value)
            continue;
        if (cg_bytes_printf(path, err, "%c%s=", mark, parameters[i].name) < 0 ||
            service_client_escape(path, parameters[i].value, err) < 0)
            return -1;
        mark = '&';
    }
    return 0;
}

/* The same post is the same import: one whose answer was lost is sent again. */
static json_t *post(struct submit *submit, const struct service_request *request, struct cg_error *err)
{
    struct backoff backoff;
    backoff_init(&backoff, SUBMIT_FIRST_MS, SUBMIT_MOST_MS, (uint64_t)getpid());
    for (unsigned tries = 1;; tries++) {
        AUTO_SERVICE_REPLY struct service_reply reply = {0};
        cg_error_clear(err);
        if (service_client_ask(submit->verb.client, request, &reply, err) == 0)
            return json_incref(reply.json);
        client_verb_keep_findings(&submit->verb, &reply);
        if (!cg_code_info(err->code)->retryable || err->code == CG_E_INTERRUPTED || tries == SUBMIT_TRIES)
            return NULL;
        unsigned pause_ms = submit_pause_ms(&backoff, &reply);
        progress_say(&submit->progress, "%s; trying again in %.1f s", err->message, pause_ms / 1000.0);
        if (stop_sleep(&submit->verb.stop, pause_ms) != 0)
            return NULL;
    }
}

static json_t *post_metadata(struct submit *submit, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes document = {0}, path = {0};
    if (cg_json_load_file(submit->metadata, &document, err) < 0 || make_path(submit, &path, err) < 0)
        return NULL;
    struct service_request request = {.method = "POST",
                                      .path = cg_bytes_text(&path),
                                      .content_type = "application/json",
                                      .body = cg_bytes_text(&document),
                                      .body_bytes = document.size};
    json_t *import = post(submit, &request, err);
    if (!import && err->code == CG_OK)
        cg_fail(err, CG_E_HUB_REPLY, "the answer of %s is no JSON: is it the service?", submit->verb.access.url);
    return import;
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static int show_end(struct submit *submit, const json_t *import, struct cg_error *err)
{
    if (submit->verb.json)
        return output_json(stdout, import, err);
    CG_AUTO_BYTES struct cg_bytes line = {0};
    const char *url = service_import_text(import, "build_url");
    if (cg_bytes_printf(&line, err, "%s %s %s%s%s", service_import_text(import, "id"),
                        service_import_text(import, "nvr"), service_import_text(import, "state"), url[0] ? " " : "",
                        url) < 0)
        return -1;
    output_text(stdout, 0, cg_bytes_text(&line));
    return 0;
}

static int send_outputs(struct submit *submit, const json_t *import, struct cg_error *err)
{
    if (json_is_true(json_object_get(import, "deduplicated")))
        progress_say(&submit->progress, "the service has this very import already");
    struct submit_outputs outputs = {.access = &submit->verb.access,
                                     .stop = &submit->verb.stop,
                                     .id = service_import_text(import, "id"),
                                     .missing = json_object_get(import, "missing"),
                                     .directory = submit->directory,
                                     .lanes = (unsigned)submit->lanes,
                                     .progress = &submit->progress};
    return submit_outputs_send(&outputs, err);
}

/* The same bytes were posted before and came to nothing: so it is still, and no post changes that. */
static bool has_died(const json_t *posted)
{
    const char *state = service_import_text(posted, "state");
    return strcmp(state, "rejected") == 0 || strcmp(state, "canceled") == 0;
}

static int submit_build(struct submit *submit, struct cg_error *err)
{
    struct client_verb *verb = &submit->verb;
    CG_AUTO_JSON json_t *posted = post_metadata(submit, err);
    if (!posted || send_outputs(submit, posted, err) < 0)
        return -1;
    const char *id = service_import_text(posted, "id");
    FILE *events = submit->quiet ? NULL : stderr;
    CG_AUTO_JSON json_t *import = submit->wait
                                      ? service_import_follow(verb->client, &verb->stop, id, UNTIL_RESTS, events, err)
                                      : service_import_find(verb->client, id, err);
    if (!import || show_end(submit, import, err) < 0)
        return -1;
    /* It is told; what follows is about how it ended. */
    verb->json = false;
    return (submit->wait || has_died(posted)) && service_import_outcome(import, err) != EXIT_DONE ? -1 : 0;
}

static int judge(struct submit *submit, char **words, struct cg_error *err)
{
    submit->metadata = words[0];
    if (!words[0])
        return cg_fail(err, CG_E_USAGE, "the metadata file is missing");
    submit->directory = words[1];
    if (words[1] && words[2])
        return cg_fail(err, CG_E_USAGE, "one metadata file and one directory, and \"%s\" is too many", words[2]);
    if (words[1] && submit->reference)
        return cg_fail(err, CG_E_USAGE, "--reference says where the outputs lie, and \"%s\" is too many", words[1]);
    return 0;
}

static int run(int argc, char **argv)
{
    struct submit submit = {.verb = {.verb = &verb_submit}, .lanes = LANES_DEFAULT};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_submit, argc, argv, take, &submit, &first, &status) == VERBS_STOP)
        return status;
    if (judge(&submit, argv + first, &err) < 0)
        return verbs_refuse(&verb_submit, argv, &err);
    enum progress_form form = terminal_repaints(stderr) ? PROGRESS_BAR : PROGRESS_LINES;
    progress_init(&submit.progress, stderr, submit.quiet ? PROGRESS_NONE : form);
    if (client_verb_begin(&submit.verb, &err) == 0)
        submit_build(&submit, &err);
    progress_finish(&submit.progress);
    return client_verb_end(&submit.verb, &err);
}

static const char *const usage[] = {"METADATA DIR [OPTION]...", "METADATA --reference ROOT:DIR [OPTION]...", NULL};

const struct verb verb_submit = {
    .name = "submit",
    .summary = "post a finished build to the service, which imports it",
    .usage = usage,
    .description = "Posts the metadata to the service, sends the outputs it does not have yet, and prints the import. "
                   "Broken off and run again it goes on where it was; run twice it is one import.",
    .exit_statuses = "  0  posted; with --wait: imported\n"
                     "  1  refused: findings are printed; this very import was rejected or canceled\n"
                     "  2  wrong usage or configuration, local files\n"
                     "  3  temporary: the service is not reached or busy; run it again\n"
                     "  4  the NVR lives with other metadata; with --wait: held for a person\n"
                     "  5  with --wait: held with an unknown outcome\n",
    .groups = groups,
    .run = run,
};
