/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cancel: give an import of the service up. */
#include "operate.h"
#include "output.h"

static const struct option_row rows[] = {
    {OPTION_CLIENT_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    (void)err;
    client_verb_take(context, id, value);
    return 0;
}

static int run(int argc, char **argv)
{
    struct client_verb verb = {.verb = &verb_cancel};
    struct operation cancel = {.what = "cancel"};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_cancel, argc, argv, take, &verb, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1) {
        cg_fail(&err, CG_E_USAGE, "one import is canceled: its id or NVR");
        return verbs_refuse(&verb_cancel, argv, &err);
    }
    if (client_verb_begin(&verb, &err) == 0)
        operate(&verb, argv[first], &cancel, &err);
    return client_verb_end(&verb, &err);
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
