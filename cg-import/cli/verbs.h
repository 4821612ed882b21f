/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

/* The verbs of the program, each in a file of its own. */

#include "options.h"

extern const struct verb verb_check;
extern const struct verb verb_import;
extern const struct verb verb_hub;
extern const struct verb verb_submit;
extern const struct verb verb_list;
extern const struct verb verb_show;
extern const struct verb verb_watch;
extern const struct verb verb_retry;
extern const struct verb verb_cancel;
extern const struct verb verb_release;
extern const struct verb verb_provenance;
extern const struct verb verb_serve;
extern const struct verb verb_migrate;
extern const struct verb verb_token;
extern const struct verb verb_backfill;
extern const struct verb verb_audit;
extern const struct verb verb_witness;
extern const struct verb verb_help;

/* All of them, in the order in which help lists them; NULL-terminated. */
extern const struct verb *const verbs[];

/* The verb of that name, NULL if there is none; *near is then the name that may have been meant, or NULL. */
const struct verb *verbs_find(const char *name, const char **near);

/* What every verb begins with: reads its options, prints its help if asked. */
enum verbs_begin {
    VERBS_GO,   /* options are read, *first is set */
    VERBS_STOP, /* nothing is left to do: exit with *status */
};
enum verbs_begin verbs_begin(const struct verb *verb, int argc, char **argv, options_take *take, void *context,
                             int *first, int *status);

/* Says why a verb cannot begin, and where to read on; also as JSON if argv has --json. Returns the exit status. */
int verbs_refuse(const struct verb *verb, char *const *argv, const struct cg_error *err);

/* The list of verbs. */
void verbs_print_overview(FILE *out);

#endif
