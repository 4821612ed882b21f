/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: finds the verb below it and runs it. */
#include "audit.h"
#include "output.h"
#include "suggest.h"
#include "terminal.h"

#include <string.h>

static const struct verb *const below[] = {
    &verb_audit_keygen, &verb_audit_log,    &verb_audit_show,   &verb_audit_prove,
    &verb_audit_verify, &verb_audit_mirror, &verb_audit_export, NULL};

/* "keygen" of "audit keygen". */
static const char *short_name(const struct verb *verb)
{
    return strchr(verb->name, ' ') + 1;
}

#define DEEDS "keygen, log, show, prove, verify, mirror or export"

static int refuse(char **argv, const char *typed)
{
    struct cg_error err = {0};
    struct suggestion suggestion = {.typed = typed ? typed : ""};
    for (const struct verb *const *verb = below; *verb; verb++)
        suggest_consider(&suggestion, short_name(*verb));
    if (!typed)
        cg_fail(&err, CG_E_USAGE, "what to do is missing: " DEEDS);
    else
        cg_fail(&err, CG_E_USAGE, "audit cannot \"%s\": it can " DEEDS, typed);
    if (typed && suggestion.name)
        cg_hint(&err, "did you mean \"%s\"?", suggestion.name);
    return verbs_refuse(&verb_audit, argv, &err);
}

static int run(int argc, char **argv)
{
    const char *typed = argc > 1 ? argv[1] : NULL;
    if (typed && (strcmp(typed, "--help") == 0 || strcmp(typed, "-h") == 0)) {
        options_print_help(stdout, &verb_audit, terminal_page_width(stdout));
        return EXIT_DONE;
    }
    for (const struct verb *const *verb = below; typed && *verb; verb++)
        if (strcmp(short_name(*verb), typed) == 0)
            return (*verb)->run(argc - 1, argv + 1);
    return refuse(argv, typed);
}

static const char *const usage[] = {
    "keygen NAME --output FILE",
    "log IMPORT [OPTION]...",
    "show INDEX [OPTION]...",
    "prove INDEX [OPTION]...",
    "verify PROOF|DIRECTORY --key KEY [OPTION]...",
    "mirror URL DIRECTORY --key KEY [OPTION]...",
    "export DIRECTORY --key KEY [OPTION]...",
    NULL,
};

const struct verb verb_audit = {
    .name = "audit",
    .summary = "verify, copy and prove the audit trail; make its keys",
    .usage = usage,
    .description = "The audit trail is a transparency log of every import. It is verified here from what is signed, "
                   "without trusting the service. Each of the verbs has --help.",
    .exit_statuses = "  0  the verb's help was shown; see each verb for its own\n"
                     "  2  wrong usage\n",
    .groups = NULL,
    .run = run,
};
