/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* release: let a held import of the service go on. */
#include "operate.h"
#include "output.h"

#include <string.h>

enum release_option { OPTION_NOTE = OPTION_OF_ONE_CLIENT_VERB, OPTION_ACTION, OPTION_BUILD_ID };

static const struct option_row rows[] = {
    {OPTION_ACTION, "action", "ACTION", "retry (default), cure-stray, forget or mark-imported"},
    {OPTION_BUILD_ID, "build-id", "N", "the build of the hub that is it, for mark-imported"},
    {OPTION_NOTE, "note", "TEXT", "what was done about it; kept with the decision"},
    CLIENT_VERB_JSON_ROW,
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

struct release {
    struct client_verb verb;
    const char *note, *action;
    int64_t build_id;
};

static int take_action(struct release *release, const char *name, struct cg_error *err)
{
    static const char *const actions[] = {"retry", "cure-stray", "forget", "mark-imported", NULL};
    for (const char *const *action = actions; *action; action++)
        if (strcmp(*action, name) == 0) {
            release->action = *action;
            return 0;
        }
    return cg_fail(err, CG_E_USAGE, "--action %s is not known; it may be retry, cure-stray, forget or mark-imported",
                   name);
}

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct release *release = context;
    if (client_verb_take(&release->verb, id, value))
        return 0;
    switch ((enum release_option)id) {
    case OPTION_NOTE:
        release->note = value;
        return 0;
    case OPTION_ACTION:
        return take_action(release, value, err);
    case OPTION_BUILD_ID:
        return options_number("build-id", value, 1, INT32_MAX, &release->build_id, err);
    }
    return 0;
}

/* mark-imported and --build-id go together. */
static int judge(void *context, const char *name, struct cg_error *err)
{
    const struct release *release = context;
    (void)name;
    bool marks = release->action && strcmp(release->action, "mark-imported") == 0;
    if (marks && release->build_id == 0)
        return cg_fail(err, CG_E_USAGE, "--action mark-imported needs --build-id: which build of the hub is it?");
    if (!marks && release->build_id != 0)
        return cg_fail(err, CG_E_USAGE, "--build-id is for --action mark-imported");
    return 0;
}

static int release_one(void *context, const char *name, struct cg_error *err)
{
    struct release *release = context;
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:o*, s:s*, s:o*}", "note", release->note ? output_string(release->note) : NULL, "action",
                  release->action, "build_id", release->build_id ? json_integer(release->build_id) : NULL);
    CG_AUTO_FREE char *body = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    if (!body)
        return cg_fail_memory(err);
    struct operation operation = {.what = "release", .body = body, .body_bytes = strlen(body)};
    return operate(&release->verb, name, &operation, err);
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "one import is released: its id or NVR", .take = take, .judge = judge, .act = release_one};
    struct release release = {.verb = {.verb = &verb_release}};
    return client_verb_run_about_one(&release, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [--action ACTION] [--note TEXT] [OPTION]...", NULL};

const struct verb verb_release = {
    .name = "release",
    .summary = "let a held import of the service go on",
    .usage = usage,
    .description = "Puts a held import, named by its id or its NVR (then the newest of it), into the queue again after "
                   "a person saw to the reason. docs/operations.md says what to do for each.",
    .exit_statuses = "  0  in the queue again\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy\n"
                     "  4  it is not held\n",
    .groups = groups,
    .run = run,
};
