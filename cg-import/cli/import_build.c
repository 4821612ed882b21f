/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Imports the one build of the command line. */
#include "import_command.h"

#include "base/clock.h"
#include "cg/json.h"

#include <string.h>

/* --- what happens on the way ---------------------------------------------------------------------------------------
 */

static const char *step_phrase(enum import_step step)
{
    switch (step) {
    case IMPORT_STEP_CHECK:
        return "checking";
    case IMPORT_STEP_ASK:
        return "asking the hub";
    case IMPORT_STEP_RECOVER:
        return "taking up an earlier run";
    case IMPORT_STEP_UPLOAD:
        return "uploading";
    case IMPORT_STEP_RESERVE:
        return "reserving";
    case IMPORT_STEP_IMPORT:
        return "importing";
    case IMPORT_STEP_VERIFY:
        return "verifying";
    case IMPORT_STEP_TAG:
        return "tagging";
    }
    return "working";
}

static void step_began(void *context, enum import_step step, const char *detail)
{
    struct import_command *command = context;
    atomic_store(&command->step, (int)step);
    progress_end(&command->progress, clock_monotonic_ms());
    bool linking = command->request.transfer == IMPORT_LINK;
    progress_say(&command->progress, "%s%s%s",
                 step == IMPORT_STEP_UPLOAD && linking ? "putting the files onto the hub's volume" : step_phrase(step),
                 detail && detail[0] ? ": " : "", detail ? detail : "");
    if (step == IMPORT_STEP_CHECK)
        progress_begin(&command->progress, "reading", "read", PROGRESS_BYTES, clock_monotonic_ms());
    if (step == IMPORT_STEP_UPLOAD)
        progress_begin(&command->progress, linking ? "linking" : "uploading", linking ? "linked" : "uploaded",
                       PROGRESS_BYTES, clock_monotonic_ms());
}

static void moved_on(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct import_command *command = context;
    progress_update(&command->progress, done_bytes, total_bytes, clock_monotonic_ms());
}

static void noted(void *context, const char *line)
{
    struct import_command *command = context;
    progress_say(&command->progress, "%s", line);
}

/* --- the build -----------------------------------------------------------------------------------------------------
 */

static int check(struct import_command *command, const struct cg_hub_facts *facts, struct cg_report **report,
                 struct cg_metadata **metadata, struct cg_error *err)
{
    struct cg_check_options options = {.strict = command->request.strict, .hub = facts};
    return cg_checker_check(command->checker, command->request.text, command->request.text_size, &options, report,
                            metadata, err);
}

/* A refused document is told all its faults at once: those by the hub's lists, too, if the hub tells them. */
static int check_by_lists(struct import_command *command, struct cg_report **report, struct cg_error *err)
{
    CG_AUTO(koji_hub_lists_finish) struct koji_hub_lists lists = {0};
    struct cg_error untold = {0};
    if (koji_hub_lists_read(command->session, &lists, &untold) < 0)
        return 0;
    cg_report_destroy(*report);
    *report = NULL;
    return check(command, &lists.facts, report, NULL, err) < 0 ? -1 : 0;
}

/*
 * Refuses a document that is wrong before anyone logs in; what it takes is checked again with its files and by the
 * hub's lists. 0 with *metadata, or -1.
 */
static int check_before_login(struct import_command *command, struct import_result *result,
                              struct cg_metadata **metadata, struct cg_error *err)
{
    CG_AUTO_REPORT struct cg_report *report = NULL;
    int verdict = check(command, NULL, &report, metadata, err);
    if (verdict <= 0)
        return verdict;
    if (check_by_lists(command, &report, err) < 0)
        return -1;
    size_t errors = cg_report_count(report, CG_LEVEL_ERROR);
    result->report = CG_STEAL(report);
    cg_fail(err, CG_E_REFUSED, "the metadata has %zu error%s", errors, errors == 1 ? "" : "s");
    return cg_hint(err, "nothing was sent: correct the metadata and run the same command again");
}

static int run_build(struct import_command *command, struct cg_bytes *text, struct import_result *result,
                     struct cg_error *err)
{
    if (cg_json_load_file(command->file, text, err) < 0)
        return -1;
    command->request.metadata_name = strcmp(command->file, "-") == 0 ? "standard input" : command->file;
    command->request.text = cg_bytes_text(text);
    command->request.text_size = text->size;
    CG_AUTO_METADATA struct cg_metadata *metadata = NULL;
    if (import_connect(command, err) < 0 || check_before_login(command, result, &metadata, err) < 0 ||
        import_login(command, metadata->nvr, err) < 0)
        return -1;
    const struct import_listener listener = {
        .step = step_began, .progress = moved_on, .note = noted, .context = command};
    int outcome = import_run(command->session, &command->greeting.lists, &command->request, &listener, result, err);
    if (outcome < 0)
        progress_break_off(&command->progress);
    else
        progress_end(&command->progress, clock_monotonic_ms());
    return outcome;
}

int import_build(struct import_command *command)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO(import_result_finish) struct import_result result = {0};
    struct cg_error err = {0};
    run_build(command, &text, &result, &err);
    if (command->json) {
        CG_AUTO_JSON json_t *object = import_show_json(&result, &err);
        output_json(stdout, object, &err);
    }
    if (!command->json)
        import_show_text(command, command->file, &result, &err);
    else if (err.code != CG_OK)
        import_show_error(command->file, &result, &err);
    return cg_code_info(err.code)->exit_status;
}
