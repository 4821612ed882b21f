/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"
#include "suggest.h"
#include "terminal.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* All options of one verb, --help and the end mark included. */
#define OPTIONS_MAX 48
/* Column at which the explanations of options begin. */
#define HELP_COLUMN 29

static const struct option_row help_rows[] = {
    {OPTION_HELP, "help", NULL, "show this and do nothing else"},
    {0, NULL, NULL, NULL},
};
static const struct option_group no_groups[] = {{NULL, NULL}};

static const struct option_group *groups_of(const struct verb *verb)
{
    return verb->groups ? verb->groups : no_groups;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

/* The verb's tables in getopt_long's form. */
struct getopt_tables {
    struct option options[OPTIONS_MAX];
    size_t count;
    char letters[2 * OPTIONS_MAX + 2];
};

static void add_row(struct getopt_tables *tables, const struct option_row *row)
{
    if (tables->count + 1 >= OPTIONS_MAX)
        abort(); /* a table grew beyond OPTIONS_MAX: seen by the first run of the verb */
    tables->options[tables->count++] =
        (struct option){row->name, row->argument ? required_argument : no_argument, NULL, row->id};
    if (row->id >= OPTION_LONG_ONLY)
        return;
    size_t end = strlen(tables->letters);
    tables->letters[end] = (char)row->id;
    if (row->argument)
        tables->letters[end + 1] = ':';
}

static void fill_tables(struct getopt_tables *tables, const struct verb *verb)
{
    *tables = (struct getopt_tables){.letters = ":"};
    for (const struct option_group *group = groups_of(verb); group->title; group++)
        for (const struct option_row *row = group->rows; row->name; row++)
            add_row(tables, row);
    add_row(tables, help_rows);
}

static const char *name_of(const struct getopt_tables *tables, int id)
{
    for (size_t i = 0; i < tables->count; i++)
        if (tables->options[i].val == id)
            return tables->options[i].name;
    return "";
}

/* getopt_long refused argument `word`: says why. */
static enum options_outcome refuse(const struct getopt_tables *tables, const char *word, struct cg_error *err)
{
    if (strncmp(word, "--", 2) != 0) {
        cg_fail(err, CG_E_USAGE, "unknown option -%c", optopt);
        return OPTIONS_WRONG;
    }
    size_t length = strcspn(word + 2, "=");
    for (size_t i = 0; i < tables->count; i++)
        if (optopt != 0 && tables->options[i].val == optopt && tables->options[i].has_arg == no_argument) {
            cg_fail(err, CG_E_USAGE, "option --%s takes no value, and \"%s\" gives it one", tables->options[i].name,
                    word);
            return OPTIONS_WRONG;
        }

    char typed[SUGGEST_LENGTH_MAX + 2];
    snprintf(typed, sizeof typed, "%.*s", (int)(length < sizeof typed ? length : sizeof typed - 1), word + 2);
    struct suggestion suggestion = {.typed = typed};
    size_t meant = 0;
    for (size_t i = 0; i < tables->count; i++) {
        suggest_consider(&suggestion, tables->options[i].name);
        meant += strncmp(tables->options[i].name, typed, strlen(typed)) == 0;
    }
    if (meant > 1)
        cg_fail(err, CG_E_USAGE, "option --%s may mean several: write it out", typed);
    else
        cg_fail(err, CG_E_USAGE, "unknown option --%s", typed);
    if (suggestion.name)
        cg_hint(err, "did you mean --%s?", suggestion.name);
    return OPTIONS_WRONG;
}

enum options_outcome options_parse(const struct verb *verb, int argc, char **argv, options_take *take, void *context,
                                   int *first, struct cg_error *err)
{
    struct getopt_tables tables;
    fill_tables(&tables, verb);
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;
        int id = getopt_long(argc, argv, tables.letters, tables.options, NULL);
        if (id == -1)
            break;
        if (id == OPTION_HELP)
            return OPTIONS_HELP;
        if (id == ':') {
            cg_fail(err, CG_E_USAGE, "option --%s needs a value", name_of(&tables, optopt));
            return OPTIONS_WRONG;
        }
        /* Letters in one word ("-qx") leave optind behind: then the word is still at `at`. */
        if (id == '?')
            return refuse(&tables, argv[optind > at ? optind - 1 : at], err);
        if (take(context, id, optarg, err) < 0)
            return OPTIONS_WRONG;
    }
    *first = optind;
    return OPTIONS_READ;
}

int options_number(const char *option, const char *value, int64_t smallest, int64_t largest, int64_t *number,
                   struct cg_error *err)
{
    char *end = NULL;
    errno = 0;
    long long read = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || read < smallest || read > largest)
        return cg_fail(err, CG_E_USAGE, "--%s wants a whole number from %" PRId64 " to %" PRId64 ", not \"%s\"", option,
                       smallest, largest, value);
    *number = read;
    return 0;
}

/* --- help ----------------------------------------------------------------------------------------------------------
 */

static void print_row(FILE *out, const struct option_row *row, unsigned width)
{
    char head[80];
    char letter[] = "    ";
    if (row->id < OPTION_LONG_ONLY)
        snprintf(letter, sizeof letter, "-%c, ", row->id);
    int length = snprintf(head, sizeof head, "  %.4s--%s%s%s", letter, row->name, row->argument ? " " : "",
                          row->argument ? row->argument : "");
    fputs(head, out);
    if (length + 2 > HELP_COLUMN) {
        fputc('\n', out);
        length = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - length, "");
    terminal_wrap(out, row->help, HELP_COLUMN, width);
}

void options_print_help(FILE *out, const struct verb *verb, unsigned width)
{
    const char *head = "Usage: ";
    for (const char *const *usage = verb->usage; *usage; usage++, head = "       ")
        fprintf(out, "%scg-import %s%s%s\n", head, verb->name, **usage ? " " : "", *usage);
    fputc('\n', out);
    terminal_wrap(out, verb->description, 0, width);
    for (const struct option_group *group = groups_of(verb); group->title; group++) {
        fprintf(out, "\n%s:\n", group->title);
        for (const struct option_row *row = group->rows; row->name; row++)
            print_row(out, row, width);
    }
    fputs(verb->groups ? "\n" : "\nOptions:\n", out);
    print_row(out, help_rows, width);
    if (verb->exit_statuses)
        fprintf(out, "\nExit status:\n%s", verb->exit_statuses);
}
