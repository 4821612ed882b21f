/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* help: what verbs there are, and the help of one. */
#include "output.h"
#include "terminal.h"
#include "verbs.h"

#include <stdint.h>
#include <string.h>

void verbs_print_overview(FILE *out)
{
    fputs("Usage: cg-import VERB [OPTION]... [ARGUMENT]...\n       cg-import --help | --version\n\n", out);
    terminal_wrap(out, "Checks finished content-generator builds and imports them into a Koji hub.", 0,
                  terminal_page_width(out));
    fputs("\nVerbs:\n", out);
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        fprintf(out, "  %-10s ", (*verb)->name);
        terminal_wrap(out, (*verb)->summary, 13, terminal_page_width(out));
    }
    fputs("\n\"cg-import VERB --help\" tells the options of a verb, \"man cg-import\" the rest.\n", out);
}

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    (void)context;
    (void)value;
    return cg_fail(err, CG_E_INTERNAL, "option %d is in no table", id);
}

static int run(int argc, char **argv)
{
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_help, argc, argv, take, NULL, &first, &status) == VERBS_STOP)
        return status;
    if (first == argc) {
        verbs_print_overview(stdout);
        return EXIT_DONE;
    }
    const char *near = NULL;
    const struct verb *verb = verbs_find(argv[first], &near);
    /* "help audit verify" is "audit verify --help": the place of a word before them is free for the last. */
    if (verb) {
        char **words = argv + first - 1;
        memmove(words, argv + first, (size_t)(argc - first) * sizeof *words);
        argv[argc - 1] = (char *)(uintptr_t) "--help";
        return verb->run(argc - first + 1, words);
    }
    struct cg_error err = {0};
    cg_fail(&err, CG_E_USAGE, "there is no verb \"%s\"", argv[first]);
    if (near)
        cg_hint(&err, "did you mean \"%s\"?", near);
    return verbs_refuse(&verb_help, argv, &err);
}

static const char *const usage[] = {"[VERB]...", NULL};

const struct verb verb_help = {
    .name = "help",
    .summary = "show the verbs, or the help of one",
    .usage = usage,
    .description = "Lists the verbs, or shows what \"cg-import VERB --help\" shows.",
    .run = run,
};
