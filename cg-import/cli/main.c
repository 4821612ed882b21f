/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cg-import: finds the verb on the command line and runs it. */
#include "output.h"
#include "suggest.h"
#include "terminal.h"
#include "verbs.h"
#include "version.h"

#include "content/image_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

const struct verb *const verbs[] = {&verb_check,      &verb_import,  &verb_hub,     &verb_submit, &verb_list,
                                    &verb_show,       &verb_watch,   &verb_retry,   &verb_cancel, &verb_release,
                                    &verb_provenance, &verb_serve,   &verb_migrate, &verb_token,  &verb_backfill,
                                    &verb_audit,      &verb_witness, &verb_help,    NULL};

const struct verb *verbs_find(const char *name, const char **near)
{
    struct suggestion suggestion = {.typed = name};
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
        suggest_consider(&suggestion, (*verb)->name);
    }
    *near = suggestion.name;
    return NULL;
}

int verbs_refuse(const struct verb *verb, char *const *argv, const struct cg_error *err)
{
    int status = cg_code_info(err->code)->exit_status;
    output_error(stderr, verb->name, err);
    if (err->code == CG_E_USAGE)
        fprintf(stderr, "    try \"cg-import %s --help\"\n", verb->name);
    for (; *argv; argv++)
        if (strcmp(*argv, "--json") == 0) {
            CG_AUTO_JSON json_t *object = json_pack("{s:o}", "error", output_error_json(err, status));
            output_json(stdout, object, NULL);
            break;
        }
    return status;
}

enum verbs_begin verbs_begin(const struct verb *verb, int argc, char **argv, options_take *take, void *context,
                             int *first, int *status)
{
    struct cg_error err = {0};
    switch (options_parse(verb, argc, argv, take, context, first, &err)) {
    case OPTIONS_READ:
        return VERBS_GO;
    case OPTIONS_HELP:
        options_print_help(stdout, verb, terminal_page_width(stdout));
        *status = EXIT_DONE;
        return VERBS_STOP;
    case OPTIONS_WRONG:
        break;
    }
    *status = verbs_refuse(verb, argv, &err);
    return VERBS_STOP;
}

static int unknown_verb(const char *typed, const char *near)
{
    struct cg_error err = {0};
    if (typed[0] == '-') {
        cg_fail(&err, CG_E_USAGE, "option %s without a verb before it", typed);
        cg_hint(&err, "options come after the verb: cg-import import --profile NAME METADATA DIR");
    } else {
        cg_fail(&err, CG_E_USAGE, "there is no verb \"%s\"", typed);
        if (near)
            cg_hint(&err, "did you mean \"%s\"?", near);
    }
    output_error(stderr, "usage", &err);
    fputs("    try \"cg-import help\"\n", stderr);
    return EXIT_LOCAL;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        verbs_print_overview(stderr);
        return EXIT_LOCAL;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version_print(stdout);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        verbs_print_overview(stdout);
        return EXIT_DONE;
    }
    const char *near = NULL;
    const struct verb *verb = verbs_find(argv[1], &near);
    return verb ? verb->run(argc - 1, argv + 1) : unknown_verb(argv[1], near);
}

/* A stream that is closed stays one that cannot be used: no file or connection gets its number and what is printed. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    /* A closed pipe must not kill an import on its way. */
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], IMAGE_READER_VERB) == 0)
        return image_reader_main(argc - 1, argv + 1);
    int status = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("cg-import: cannot write to standard output\n", stderr);
        return status == EXIT_DONE ? EXIT_LOCAL : status;
    }
    return status;
}
