/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import_command.h"

#include <inttypes.h>

const char *import_outcome_name(enum import_outcome outcome)
{
    switch (outcome) {
    case IMPORT_DONE:
        return "imported";
    case IMPORT_ALREADY:
        return "already";
    case IMPORT_CHECKED:
        return "checked";
    case IMPORT_NOTHING:
        break;
    }
    return "nothing";
}

/* --- for programs --------------------------------------------------------------------------------------------------
 */

static json_t *id_json(int64_t id)
{
    return id > 0 ? json_integer(id) : json_null();
}

json_t *import_show_json(const struct import_result *result, const struct cg_error *error)
{
    CG_AUTO_JSON json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "outcome",
        import_outcome_name(result->outcome), "build_id", id_json(result->build_id), "nvr", output_string(result->nvr),
        "url", output_string(result->url), "metadata_sha256", output_string(result->metadata_sha256), "uploaded_sha256",
        output_string(result->uploaded_sha256), "metadata_verified", result->stored == IMPORT_STORED_SAME,
        "total_bytes", (json_int_t)result->total_bytes, "sent_bytes", (json_int_t)result->sent_bytes, "linked_bytes",
        (json_int_t)result->linked_bytes, "tag", output_string(result->tag), "tag_task_id",
        id_json(result->tag_task_id), "left_on_hub", output_string(result->left_on_hub));
    json_t *report = result->report ? cg_report_json(result->report, NULL) : json_null();
    if (!object || json_object_set_new(object, "report", report) < 0)
        return NULL;
    if (error->code != CG_OK &&
        json_object_set_new(object, "error", output_error_json(error, cg_code_info(error->code)->exit_status)) < 0)
        return NULL;
    return CG_STEAL(object);
}

/* --- for people ----------------------------------------------------------------------------------------------------
 */

/* What standard output is read for: one line a build, fields parted by tabs. */
static void print_build(const struct import_result *result)
{
    const char *url = result->url ? result->url : "-";
    if (result->outcome == IMPORT_CHECKED)
        printf("would be accepted\t%s\t-\n", result->nvr ? result->nvr : "-");
    else
        printf("%" PRId64 "\t%s\t%s\n", result->build_id, result->nvr ? result->nvr : "-", url);
    fflush(stdout);
}

static void say_how_it_went(struct import_command *command, const struct import_result *result,
                            const struct cg_error *error)
{
    struct progress *progress = &command->progress;
    if (result->outcome == IMPORT_ALREADY)
        progress_say(progress, "the hub has this very build of %s already: nothing was %s",
                     result->nvr ? result->nvr : "it", result->sent_bytes == 0 ? "sent" : "imported twice");
    if (result->linked_bytes > 0) {
        char linked[PROGRESS_SIZE_TEXT];
        progress_size_text(result->linked_bytes, linked);
        progress_say(progress, "%s came to the hub's volume without being sent", linked);
    }
    bool tagged = result->tag && error->code == CG_OK && result->outcome != IMPORT_CHECKED;
    if (tagged && result->tag_task_id > 0)
        progress_say(progress, "tagged into %s by task %" PRId64, result->tag, result->tag_task_id);
    else if (tagged)
        progress_say(progress, "was tagged into %s before", result->tag);
    if (command->talk == IMPORT_VERBOSE && result->metadata_sha256)
        progress_say(progress, "metadata as given: sha256 %s", result->metadata_sha256);
    if (command->talk == IMPORT_VERBOSE && result->uploaded_sha256)
        progress_say(progress, "metadata as uploaded: sha256 %s", result->uploaded_sha256);
    if (command->talk == IMPORT_VERBOSE && result->stored == IMPORT_STORED_SAME)
        progress_say(progress, "metadata.json on the hub: the same, byte for byte");
    if (command->talk == IMPORT_VERBOSE && result->unread_reason && result->stored == IMPORT_STORED_UNREAD)
        progress_say(progress, "metadata.json on the hub: not compared: %s", result->unread_reason);
}

static void say_warnings(struct import_command *command, const char *name, const struct cg_report *report)
{
    size_t count = report ? cg_report_count(report, CG_LEVEL_WARNING) : 0;
    if (count > 0)
        progress_say(&command->progress, "%zu warning%s: \"cg-import check %s\" shows %s", count, count == 1 ? "" : "s",
                     name, count == 1 ? "it" : "them");
}

static const char *what_failed(const struct import_result *result, const struct cg_error *error)
{
    if (result->outcome == IMPORT_NOTHING)
        return "import";
    return result->tag || error->code == CG_E_TAG ? "tag" : "finish the import of";
}

void import_show_error(const char *name, const struct import_result *result, const struct cg_error *error)
{
    CG_AUTO_BYTES struct cg_bytes what = {0};
    cg_bytes_printf(&what, NULL, "cannot %s %s", what_failed(result, error), result->nvr ? result->nvr : name);
    output_error(stderr, cg_bytes_text(&what), error);
}

static void print_failure(const char *name, const struct import_result *result, const struct cg_error *error)
{
    if (result->report && cg_report_count(result->report, CG_LEVEL_ERROR) > 0) {
        output_paragraph(stderr, 0, name);
        output_report(stderr, result->report, NULL);
    }
    import_show_error(name, result, error);
    if (result->left_on_hub) {
        fputs("    left on the hub: ", stderr);
        output_text(stderr, 4, result->left_on_hub);
    }
}

void import_show_text(struct import_command *command, const char *name, const struct import_result *result,
                      const struct cg_error *error)
{
    if (result->outcome != IMPORT_NOTHING) {
        say_how_it_went(command, result, error);
        say_warnings(command, name, result->report);
        print_build(result);
    }
    if (error->code != CG_OK)
        print_failure(name, result, error);
}
