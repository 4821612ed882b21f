/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* retry: import again what was rejected, canceled or held. */
#include "operate.h"
#include "output.h"

#include "cg/json.h"

enum retry_option { OPTION_METADATA = OPTION_OF_ONE_CLIENT_VERB };

static const struct option_row rows[] = {
    {OPTION_METADATA, "metadata", "FILE", "corrected metadata of the same NVR: a new import, linked to the old"},
    CLIENT_VERB_JSON_ROW,
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

static int retry_one(void *context, const char *name, struct cg_error *err)
{
    struct client_verb *verb = context;
    CG_AUTO_BYTES struct cg_bytes document = {0};
    struct operation operation = {.what = "retry"};
    if (verb->own) {
        if (cg_json_load_file(verb->own, &document, err) < 0)
            return -1;
        operation.body = cg_bytes_text(&document);
        operation.body_bytes = document.size;
    }
    return operate(verb, name, &operation, err);
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "one import is tried again: its id or NVR", .take = client_verb_take_all, .act = retry_one};
    struct client_verb verb = {.verb = &verb_retry};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [--metadata FILE] [OPTION]...", NULL};

const struct verb verb_retry = {
    .name = "retry",
    .summary = "import again what the service holds, rejected or canceled",
    .usage = usage,
    .description = "Puts an import, named by its id or its NVR (then the newest of it), into the queue again; or, with "
                   "corrected metadata, makes a new one in its place.",
    .exit_statuses = "  0  in the queue again\n"
                     "  1  the metadata is refused; or the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy\n"
                     "  4  its state does not allow it\n",
    .groups = groups,
    .run = run,
};
