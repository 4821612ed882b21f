/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an import works with: journal, signals, the connection to the hub. */
#include "hub_check.h"
#include "import_command.h"
#include "state_directory.h"

/* Without a journal a killed import cannot be taken up again: where none was asked for that is only said. */
static int open_journal(struct import_command *command, struct cg_error *err)
{
    if (command->journal == IMPORT_JOURNAL_NONE || command->request.extent == IMPORT_DRY_RUN)
        return 0;
    if (command->journal == IMPORT_JOURNAL_GIVEN) {
        command->request.journal_directory = command->state_directory;
        return state_directory_make(command->state_directory, err);
    }
    struct cg_error reason = {0};
    command->journal_directory = state_directory_default(&reason);
    if (command->journal_directory && state_directory_make(command->journal_directory, &reason) == 0)
        command->request.journal_directory = command->journal_directory;
    else
        progress_say(&command->progress, "no journal is kept: %s; see --state-dir", reason.message);
    return 0;
}

static void session_noted(void *context, const char *line)
{
    struct import_command *command = context;
    progress_say(&command->progress, "%s", line);
}

/* A mistyped tag is found out before anything is sent. */
static int check_tag(struct import_command *command, struct cg_error *err)
{
    if (!command->request.tag)
        return 0;
    CG_AUTO_BYTES struct cg_bytes why = {0};
    int open = hub_check_tag_is_open(command->session, command->request.tag, &why, err);
    if (open != 0)
        return open < 0 ? -1 : 0;
    cg_fail(err, CG_E_REFUSED, "%s", cg_bytes_text(&why));
    return cg_hint(err, "nothing was sent: give --tag a tag that takes builds");
}

/* What the first Ctrl-C does at the step that is under way. */
static const char *stopping_text(const struct import_command *command)
{
    if (command->list)
        return "builds that are being imported are waited for, no other is begun; once more leaves them, with their "
               "outcome unknown";
    if (atomic_load(&command->step) == IMPORT_STEP_IMPORT)
        return "the hub is importing, and its answer is waited for; once more leaves it, with the outcome unknown";
    if (atomic_load(&command->step) == IMPORT_STEP_TAG)
        return "the build is imported; tagging goes on at the hub and is not waited for";
    return "what was taken on the hub is given back; once more leaves it";
}

static void told_to_stop(void *context, enum stop_level level)
{
    struct import_command *command = context;
    if (level == STOP_NOW)
        progress_say(&command->progress, "leaving everything at once; a third time kills");
    else
        progress_say(&command->progress, "stopping: %s", stopping_text(command));
}

static int catch_signals(struct import_command *command, struct cg_error *err)
{
    if (stop_init(&command->stop, err) < 0)
        return -1;
    if (signals_begin(&command->signals, &command->stop, told_to_stop, command, err) < 0) {
        stop_finish(&command->stop);
        return -1;
    }
    command->catches_signals = true;
    return 0;
}

int import_connect(struct import_command *command, struct cg_error *err)
{
    command->profile = connection_profile(&command->connection, err);
    if (!command->profile || catch_signals(command, err) < 0 || open_journal(command, err) < 0)
        return -1;
    const struct koji_session_options options = {
        .stop = &command->stop, .note = session_noted, .note_context = command};
    command->session = koji_session_create(command->profile, &options, err);
    command->request.checker = command->checker = command->session ? cg_checker_create(err) : NULL;
    return command->checker ? 0 : -1;
}

int import_login(struct import_command *command, const char *nvr, struct cg_error *err)
{
    struct import_greeting *greeting = &command->greeting;
    if (koji_session_login(command->session, err) < 0 || import_greet(command->session, nvr, greeting, err) < 0)
        return -1;
    command->request.identity = &greeting->identity;
    command->request.foreknown = greeting->foreknown;
    if (command->talk == IMPORT_VERBOSE) {
        progress_say(&command->progress, "logged in to %s as %s", command->profile->server,
                     greeting->identity.name ? greeting->identity.name : "nobody");
        if (command->request.journal_directory)
            progress_say(&command->progress, "the journal is kept in %s", command->request.journal_directory);
    }
    return check_tag(command, err);
}

void import_close(struct import_command *command)
{
    /* Everything is told already: that the hub keeps the session until it expires is no failure of the import. */
    if (command->session && koji_session_logged_in(command->session))
        koji_session_logout(command->session, NULL);
    koji_session_destroy(command->session);
    import_greeting_finish(&command->greeting);
    cg_checker_destroy(command->checker);
    koji_profile_destroy(command->profile);
    free(command->journal_directory);
    secret_finish(&command->token);
    if (command->catches_signals) {
        signals_end(&command->signals);
        stop_finish(&command->stop);
    }
    progress_finish(&command->progress);
}
