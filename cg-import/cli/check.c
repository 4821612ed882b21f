/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check: judges a metadata document, its output files, and what a hub would say to it. */
#include "connection.h"
#include "hub_check.h"
#include "output.h"
#include "progress.h"
#include "terminal.h"
#include "verbs.h"

#include "base/clock.h"
#include "cg/json.h"
#include "cg/nvr.h"
#include "import/files.h"
#include "import/images.h"

#include <string.h>

enum check_option { OPTION_STRICT = OPTION_OF_VERB, OPTION_JSON, OPTION_TAG, OPTION_NO_INSPECT, OPTION_IMAGE_LEVEL };

static const struct option_row rows[] = {
    {OPTION_STRICT, "strict", NULL, "warnings refuse, too"},
    {OPTION_JSON, "json", NULL, "print the report as one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_row image_rows[] = {
    {OPTION_NO_INSPECT, "no-inspect", NULL, "do not look into them"},
    {OPTION_IMAGE_LEVEL, "image-level", "LEVEL",
     "make all findings about images an error, a warning, or off; RULE=LEVEL those of image.RULE; may be repeated"},
    {0, NULL, NULL, NULL},
};
static const struct option_row hub_rows[] = {
    {OPTION_TAG, "tag", "TAG", "the build is meant for this tag: is it there, is the package allowed in it?"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"Report", rows},
    {"Images in the directory", image_rows},
    {"Check against a hub, without logging in", connection_hub_rows},
    {"Also ask the hub", hub_rows},
    {NULL, NULL},
};

/* What is asked for, and what was found. */
struct check {
    struct connection connection;
    bool strict;
    bool json;
    const char *tag;
    const char *file;
    const char *directory; /* NULL: none given */
    bool not_into_images;
    struct import_images images;

    struct cg_bytes text;
    struct cg_report *report;
    struct cg_metadata *metadata; /* NULL when the document is refused */
    json_t *notes;                /* of images, lines that are no findings */
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct check *check = context;
    switch (id) {
    case OPTION_STRICT:
        check->strict = true;
        return 0;
    case OPTION_JSON:
        check->json = true;
        return 0;
    case OPTION_TAG:
        check->tag = value;
        return 0;
    case OPTION_NO_INSPECT:
        check->not_into_images = true;
        return 0;
    case OPTION_IMAGE_LEVEL:
        return cg_image_levels_set(&check->images.levels, value, err);
    default:
        return connection_take(&check->connection, id, value, err) < 0 ? -1 : 0;
    }
}

static int take_arguments(struct check *check, int argc, char **argv, struct cg_error *err)
{
    if (argc < 1)
        return cg_fail(err, CG_E_USAGE, "the metadata file is missing");
    if (argc > 2)
        return cg_fail(err, CG_E_USAGE, "one metadata file and one directory at most, and \"%s\" is too many", argv[2]);
    check->file = argv[0];
    check->directory = argc > 1 ? argv[1] : NULL;
    if (check->tag && !connection_is_named(&check->connection))
        return cg_fail(err, CG_E_USAGE, "--tag %s needs a hub to ask: give --profile or --hub", check->tag);
    return 0;
}

/* Reading with a bar on a terminal and nothing elsewhere: standard error is for what is wrong. */
struct reading {
    struct check *check;
    struct progress progress;
};

static void reading_begin(struct reading *reading)
{
    progress_init(&reading->progress, stderr, terminal_repaints(stderr) ? PROGRESS_BAR : PROGRESS_NONE);
    progress_begin(&reading->progress, "reading", "read", PROGRESS_BYTES, clock_monotonic_ms());
}

static void reading_end(struct reading *reading)
{
    progress_break_off(&reading->progress);
    progress_finish(&reading->progress);
}

static void moved_on(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct reading *reading = context;
    progress_update(&reading->progress, done_bytes, total_bytes, clock_monotonic_ms());
}

static void noted(void *context, const char *line)
{
    const struct reading *reading = context;
    json_array_append_new(reading->check->notes, json_string(line));
}

static int check_files(struct check *check, struct cg_error *err)
{
    struct reading reading = {.check = check};
    const struct import_hashing_watch watch = {.progress = moved_on, .context = &reading};
    reading_begin(&reading);
    int found =
        import_files_check(check->metadata, check->directory, IMPORT_FILES_CHECKSUMS, &watch, check->report, err);
    reading_end(&reading);
    return found;
}

static int check_images(struct check *check, struct cg_error *err)
{
    struct reading reading = {.check = check};
    const struct import_images_watch watch = {.progress = moved_on, .note = noted, .context = &reading};
    if (check->not_into_images)
        return 0;
    reading_begin(&reading);
    int found = import_images_check(check->metadata, check->directory, &check->images, &watch, check->report, err);
    reading_end(&reading);
    return found;
}

/* 0 when the verdict is reached, whatever it is; -1 when none could be. */
static int judge(struct check *check, struct hub_check *hub, struct cg_error *err)
{
    struct cg_check_options options = {.strict = check->strict, .hub = hub ? &hub->lists.facts : NULL};
    if (cg_check(check->text.data ? check->text.data : "", check->text.size, &options, &check->report, &check->metadata,
                 err) < 0)
        return -1;
    if (!check->metadata)
        return 0;
    if (check->directory && (check_files(check, err) < 0 || check_images(check, err) < 0))
        return -1;
    if (check->tag && hub_check_tag(hub, check->tag, check->metadata, check->report, err) < 0)
        return -1;
    cg_report_sort(check->report, check->metadata->document);
    if (check->strict)
        cg_report_strict(check->report);
    return 0;
}

static int judge_with_hub(struct check *check, struct cg_error *err)
{
    if (!connection_is_named(&check->connection))
        return judge(check, NULL, err);
    CG_AUTO(hub_check_finish) struct hub_check hub = {0};
    if (hub_check_begin(&hub, &check->connection, err) < 0) {
        cg_hint(err, "without --profile, --config and --hub the document is checked against a stock hub");
        return -1;
    }
    return judge(check, &hub, err);
}

/* The NVR that a document names, refused or not; NULL if it names none. To be freed by the caller. */
static char *named_nvr(const struct check *check)
{
    if (check->metadata)
        return strdup(check->metadata->nvr);
    CG_AUTO_JSON json_t *document = cg_json_read(cg_bytes_text(&check->text), check->text.size, NULL, NULL);
    const char *name = NULL, *version = NULL, *release = NULL;
    if (json_unpack(document, "{s:{s:s, s:s, s:s}}", "build", "name", &name, "version", &version, "release", &release) <
        0)
        return NULL;
    return cg_nvr_join(name, version, release, NULL);
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static int show_text(const struct check *check, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes head = {0};
    CG_AUTO_FREE char *nvr = named_nvr(check);
    const char *file = strcmp(check->file, "-") == 0 ? "standard input" : check->file;
    if (cg_bytes_printf(&head, err, "%s%s%s%s", file, nvr ? " (" : "", nvr ? nvr : "", nvr ? ")" : "") < 0)
        return -1;
    output_paragraph(stdout, 0, cg_bytes_text(&head));
    if (output_report(stdout, check->report, err) < 0)
        return -1;
    const json_t *note;
    size_t i;
    json_array_foreach(check->notes, i, note)
    {
        CG_AUTO_BYTES struct cg_bytes line = {0};
        if (cg_bytes_printf(&line, err, "note: %s", json_string_value(note)) < 0)
            return -1;
        output_paragraph(stdout, 0, cg_bytes_text(&line));
    }
    if (check->directory && !check->metadata)
        fputs("the output files were not looked at: the document must be right first\n", stdout);
    return 0;
}

static int show_json(const struct check *check, struct cg_error *err)
{
    CG_AUTO_FREE char *nvr = named_nvr(check);
    CG_AUTO_JSON json_t *report = cg_report_json(check->report, err);
    CG_AUTO_JSON json_t *object =
        json_pack("{s:o, s:o, s:b, s:O}", "file", output_string(check->file), "nvr", output_string(nvr),
                  "files_checked", check->directory && check->metadata, "notes", check->notes);
    if (!report || !object || json_object_update(object, report) < 0)
        return cg_fail_memory(err);
    return output_json(stdout, object, err);
}

static int show_failure(const struct check *check, const struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes what = {0};
    cg_bytes_printf(&what, NULL, "cannot judge %s", check->file);
    output_error(stderr, cg_bytes_text(&what), err);
    if (check->json) {
        CG_AUTO_JSON json_t *object =
            json_pack("{s:o, s:o}", "file", output_string(check->file), "error", output_error_json(err, EXIT_LOCAL));
        output_json(stdout, object, NULL);
    }
    return EXIT_LOCAL;
}

static int check_and_show(struct check *check)
{
    struct cg_error err = {0};
    if (cg_json_load_file(check->file, &check->text, &err) < 0 || judge_with_hub(check, &err) < 0)
        return show_failure(check, &err);
    if ((check->json ? show_json(check, &err) : show_text(check, &err)) < 0)
        return show_failure(check, &err);
    return cg_report_count(check->report, CG_LEVEL_ERROR) > 0 ? EXIT_REFUSED : EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct check check = {.images.levels = cg_image_levels_default(), .notes = json_array()};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_check, argc, argv, take, &check, &first, &status) == VERBS_STOP)
        return status;
    if (take_arguments(&check, argc - first, argv + first, &err) < 0)
        return verbs_refuse(&verb_check, argv, &err);
    status = check_and_show(&check);
    cg_bytes_finish(&check.text);
    cg_report_destroy(check.report);
    cg_metadata_destroy(check.metadata);
    json_decref(check.notes);
    return status;
}

static const char *const usage[] = {"[OPTION]... METADATA [DIR]", NULL};

const struct verb verb_check = {
    .name = "check",
    .summary = "judge a metadata document and its output files; all findings at once",
    .usage = usage,
    .description = "Judges the content-generator metadata in METADATA (\"-\": standard input) as a hub would, and "
                   "stricter where a "
                   "hub takes what damages it. With DIR, also whether each output file is there with the stated size "
                   "and checksum, and whether container images are what the metadata says of them. "
                   "Nothing is changed anywhere.",
    .exit_statuses = "  0  acceptable (there may be warnings)\n"
                     "  1  refused: the findings say why\n"
                     "  2  could not judge: wrong usage, unreadable file, hub not reached\n",
    .groups = groups,
    .run = run,
};
