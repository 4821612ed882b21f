/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_IMPORT_COMMAND_H
#define CLI_IMPORT_COMMAND_H

/*
 * The import verb's parts: what was asked for (import.c), what it works with (import_open.c), one build
 * (import_build.c), a list of builds (import_list.c), and how a result is shown (import_show.c).
 */

#include "connection.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

#include "base/stop.h"
#include "import/batch.h"
#include "import/greet.h"
#include "import/images.h"
#include "import/pipeline.h"

#include <stdatomic.h>

enum import_talk {
    IMPORT_QUIET,   /* the result and errors only */
    IMPORT_NORMAL,  /* and steps, progress, what goes wrong on the way */
    IMPORT_VERBOSE, /* and who we are, digests */
};

/* Whether container images are looked into: that reads the files a second time. */
enum import_inspection {
    IMPORT_INSPECT_DEFAULT, /* in a dry run, which reads them all the same */
    IMPORT_INSPECT,         /* --inspect */
    IMPORT_INSPECT_NOT,     /* --no-inspect */
};

/* Where journals go. */
enum import_journaling {
    IMPORT_JOURNAL_DEFAULT,
    IMPORT_JOURNAL_GIVEN, /* --state-dir */
    IMPORT_JOURNAL_NONE,  /* --no-journal */
};

/* The command line and what was opened for it. */
struct import_command {
    struct connection connection;
    struct import_request request; /* what is the same for every build; text and directory of the one */
    const char *file;              /* METADATA, NULL with a list */
    const char *list;              /* --batch; NULL: one build */
    unsigned jobs;
    bool json;
    enum import_talk talk;
    enum import_inspection inspection;
    struct import_images images;
    enum import_journaling journal;
    const char *state_directory;

    const char *token_file;
    struct secret token;
    char *journal_directory; /* owned */
    struct stop stop;
    struct signals signals;
    bool catches_signals; /* stop and signals are begun */
    struct progress progress;
    atomic_int step; /* enum import_step of the one build, for the message to who stops it */
    struct koji_profile *profile;
    struct koji_session *session;
    struct import_greeting greeting; /* what the hub told at the login */
    struct cg_checker *checker;
};

/*
 * Prepares all that needs no hub: profile, journal, session, checker. Only from here on are signals caught: what is
 * read from standard input before it can be left by Ctrl-C. 0 or -1.
 */
int import_connect(struct import_command *command, struct cg_error *err);

/* Logs in and asks what is asked before an import, of the build `nvr`; NULL: of none. 0 or -1. */
int import_login(struct import_command *command, const char *nvr, struct cg_error *err);

/* Logs out and releases all, whatever was opened of it. */
void import_close(struct import_command *command);

/* Each imports, shows the result and returns the exit status. */
int import_build(struct import_command *command);
int import_list(struct import_command *command);

/* "imported", "already", "checked", "nothing" */
const char *import_outcome_name(enum import_outcome outcome);

/* On standard error: what could not be done with the build and why. `name` is used until its NVR is known. */
void import_show_error(const char *name, const struct import_result *result, const struct cg_error *error);

/* Result and error of one build, for programs. New reference, NULL when out of memory. */
json_t *import_show_json(const struct import_result *result, const struct cg_error *error);

/*
 * The same for people: "BUILD_ID NVR URL" on standard output, findings and failure on standard error. `name` is the
 * metadata file's.
 */
void import_show_text(struct import_command *command, const char *name, const struct import_result *result,
                      const struct cg_error *error);

#endif
