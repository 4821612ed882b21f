/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/*
 * One table says what options a verb has: the command line is read by it and --help printed from it.
 *
 * Options follow getopt_long: they may stand anywhere after the verb, "--" ends them, long names may be shortened as
 * far as they stay clear.
 */

#include "cg/error.h"

#include <stdint.h>
#include <stdio.h>

/* Ids below this are the option's letter as well. */
#define OPTION_LONG_ONLY 256
/* Every verb has -h, --help, which is not in its tables. */
#define OPTION_HELP 'h'

/* A table ends with a row whose name is NULL. */
struct option_row {
    int id;               /* what options_parse hands to the taker */
    const char *name;     /* without dashes */
    const char *argument; /* what stands in its place in the help, NULL: takes none */
    const char *help;     /* a phrase */
};

/* A list of groups ends with one whose title is NULL. */
struct option_group {
    const char *title;
    const struct option_row *rows;
};

struct verb {
    const char *name;
    const char *summary;               /* a phrase for the list of verbs */
    const char *const *usage;          /* what follows the verb, a line each; NULL-terminated */
    const char *description;           /* a paragraph */
    const char *exit_statuses;         /* lines for the end of the help */
    const struct option_group *groups; /* NULL: only --help */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
};

/* Takes one option; `value` is NULL for one without argument. 0, or -1 with CG_E_USAGE. */
typedef int options_take(void *context, int id, const char *value, struct cg_error *err);

enum options_outcome {
    OPTIONS_WRONG = -1, /* CG_E_USAGE or what the taker said */
    OPTIONS_READ = 0,
    OPTIONS_HELP = 1, /* --help was given: nothing else counts */
};

/* Reads argv[1..]; *first is then the index in argv of the first that is no option: getopt_long moves them to the end.
 */
enum options_outcome options_parse(const struct verb *verb, int argc, char **argv, options_take *take, void *context,
                                   int *first, struct cg_error *err);

/* Prints the help of a verb, lines of at most `width` columns. */
void options_print_help(FILE *out, const struct verb *verb, unsigned width);

/* A whole number from `smallest` to `largest`. 0, or -1 with CG_E_USAGE naming the option. */
int options_number(const char *option, const char *value, int64_t smallest, int64_t largest, int64_t *number,
                   struct cg_error *err);

#endif
