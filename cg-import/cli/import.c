/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import: brings a finished build, or a list of them, into a hub. */
#include "import_command.h"
#include "terminal.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

/* Parallel uploads and builds at once: beyond these a hub is harmed, not helped. */
#define LANES_MAX 32
#define JOBS_MAX 64

/* A reservation token, for scripts that would not have it in the process list. */
#define TOKEN_VARIABLE "CG_IMPORT_TOKEN"

enum import_option {
    OPTION_QUIET = 'q',
    OPTION_VERBOSE = 'v',
    OPTION_TOKEN = OPTION_OF_VERB,
    OPTION_TOKEN_FILE,
    OPTION_BUILD_ID,
    OPTION_RESERVE,
    OPTION_DRAFT,
    OPTION_TAG,
    OPTION_LINK,
    OPTION_DRY_RUN,
    OPTION_STRICT,
    OPTION_BATCH,
    OPTION_JOBS,
    OPTION_LANES,
    OPTION_CLEAR_STRAY,
    OPTION_JSON,
    OPTION_STATE_DIR,
    OPTION_NO_JOURNAL,
    OPTION_INSPECT,
    OPTION_NO_INSPECT,
    OPTION_IMAGE_LEVEL,
};

static const struct option_row what_rows[] = {
    {OPTION_RESERVE, "reserve", NULL, "reserve the NVR first; the build id is put into the metadata that is uploaded"},
    {OPTION_BUILD_ID, "build-id", "N", "the NVR is reserved as build N; needs the token"},
    {OPTION_TOKEN, "token", "TOKEN", "token of that reservation (better: --token-file, or in " TOKEN_VARIABLE ")"},
    {OPTION_TOKEN_FILE, "token-file", "FILE", "file whose first line is the token"},
    {OPTION_DRAFT, "draft", NULL, "import as a draft; refused where the hub would make it a normal build"},
    {OPTION_TAG, "tag", "TAG", "tag the build, list its package there if need be, and wait for the tag task"},
    {OPTION_STRICT, "strict", NULL, "warnings refuse, too"},
    {OPTION_DRY_RUN, "dry-run", NULL, "check everything, files and hub included, and change nothing"},
    {0, NULL, NULL, NULL},
};
static const struct option_row how_rows[] = {
    {OPTION_LINK, "link", NULL, "put the files onto the hub's mounted volume (reflink, hard link, copy), send nothing"},
    {OPTION_LANES, "lanes", "N", "upload so many files of a build at once (default: 4)"},
    {OPTION_CLEAR_STRAY, "clear-stray", NULL,
     "no import of this build is running: have the hub remove what a dead one left"},
    {OPTION_BATCH, "batch", "LIST", "import the builds that the file LIST names (\"-\": standard input)"},
    {OPTION_JOBS, "jobs", "N", "import so many builds of the list at once (default: 4)"},
    {OPTION_STATE_DIR, "state-dir", "DIR", "where the journal is kept that lets a killed import be taken up again"},
    {OPTION_NO_JOURNAL, "no-journal", NULL, "keep none"},
    {0, NULL, NULL, NULL},
};
static const struct option_row image_rows[] = {
    {OPTION_INSPECT, "inspect", NULL,
     "look into container images before anything is sent: are they what the metadata says? A dry run does"},
    {OPTION_NO_INSPECT, "no-inspect", NULL, "do not, in a dry run either"},
    {OPTION_IMAGE_LEVEL, "image-level", "LEVEL",
     "make all findings about images an error, a warning, or off; RULE=LEVEL those of image.RULE; may be repeated"},
    {0, NULL, NULL, NULL},
};
static const struct option_row output_rows[] = {
    {OPTION_JSON, "json", NULL, "print the result as a JSON object, a line for each build of a list"},
    {OPTION_QUIET, "quiet", NULL, "no progress and no notes, only results and errors"},
    {OPTION_VERBOSE, "verbose", NULL, "also tell who is logged in where, and digests"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"What is imported", what_rows},
    {"Images", image_rows},
    {"How", how_rows},
    {"Output", output_rows},
    {"Hub", connection_hub_rows},
    {"Login", connection_login_rows},
    {"Places", connection_place_rows},
    {NULL, NULL},
};

/* --- reading the command line --------------------------------------------------------------------------------------
 */

/* Keeps the token and blots it out of the process list, where every user of the machine can read it. */
static int take_token(struct import_command *command, const char *value, struct cg_error *err)
{
    if (secret_set(&command->token, value, err) < 0)
        return -1;
    /* getopt's value is a piece of argv, which a program may write to. */
    memset((char *)value, 'x', strlen(value));
    return 0;
}

static int take_number(const char *option, const char *value, unsigned most, unsigned *number, struct cg_error *err)
{
    int64_t read;
    if (options_number(option, value, 1, most, &read, err) < 0)
        return -1;
    *number = (unsigned)read;
    return 0;
}

static int take_output(struct import_command *command, int id, const char *value)
{
    switch (id) {
    case OPTION_JSON:
        command->json = true;
        return 1;
    case OPTION_QUIET:
        command->talk = IMPORT_QUIET;
        return 1;
    case OPTION_VERBOSE:
        command->talk = IMPORT_VERBOSE;
        return 1;
    case OPTION_STATE_DIR:
        command->journal = IMPORT_JOURNAL_GIVEN;
        command->state_directory = value;
        return 1;
    case OPTION_NO_JOURNAL:
        command->journal = IMPORT_JOURNAL_NONE;
        return 1;
    default:
        return 0;
    }
}

/* 1: it was one of these, 0, or -1 with CG_E_USAGE. */
static int take_image(struct import_command *command, int id, const char *value, struct cg_error *err)
{
    switch (id) {
    case OPTION_INSPECT:
        command->inspection = IMPORT_INSPECT;
        return 1;
    case OPTION_NO_INSPECT:
        command->inspection = IMPORT_INSPECT_NOT;
        return 1;
    case OPTION_IMAGE_LEVEL:
        return cg_image_levels_set(&command->images.levels, value, err) < 0 ? -1 : 1;
    default:
        return 0;
    }
}

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct import_command *command = context;
    struct import_request *request = &command->request;
    int taken = take_image(command, id, value, err);
    if (taken != 0)
        return taken < 0 ? -1 : 0;
    switch (id) {
    case OPTION_TOKEN:
        return take_token(command, value, err);
    case OPTION_TOKEN_FILE:
        command->token_file = value;
        return 0;
    case OPTION_BUILD_ID:
        return options_number("build-id", value, 1, INT32_MAX, &request->build_id, err);
    case OPTION_RESERVE:
        request->reservation = IMPORT_RESERVE;
        return 0;
    case OPTION_DRAFT:
        request->draft = KOJI_DRAFT;
        return 0;
    case OPTION_TAG:
        request->tag = value;
        return 0;
    case OPTION_LINK:
        request->transfer = IMPORT_LINK;
        return 0;
    case OPTION_DRY_RUN:
        request->extent = IMPORT_DRY_RUN;
        return 0;
    case OPTION_STRICT:
        request->strict = true;
        return 0;
    case OPTION_CLEAR_STRAY:
        request->stray = IMPORT_STRAY_CLEAR;
        return 0;
    case OPTION_BATCH:
        command->list = value;
        return 0;
    case OPTION_JOBS:
        return take_number("jobs", value, JOBS_MAX, &command->jobs, err);
    case OPTION_LANES:
        return take_number("lanes", value, LANES_MAX, &request->lanes, err);
    default:
        if (take_output(command, id, value))
            return 0;
        return connection_take(&command->connection, id, value, err) < 0 ? -1 : 0;
    }
}

/* A token from the file or the environment, unless the command line had one. */
static int find_token(struct import_command *command, struct cg_error *err)
{
    const char *variable = getenv(TOKEN_VARIABLE);
    if (secret_is_set(&command->token) && command->token_file)
        return cg_fail(err, CG_E_USAGE, "--token and --token-file both give a token: give one of them");
    if (command->token_file)
        return secret_set_from_file(&command->token, command->token_file, err);
    if (!secret_is_set(&command->token) && variable && *variable)
        return secret_set(&command->token, variable, err);
    return 0;
}

static int settle_reservation(struct import_command *command, struct cg_error *err)
{
    struct import_request *request = &command->request;
    if (find_token(command, err) < 0)
        return -1;
    if (!secret_is_set(&command->token)) {
        if (request->build_id == 0)
            return 0;
        cg_fail(err, CG_E_USAGE, "--build-id needs the token of the reservation");
        return cg_hint(err, "give it by --token-file or in the environment variable " TOKEN_VARIABLE);
    }
    if (request->reservation == IMPORT_RESERVE)
        return cg_fail(err, CG_E_USAGE, "--reserve makes a reservation of its own, but a token of another is given");
    if (command->list)
        return cg_fail(err, CG_E_USAGE, "a token is for one build, but --batch names a list of them");
    request->reservation = IMPORT_RESERVED;
    request->token = &command->token;
    return 0;
}

static int take_arguments(struct import_command *command, int argc, char **argv, struct cg_error *err)
{
    if (command->list && argc > 0)
        return cg_fail(err, CG_E_USAGE, "--batch names the builds, and \"%s\" is too many", argv[0]);
    if (command->list)
        return 0;
    if (command->jobs > 0)
        return cg_fail(err, CG_E_USAGE, "--jobs is for --batch; the files of one build go in --lanes");
    if (argc < 2)
        return cg_fail(err, CG_E_USAGE,
                       argc < 1 ? "the metadata file and the directory of the files are missing"
                                : "the directory of the output files is missing");
    if (argc > 2) {
        cg_fail(err, CG_E_USAGE, "one metadata file and one directory, and \"%s\" is too many", argv[2]);
        return cg_hint(err, "many builds are imported by --batch LIST");
    }
    command->file = argv[0];
    command->request.directory = argv[1];
    return 0;
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

static enum progress_form form_of(const struct import_command *command)
{
    if (command->talk == IMPORT_QUIET)
        return PROGRESS_NONE;
    return terminal_repaints(stderr) ? PROGRESS_BAR : PROGRESS_LINES;
}

static int run(int argc, char **argv)
{
    struct import_command command = {.talk = IMPORT_NORMAL, .images.levels = cg_image_levels_default()};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_import, argc, argv, take, &command, &first, &status) == VERBS_STOP) {
        secret_finish(&command.token);
        return status;
    }
    if (take_arguments(&command, argc - first, argv + first, &err) < 0 || settle_reservation(&command, &err) < 0) {
        secret_finish(&command.token);
        return verbs_refuse(&verb_import, argv, &err);
    }
    bool dry = command.request.extent == IMPORT_DRY_RUN;
    if (command.inspection == IMPORT_INSPECT || (command.inspection == IMPORT_INSPECT_DEFAULT && dry))
        command.request.images = &command.images;
    progress_init(&command.progress, stderr, form_of(&command));
    status = command.list ? import_list(&command) : import_build(&command);
    import_close(&command);
    return status;
}

static const char *const usage[] = {"[OPTION]... METADATA DIR", "[OPTION]... --batch LIST", NULL};

const struct verb verb_import = {
    .name = "import",
    .summary = "check a finished build, upload it, import it and see that the hub has it",
    .usage = usage,
    .description =
        "Checks the content-generator metadata in METADATA (\"-\": standard input) and the output files in DIR, "
        "uploads them, imports the build, verifies what the hub then has, and prints build id, NVR and web address, "
        "parted by tabs. Run again after any failure it asks the hub what became of the first run and goes on from "
        "there; nothing is imported twice.",
    .exit_statuses = "  0  done: the hub has the build\n"
                     "  1  refused: by the check, the hub, or a login it does not accept\n"
                     "  2  wrong usage, configuration or local files\n"
                     "  3  temporary: run the same command again later\n"
                     "  4  conflict: the NVR is taken by another build or reserved by someone else\n"
                     "  5  unknown outcome: run the same command again, never import another way\n",
    .groups = groups,
    .run = run,
};
