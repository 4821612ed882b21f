/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cancel: give an import of the service up. */
#include "operate.h"
#include "output.h"

static const struct option_row rows[] = {
    CLIENT_VERB_JSON_ROW,
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

static int cancel(void *context, const char *name, struct cg_error *err)
{
    return operate(context, name, &(struct operation){.what = "cancel"}, err);
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "one import is canceled: its id or NVR", .take = client_verb_take_all, .act = cancel};
    struct client_verb verb = {.verb = &verb_cancel};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [OPTION]...", NULL};

const struct verb verb_cancel = {
    .name = "cancel",
    .summary = "give an import of the service up",
    .usage = usage,
    .description =
        "Cancels an import, named by its id or its NVR (then the newest of it). One that is running is asked "
        "to stop, and canceled where that leaves the hub clean.",
    .exit_statuses = "  0  canceled, or asked to stop\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy\n"
                     "  4  its state does not allow it\n",
    .groups = groups,
    .run = run,
};
