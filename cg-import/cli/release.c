/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* release: let a held import of the service go on. */
#include "operate.h"
#include "output.h"

#include <string.h>

enum release_option { OPTION_NOTE = OPTION_OF_ONE_CLIENT_VERB };

static const struct option_row rows[] = {
    {OPTION_NOTE, "note", "TEXT", "what was done about it; kept with the decision"},
    {OPTION_CLIENT_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

struct release {
    struct client_verb verb;
    const char *note;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct release *release = context;
    (void)err;
    if (!client_verb_take(&release->verb, id, value))
        release->note = value;
    return 0;
}

static int release_one(struct release *release, const char *name, struct cg_error *err)
{
    CG_AUTO_JSON json_t *detail = json_pack("{s:o*}", "note", release->note ? output_string(release->note) : NULL);
    CG_AUTO_FREE char *body = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    if (!body)
        return cg_fail_memory(err);
    struct operation operation = {.what = "release", .body = body, .body_bytes = strlen(body)};
    return operate(&release->verb, name, &operation, err);
}

static int run(int argc, char **argv)
{
    struct release release = {.verb = {.verb = &verb_release}};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_release, argc, argv, take, &release, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1) {
        cg_fail(&err, CG_E_USAGE, "one import is released: its id or NVR");
        return verbs_refuse(&verb_release, argv, &err);
    }
    if (client_verb_begin(&release.verb, &err) == 0)
        release_one(&release, argv[first], &err);
    return client_verb_end(&release.verb, &err);
}

static const char *const usage[] = {"IMPORT [--note TEXT] [OPTION]...", NULL};

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
