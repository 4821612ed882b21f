/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backfill: bring the history of a hub into provenance and audit log. */
#include "config.h"
#include "database.h"
#include "hubs.h"
#include "output.h"
#include "service_options.h"
#include "signals.h"
#include "verbs.h"

#include "import/backfill.h"
#include "intake/parameter.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define RATE_DEFAULT 20
#define RATE_MOST 10000

enum backfill_option {
    OPTION_BACKFILL_PROFILE = 'p',
    OPTION_QUIET = 'q',
    OPTION_CG = OPTION_OF_SERVICE_VERB,
    OPTION_PACKAGE,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_RATE,
    OPTION_DRY_RUN,
    OPTION_WITHOUT_METADATA,
    OPTION_JSON,
};

static const struct option_row hub_rows[] = {
    {OPTION_BACKFILL_PROFILE, "profile", "NAME", "the hub: a section [hub NAME] of the configuration, or its profile"},
    {0, NULL, NULL, NULL},
};
static const struct option_row which_rows[] = {
    {OPTION_CG, "cg", "NAME", "builds by this content generator (default: all that the hub has)"},
    {OPTION_PACKAGE, "package", "NAME", "builds of this package"},
    {OPTION_SINCE, "since", "TIME", "completed at this time or later: 2026-01-31 or 2026-01-31T12:00:00Z"},
    {OPTION_UNTIL, "until", "TIME", "completed before this time"},
    {0, NULL, NULL, NULL},
};
static const struct option_row how_rows[] = {
    {OPTION_RATE, "rate", "N", "builds read from the hub a second, at most (default: 20; 0: as fast as it goes)"},
    {OPTION_DRY_RUN, "dry-run", NULL, "only list what would be brought in"},
    {OPTION_WITHOUT_METADATA, "without-metadata", NULL,
     "take builds that have no metadata.json from what the hub's tables say, also where none is found at all"},
    {OPTION_QUIET, "quiet", NULL, "no progress, only the result and errors"},
    {OPTION_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"Which builds", which_rows},
                                             {"How", how_rows},
                                             {"Hub", hub_rows},
                                             {"Service", service_options_rows},
                                             {NULL, NULL}};

struct backfill {
    struct service_options service;
    struct backfill_options options;
    const char *profile;
    bool quiet, json;
    json_t *builds; /* --json: those that were not known, owned */
    struct stop stop;
    struct backfill_counts counts;
};

/* --- options ------------------------------------------------------------------------------------------------------ */

/* A time, or the first moment of a day in UTC. */
static int read_time(const char *option, const char *value, double *seconds, struct cg_error *err)
{
    char text[64];
    bool is_day = strlen(value) == strlen("2026-01-31") && !strchr(value, 'T');
    snprintf(text, sizeof text, "%.40s%s", value, is_day ? "T00:00:00Z" : "");
    return parameter_time(option, text, seconds, err);
}

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct backfill *b = context;
    int64_t rate = 0;
    if (service_options_take_one(&b->service, id, value))
        return 0;
    switch ((enum backfill_option)id) {
    case OPTION_BACKFILL_PROFILE:
        b->profile = value;
        return 0;
    case OPTION_CG:
        b->options.content_generator = value;
        return 0;
    case OPTION_PACKAGE:
        b->options.package = value;
        return 0;
    case OPTION_SINCE:
        return read_time("--since", value, &b->options.since, err);
    case OPTION_UNTIL:
        return read_time("--until", value, &b->options.until, err);
    case OPTION_RATE:
        if (options_number("rate", value, 0, RATE_MOST, &rate, err) < 0)
            return -1;
        b->options.rate = (unsigned)rate;
        return 0;
    case OPTION_DRY_RUN:
        b->options.mode = BACKFILL_LOOK;
        return 0;
    case OPTION_WITHOUT_METADATA:
        b->options.absent = BACKFILL_ABSENT_BELIEVED;
        return 0;
    case OPTION_QUIET:
        b->quiet = true;
        return 0;
    case OPTION_JSON:
        b->json = true;
        return 0;
    }
    return 0;
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static const char *const fates[] = {"added", "added from the hub's tables", "on its way", "not read"};

static void told_build(void *context, enum backfill_fate fate, const char *nvr, int64_t build_id, const char *remark)
{
    struct backfill *b = context;
    bool would = b->options.mode == BACKFILL_LOOK;
    if (b->json) {
        json_array_append_new(b->builds, json_pack("{s:o, s:I, s:s, s:o}", "nvr", output_string(nvr), "build_id",
                                                   (json_int_t)build_id, "what", would ? "would be added" : fates[fate],
                                                   "remark", output_string(remark)));
        return;
    }
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if ((would || fate != BACKFILL_ADDED) &&
        cg_bytes_printf(&line, NULL, "%s  build %" PRId64 "  %s%s%s", nvr, build_id,
                        would ? "would be added" : fates[fate], remark ? ": " : "", remark ? remark : "") == 0)
        output_text(would ? stdout : stderr, 0, cg_bytes_text(&line));
}

static void told_page(void *context, const char *content_generator, const struct backfill_counts *counts)
{
    const struct backfill *b = context;
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if (b->quiet)
        return;
    if (cg_bytes_printf(&line, NULL, "%s: %" PRIu64 " of %" PRIu64 " builds looked at, %" PRIu64 " %s",
                        content_generator, counts->listed, counts->total, counts->added,
                        b->options.mode == BACKFILL_LOOK ? "to be taken in" : "taken in") == 0)
        output_text(stderr, 0, cg_bytes_text(&line));
}

static void told_to_stop(void *context, enum stop_level level)
{
    (void)context;
    if (level == STOP_SOON)
        fputs("cg-import: stopping after this build\n", stderr);
}

static int show(const struct backfill *b, int result, const struct cg_error *failure, int status)
{
    const struct backfill_counts *c = &b->counts;
    if (b->json) {
        CG_AUTO_JSON json_t *object = json_pack(
            "{s:o, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:o}", "hub", output_string(b->options.hub),
            "complete", result == 0 && b->options.mode == BACKFILL_BRING, "dry_run", b->options.mode == BACKFILL_LOOK,
            "listed", (json_int_t)c->listed, "known", (json_int_t)c->known, "added", (json_int_t)c->added,
            "without_metadata", (json_int_t)c->of_hub, "never_imported", (json_int_t)c->passed_over, "on_their_way",
            (json_int_t)c->on_a_way, "failed", (json_int_t)c->failed, "builds", b->builds, "error",
            failure->code ? output_error_json(failure, status) : json_null());
        return output_json(stdout, object, NULL);
    }
    printf("%" PRIu64 " builds listed, %" PRIu64 " known, %" PRIu64 " %s", c->listed, c->known, c->added,
           b->options.mode == BACKFILL_LOOK ? "to be taken in" : "taken in");
    if (c->of_hub > 0)
        printf(" (%" PRIu64 " of them without metadata.json)", c->of_hub);
    printf(", %" PRIu64 " never imported", c->passed_over);
    if (c->on_a_way > 0)
        printf(", %" PRIu64 " on their way", c->on_a_way);
    if (c->failed > 0)
        printf(", %" PRIu64 " not read", c->failed);
    putchar('\n');
    return 0;
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static size_t find_hub(const struct backfill *b, const struct config *config, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes names = {0};
    const char *wanted = b->profile ? b->profile : config->service.default_hub;
    for (size_t i = 0; i < config->hub_count; i++)
        if (strcmp(config->hubs[i].name, wanted) == 0)
            return i;
    for (size_t i = 0; i < config->hub_count; i++) {
        if (config->hubs[i].profile && strcmp(config->hubs[i].profile, wanted) == 0)
            return i;
        cg_bytes_printf(&names, NULL, "%s%s", i > 0 ? ", " : "", config->hubs[i].name);
    }
    cg_fail(err, CG_E_CONFIG, "the configuration has no hub \"%.100s\", neither by its name nor by its profile",
            wanted);
    cg_hint(err, "its hubs are %s", cg_bytes_text(&names));
    return config->hub_count;
}

/* Nothing that is asked wants a login. */
static int run_session(struct backfill *b, const struct koji_profile *profile, struct cg_error *err)
{
    struct koji_profile anonymous = *profile;
    anonymous.authtype = KOJI_AUTH_NONE;
    anonymous.anon_retry = true;
    const struct koji_session_options options = {.stop = &b->stop};
    AUTO_KOJI_SESSION struct koji_session *session = koji_session_create(&anonymous, &options, err);
    if (!session)
        return -1;
    b->options.session = session;
    return backfill_run(&b->options, &b->counts, err);
}

static int run_hub(struct backfill *b, const struct config *config, struct cg_error *err)
{
    AUTO_DATABASE struct database database = {0};
    char actor[32];
    size_t i = find_hub(b, config, err);
    struct hubs *hubs = i < config->hub_count ? hubs_create(config, err) : NULL;
    if (!hubs || database_open(&database, config, DATABASE_VISIT, NULL, err) < 0) {
        hubs_destroy(hubs);
        return -1;
    }
    snprintf(actor, sizeof actor, "uid:%ld", (long)getuid());
    b->options.store = database.store;
    b->options.hub = config->hubs[i].name;
    b->options.actor = actor;
    b->options.stop = &b->stop;
    b->options.listener = (struct backfill_listener){.build = told_build, .page = told_page, .context = b};
    int result = run_session(b, hubs->profiles[i], err);
    hubs_destroy(hubs);
    return result;
}

static int conclude(const struct backfill *b, int result, struct cg_error *err)
{
    if (result > 0)
        cg_fail(err, CG_E_BUSY, "the history is not complete: run it again to go on");
    int status = err->code == CG_OK ? EXIT_DONE : cg_code_info(err->code)->exit_status;
    if (b->options.hub || b->json)
        show(b, result, err, status);
    if (err->code != CG_OK)
        output_error(stderr, "backfill", err);
    return status;
}

static int run(int argc, char **argv)
{
    struct backfill b = {.options = {.rate = RATE_DEFAULT}};
    struct cg_error err = {0};
    struct signals signals;
    int first = 0, status = EXIT_DONE, result = -1;
    if (verbs_begin(&verb_backfill, argc, argv, take, &b, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "backfill takes no arguments, and there is \"%s\"", argv[first]);
        return verbs_refuse(&verb_backfill, argv, &err);
    }
    AUTO_CONFIG struct config *config = service_options_config(&b.service, &err);
    b.builds = json_array();
    if (config && b.builds && stop_init(&b.stop, &err) == 0) {
        if (signals_begin(&signals, &b.stop, told_to_stop, NULL, &err) == 0) {
            result = run_hub(&b, config, &err);
            status = conclude(&b, result, &err);
            signals_end(&signals);
        }
        stop_finish(&b.stop);
    } else {
        status = conclude(&b, result, &err);
    }
    json_decref(b.builds);
    return status;
}

static const char *const usage[] = {"--profile NAME [OPTION]...", NULL};

const struct verb verb_backfill = {
    .name = "backfill",
    .summary = "bring a hub's history of imports into provenance and audit log",
    .usage = usage,
    .description =
        "Reads the builds that content generators imported into a hub, by whatever client, and takes those that the "
        "service does not know into provenance and audit log, as found on the hub. On the service's machine, also "
        "while the service runs. Broken off and run again it goes on; run again later it brings what is new.",
    .exit_statuses = "  0  all of it is in the trail\n"
                     "  1  the hub refuses an answer\n"
                     "  2  wrong usage or configuration; no metadata.json is where the profile says\n"
                     "  3  temporary: hub, file server or database not reached, or interrupted;\n"
                     "     run it again to go on\n",
    .groups = groups,
    .run = run,
};
