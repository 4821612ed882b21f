/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of builds, of relatives and of differences: a line each. */
#include "output.h"
#include "provenance.h"

#include "cg/bytes.h"
#include "cg/printable.h"

#include <string.h>

/* --- fields --------------------------------------------------------------------------------------------------------
 */

const char *provenance_text(const json_t *object, const char *name, char number[PROVENANCE_NUMBER_SIZE])
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        snprintf(number, PROVENANCE_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return number;
    }
    return json_is_string(value) ? json_string_value(value) : "";
}

/* A field in quotes where it has what separates fields. Control characters come as escapes. */
static int append_field(struct cg_bytes *line, const char *field, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    if (cg_printable_append(&safe, field, err) != 0)
        return -1;
    const char *text = cg_bytes_text(&safe);
    if (!strpbrk(text, ",\""))
        return cg_bytes_append_text(line, text, err);
    if (cg_bytes_append(line, "\"", 1, err) != 0)
        return -1;
    for (; *text; text++)
        if (cg_bytes_append_text(line, *text == '"' ? "\"\"" : (char[]){*text, '\0'}, err) != 0)
            return -1;
    return cg_bytes_append(line, "\"", 1, err);
}

int provenance_csv(FILE *out, struct cg_error *err, const char *const *fields)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    for (size_t i = 0; fields[i]; i++)
        if ((i > 0 && cg_bytes_append(&line, ",", 1, err) != 0) || append_field(&line, fields[i], err) != 0)
            return -1;
    if (cg_bytes_append(&line, "\n", 1, err) != 0)
        return -1;
    fputs(cg_bytes_text(&line), out);
    return 0;
}

/* "hub koji: followed up to event 120, 2 imports not taken in yet; 3 histories brought in". */
static int append_hub(struct cg_bytes *text, const json_t *hub, struct cg_error *err)
{
    const json_t *outbox = json_object_get(hub, "outbox");
    json_int_t still_open = json_integer_value(json_object_get(outbox, "open"));
    size_t backfills = json_array_size(json_object_get(hub, "backfills"));
    char name[PROVENANCE_NUMBER_SIZE];
    if (cg_bytes_printf(text, err, "hub %s:", provenance_text(hub, "hub", name)) != 0)
        return -1;
    if (json_is_object(outbox) && cg_bytes_printf(text, err, " its record up to event %" JSON_INTEGER_FORMAT,
                                                  json_integer_value(json_object_get(outbox, "position"))) != 0)
        return -1;
    if (still_open > 0 &&
        cg_bytes_printf(text, err, ", but for %" JSON_INTEGER_FORMAT " imports that are not taken in yet",
                        still_open) != 0)
        return -1;
    if (backfills > 0 && cg_bytes_printf(text, err, "%s %zu %s of its history", json_is_object(outbox) ? " and" : "",
                                         backfills, backfills == 1 ? "backfill" : "backfills") != 0)
        return -1;
    return 0;
}

static int print_hubs(FILE *out, const json_t *range, struct cg_error *err)
{
    size_t i;
    const json_t *hub;
    json_array_foreach(json_object_get(range, "hubs"), i, hub)
    {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        if (append_hub(&text, hub, err) != 0)
            return -1;
        output_paragraph(out, 0, cg_bytes_text(&text));
    }
    return 0;
}

int provenance_print_range(FILE *out, const json_t *answer, struct cg_error *err)
{
    const json_t *range = json_object_get(answer, "complete_for");
    json_int_t unread = json_integer_value(json_object_get(range, "imports_without_facts"));
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_printf(&text, err,
                        "complete for the %" JSON_INTEGER_FORMAT
                        " builds of the trail and the first %" JSON_INTEGER_FORMAT " entries of its log",
                        json_integer_value(json_object_get(range, "builds")),
                        json_integer_value(json_object_get(range, "log_size"))) != 0)
        return -1;
    if (unread > 0 &&
        cg_bytes_printf(&text, err, ", but for %" JSON_INTEGER_FORMAT " imports from before there was provenance",
                        unread) != 0)
        return -1;
    output_paragraph(out, 0, cg_bytes_text(&text));
    return print_hubs(out, range, err);
}

/* --- builds --------------------------------------------------------------------------------------------------------
 */

static const char *const build_columns[] = {
    "nvr",         "build_id",    "hub",       "state",           "origin",     "content_generator",
    "task_id",     "owner",       "submitter", "caller",          "source",     "commit",
    "accepted_at", "imported_at", "import",    "metadata_sha256", "facts_from", NULL};
#define BUILD_COLUMNS (sizeof build_columns / sizeof build_columns[0] - 1)

/* What of the build was asked for: "openssl-3.0.7-27.el9.x86_64 in outputs 0 and 3". */
static int append_matches(struct cg_bytes *text, const json_t *build, struct cg_error *err)
{
    size_t i;
    const json_t *match;
    char number[PROVENANCE_NUMBER_SIZE];
    json_array_foreach(json_object_get(build, "matches"), i, match)
    {
        const char *component = provenance_text(match, "component", number);
        const char *what = *component ? component : provenance_text(match, "value", number);
        if (cg_bytes_printf(text, err, i ? " %s" : "%s", what) != 0)
            return -1;
    }
    return 0;
}

static int print_build_row(FILE *out, const json_t *build, struct cg_error *err)
{
    const char *fields[BUILD_COLUMNS + 2] = {0};
    char numbers[BUILD_COLUMNS][PROVENANCE_NUMBER_SIZE];
    CG_AUTO_BYTES struct cg_bytes matches = {0};
    if (append_matches(&matches, build, err) != 0)
        return -1;
    for (size_t i = 0; i < BUILD_COLUMNS; i++)
        fields[i] = provenance_text(build, build_columns[i], numbers[i]);
    fields[BUILD_COLUMNS] = cg_bytes_text(&matches);
    return provenance_csv(out, err, fields);
}

/* "NVR  build 12  2026-11-23T17:00:00  content generator  (matches)" */
static int print_build_line(FILE *out, const json_t *build, struct cg_error *err)
{
    char number[PROVENANCE_NUMBER_SIZE], unused[PROVENANCE_NUMBER_SIZE];
    CG_AUTO_BYTES struct cg_bytes line = {0};
    const char *state = provenance_text(build, "state", unused), *id = provenance_text(build, "build_id", number);
    bool is_imported = strcmp(state, "imported") == 0;
    if (cg_bytes_printf(&line, err, "%s  %s%s  %.19s  %s  ", provenance_text(build, "nvr", unused),
                        is_imported ? "build " : "", is_imported ? id : state,
                        provenance_text(build, is_imported ? "imported_at" : "accepted_at", unused),
                        provenance_text(build, "content_generator", unused)) != 0 ||
        append_matches(&line, build, err) != 0)
        return -1;
    output_text(out, 4, cg_bytes_text(&line));
    return 0;
}

int provenance_print_builds(FILE *out, const json_t *answer, enum provenance_form form, enum provenance_header header,
                            struct cg_error *err)
{
    const char *names[BUILD_COLUMNS + 2] = {0};
    memcpy(names, build_columns, BUILD_COLUMNS * sizeof names[0]);
    names[BUILD_COLUMNS] = "matches";
    if (form == PROVENANCE_CSV && header == PROVENANCE_NAMED && provenance_csv(out, err, names) != 0)
        return -1;
    size_t i;
    const json_t *build;
    json_array_foreach(json_object_get(answer, "builds"), i, build)
    {
        if ((form == PROVENANCE_CSV ? print_build_row : print_build_line)(out, build, err) != 0)
            return -1;
    }
    return 0;
}

/* --- relatives -----------------------------------------------------------------------------------------------------
 */

static const char *const related_columns[] = {"depth", "kind", "from", "nvr", "build_id", "pullspec", NULL};
#define RELATED_COLUMNS (sizeof related_columns / sizeof related_columns[0] - 1)

static int print_related_row(FILE *out, const json_t *entry, struct cg_error *err)
{
    const char *fields[RELATED_COLUMNS + 2] = {0};
    char numbers[RELATED_COLUMNS][PROVENANCE_NUMBER_SIZE];
    for (size_t i = 0; i < RELATED_COLUMNS; i++)
        fields[i] = provenance_text(entry, related_columns[i], numbers[i]);
    fields[RELATED_COLUMNS] = json_is_object(json_object_get(entry, "build")) ? "yes" : "no";
    return provenance_csv(out, err, fields);
}

/* Indented by its distance. */
static int print_related_line(FILE *out, const json_t *entry, struct cg_error *err)
{
    char number[PROVENANCE_NUMBER_SIZE], id[PROVENANCE_NUMBER_SIZE];
    json_int_t depth = json_integer_value(json_object_get(entry, "depth"));
    unsigned indent = 2U * (unsigned)(depth > 0 && depth < 40 ? depth : 1) - 2U;
    const char *nvr = provenance_text(entry, "nvr", number), *pullspec = provenance_text(entry, "pullspec", number);
    const char *build_id = provenance_text(entry, "build_id", id);
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if (cg_bytes_printf(&line, err, "%s%s%s  %s of %s%s%s%s", *nvr || !*build_id ? nvr : "build ",
                        *nvr || *build_id ? "" : pullspec, *nvr ? "" : build_id, provenance_text(entry, "kind", number),
                        provenance_text(entry, "from", number), *nvr && *pullspec ? "  " : "", *nvr ? pullspec : "",
                        json_is_object(json_object_get(entry, "build")) ? "" : "  (not in the trail)") != 0)
        return -1;
    output_paragraph(out, indent, cg_bytes_text(&line));
    return 0;
}

int provenance_print_related(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err)
{
    const char *names[RELATED_COLUMNS + 2] = {0};
    memcpy(names, related_columns, RELATED_COLUMNS * sizeof names[0]);
    names[RELATED_COLUMNS] = "in_trail";
    if (form == PROVENANCE_CSV && provenance_csv(out, err, names) != 0)
        return -1;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(answer, "related"), i, entry)
    {
        if ((form == PROVENANCE_CSV ? print_related_row : print_related_line)(out, entry, err) != 0)
            return -1;
    }
    if (json_is_true(json_object_get(answer, "truncated")))
        fputs("there are more: ask with a smaller --depth\n", stderr);
    return 0;
}

/* --- differences ---------------------------------------------------------------------------------------------------
 */

/* The versions of a list, with blanks between. */
static int append_versions(struct cg_bytes *text, const json_t *versions, struct cg_error *err)
{
    size_t i;
    const json_t *version;
    char number[PROVENANCE_NUMBER_SIZE];
    json_array_foreach(versions, i, version)
    {
        if (cg_bytes_printf(text, err, i ? " %s" : "%s", provenance_text(version, "version", number)) != 0)
            return -1;
    }
    return 0;
}

/* One thing that is there no more, is new, or changed: what it was, what it is. */
static int print_change(FILE *out, const char *part, const char *change, const json_t *thing, enum provenance_form form,
                        struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes from = {0};
    CG_AUTO_BYTES struct cg_bytes to = {0};
    bool is_added = strcmp(change, "added") == 0, is_removed = strcmp(change, "removed") == 0;
    char number[PROVENANCE_NUMBER_SIZE];
    if (append_versions(&from, json_object_get(thing, is_removed ? "versions" : "from"), err) != 0 ||
        append_versions(&to, json_object_get(thing, is_added ? "versions" : "to"), err) != 0)
        return -1;
    const char *name = provenance_text(thing, "name", number), *arch = provenance_text(thing, "arch", number);
    const char *before = cg_bytes_text(&from), *after = cg_bytes_text(&to);
    if (form == PROVENANCE_CSV)
        return provenance_csv(out, err, (const char *const[]){part, change, name, arch, before, after, NULL});
    CG_AUTO_BYTES struct cg_bytes line = {0};
    bool is_rebuilt = !is_added && !is_removed && strcmp(before, after) == 0;
    if (cg_bytes_printf(&line, err, "%s %s%s%s  %s%s%s",
                        is_added     ? "+"
                        : is_removed ? "-"
                                     : "~",
                        name, *arch ? "." : "", arch, before, *before && *after ? " -> " : "",
                        is_rebuilt ? "the same, built anew" : after) != 0)
        return -1;
    output_paragraph(out, 2, cg_bytes_text(&line));
    return 0;
}

static int print_part(FILE *out, const char *name, const char *title, const json_t *part, enum provenance_form form,
                      struct cg_error *err)
{
    static const char *const changes[] = {"changed", "added", "removed"};
    size_t counts[3], i;
    const json_t *thing;
    for (size_t c = 0; c < 3; c++)
        counts[c] = json_array_size(json_object_get(part, changes[c]));
    if (form == PROVENANCE_TEXT)
        fprintf(out, "%s: %zu changed, %zu added, %zu removed, %" JSON_INTEGER_FORMAT " the same\n", title, counts[0],
                counts[1], counts[2], json_integer_value(json_object_get(part, "same")));
    for (size_t c = 0; c < 3; c++) {
        json_array_foreach(json_object_get(part, changes[c]), i, thing)
        {
            if (print_change(out, name, changes[c], thing, form, err) != 0)
                return -1;
        }
    }
    return 0;
}

static int print_source(FILE *out, const json_t *source, enum provenance_form form, struct cg_error *err)
{
    char number[PROVENANCE_NUMBER_SIZE];
    const char *from = provenance_text(source, "from", number), *to = provenance_text(source, "to", number);
    if (form == PROVENANCE_CSV)
        return json_is_object(source)
                   ? provenance_csv(out, err, (const char *const[]){"source", "changed", "", "", from, to, NULL})
                   : 0;
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if (!json_is_object(source)) {
        fputs("source: the same\n", out);
        return 0;
    }
    if (cg_bytes_printf(&line, err, "source: %s -> %s", *from ? from : "none", *to ? to : "none") != 0)
        return -1;
    output_paragraph(out, 0, cg_bytes_text(&line));
    return 0;
}

int provenance_print_difference(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err)
{
    static const char *const parts[][2] = {
        {"components", "components"},
        {"parents", "parents"},
        {"remote_sources", "remote sources"},
        {"tools", "tools"},
        {"content_generators", "content generators"},
        {"buildroot_components", "components of the buildroots"},
    };
    const json_t *difference = json_object_get(answer, "difference");
    static const char *const names[] = {"part", "change", "name", "arch", "from", "to", NULL};
    if (form == PROVENANCE_CSV && provenance_csv(out, err, names) != 0)
        return -1;
    if (print_source(out, json_object_get(difference, "source"), form, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (print_part(out, parts[i][0], parts[i][1], json_object_get(difference, parts[i][0]), form, err) != 0)
            return -1;
    return 0;
}
