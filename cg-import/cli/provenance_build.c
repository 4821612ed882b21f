/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One build: where it came from, what it is made of, in lines for people; its components as CSV. */
#include "output.h"
#include "provenance.h"

#include "cg/bytes.h"

#include <string.h>
#include <time.h>

#define LABEL_COLUMN 12

static void show(FILE *out, const char *label, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "%-*s", LABEL_COLUMN, label);
    output_text(out, LABEL_COLUMN, text);
}

/* Shows texts of members, NULL-terminated, with two blanks between. */
static int show_members(FILE *out, const char *label, const json_t *object, const char *const *names,
                        struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    char number[PROVENANCE_NUMBER_SIZE];
    for (; *names; names++) {
        const char *text = provenance_text(object, *names, number);
        if (*text && cg_bytes_printf(&line, err, line.size ? "  %s" : "%s", text) != 0)
            return -1;
    }
    show(out, label, cg_bytes_text(&line));
    return 0;
}

static int show_each(FILE *out, const char *label, const json_t *list, const char *const *names, struct cg_error *err)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        if (show_members(out, label, one, names, err) != 0)
            return -1;
    }
    return 0;
}

static void show_time(FILE *out, const char *label, const json_t *seconds)
{
    time_t at = (time_t)json_integer_value(seconds);
    struct tm parts;
    char text[32];
    if (at > 0 && gmtime_r(&at, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
        show(out, label, text);
}

/* --- what became of it on its hub ----------------------------------------------------------------------------------
 */

static int show_on_hub(FILE *out, const json_t *answer, struct cg_error *err)
{
    static const char *const members[] = {"state", "nvr", "told_at", "told_by", NULL};
    static const char *const event[] = {"time", "kind", "nvr", "user", NULL};
    const json_t *told = json_object_get(json_object_get(answer, "build"), "on_hub");
    CG_AUTO_BYTES struct cg_bytes tags = {0};
    size_t i;
    const json_t *tag;
    if (show_members(out, "on its hub", told, members, err) != 0)
        return -1;
    json_array_foreach(json_object_get(told, "tags"), i, tag)
    {
        if (cg_bytes_printf(&tags, err, tags.size ? " %s" : "%s", json_string_value(tag)) != 0)
            return -1;
    }
    show(out, "tags", cg_bytes_text(&tags));
    return show_each(out, "event", json_object_get(answer, "hub_events"), event, err);
}

/* --- what it is ----------------------------------------------------------------------------------------------------
 */

static int show_identity(FILE *out, const json_t *build, const json_t *facts, struct cg_error *err)
{
    static const char *const members[] = {"hub", "build_id", "state", "imported_at", "origin", "facts_from", NULL};
    static const char *const pair[] = {"name", "version", NULL};
    static const char *const parent[] = {"kind", "nvr", "build_id", "pullspec", NULL};
    char number[PROVENANCE_NUMBER_SIZE];
    output_paragraph(out, 0, provenance_text(facts, "nvr", number));
    if (show_members(out, "build", build, members, err) != 0)
        return -1;
    show(out, "import", provenance_text(build, "import", number));
    show(out, "posted by", provenance_text(build, "caller", number));
    show(out, "metadata", provenance_text(build, "metadata_sha256", number));
    show(out, "remark", provenance_text(build, "remark", number));
    show(out, "source", provenance_text(facts, "source", number));
    show(out, "task", provenance_text(facts, "task_id", number));
    show(out, "owner", provenance_text(facts, "owner", number));
    show(out, "submitter", provenance_text(facts, "submitter", number));
    show_time(out, "started", json_object_get(facts, "start_time"));
    show_time(out, "ended", json_object_get(facts, "end_time"));
    if (show_each(out, "generator", json_object_get(facts, "content_generators"), pair, err) != 0 ||
        show_each(out, "parent", json_object_get(facts, "parents"), parent, err) != 0)
        return -1;
    static const char *const remote[] = {"name", "url", NULL};
    return show_each(out, "remote", json_object_get(facts, "remote_sources"), remote, err);
}

/* Manifest digests, config and pull specs of an image. */
static int show_image(FILE *out, const json_t *image)
{
    const char *media_type;
    const json_t *value;
    size_t i;
    char number[PROVENANCE_NUMBER_SIZE];
    json_object_foreach(json_object_get(image, "manifests"), media_type, value)
    {
        show(out, "  manifest", json_string_value(value));
    }
    show(out, "  config", provenance_text(image, "config_id", number));
    json_array_foreach(json_object_get(image, "pull"), i, value)
    {
        show(out, "  pull", json_string_value(value));
    }
    return 0;
}

static int show_outputs(FILE *out, const json_t *facts, struct cg_error *err)
{
    size_t i;
    const json_t *output;
    char number[PROVENANCE_NUMBER_SIZE], size[PROVENANCE_NUMBER_SIZE];
    if (json_is_object(json_object_get(facts, "index"))) {
        show(out, "index", "all architectures");
        show_image(out, json_object_get(facts, "index"));
    }
    json_array_foreach(json_object_get(facts, "outputs"), i, output)
    {
        CG_AUTO_BYTES struct cg_bytes line = {0};
        size_t components = json_array_size(json_object_get(output, "components"));
        if (cg_bytes_printf(&line, err, "%s  %s  %s  %s bytes  %s:%s", provenance_text(output, "path", number),
                            provenance_text(output, "type", number), provenance_text(output, "arch", number),
                            provenance_text(output, "size_bytes", size),
                            provenance_text(output, "checksum_type", number),
                            provenance_text(output, "checksum", number)) != 0 ||
            (components > 0 && cg_bytes_printf(&line, err, "  %zu components", components) != 0))
            return -1;
        show(out, "output", cg_bytes_text(&line));
        show_image(out, json_object_get(output, "image"));
    }
    return 0;
}

/* --- components ----------------------------------------------------------------------------------------------------
 */

/* Who has which component: told for each buildroot or output. */
typedef int component_teller(FILE *out, const char *part, size_t position, const char *arch, const json_t *component,
                             struct cg_error *err);

static int tell_row(FILE *out, const char *part, size_t position, const char *arch, const json_t *component,
                    struct cg_error *err)
{
    static const char *const members[] = {"type",  "name",   "version",  "release",  "arch",
                                          "epoch", "sigmd5", "filename", "checksum", "nvr"};
    char at[PROVENANCE_NUMBER_SIZE], numbers[10][PROVENANCE_NUMBER_SIZE];
    const char *fields[14] = {part, at, arch};
    snprintf(at, sizeof at, "%zu", position);
    for (size_t i = 0; i < 10; i++)
        fields[3 + i] = provenance_text(component, members[i], numbers[i]);
    return provenance_csv(out, err, fields);
}

static int tell_line(FILE *out, const char *part, size_t position, const char *arch, const json_t *component,
                     struct cg_error *err)
{
    char n[PROVENANCE_NUMBER_SIZE];
    CG_AUTO_BYTES struct cg_bytes line = {0};
    const char *file = provenance_text(component, "filename", n);
    (void)arch;
    if (cg_bytes_printf(&line, err, "%s %zu  ", part, position) != 0)
        return -1;
    int result =
        *file ? cg_bytes_printf(&line, err, "%s  %s", file, provenance_text(component, "nvr", n))
              : cg_bytes_printf(&line, err, "%s-%s-%s.%s  %s", provenance_text(component, "name", n),
                                provenance_text(component, "version", n), provenance_text(component, "release", n),
                                provenance_text(component, "arch", n), provenance_text(component, "sigmd5", n));
    if (result == 0)
        output_paragraph(out, 2, cg_bytes_text(&line));
    return result;
}

static int tell_components(FILE *out, const json_t *facts, const char *holders, const char *part,
                           component_teller *tell, struct cg_error *err)
{
    const json_t *components = json_object_get(facts, "components");
    size_t i, j;
    const json_t *holder, *index;
    char number[PROVENANCE_NUMBER_SIZE];
    json_array_foreach(json_object_get(facts, holders), i, holder)
    {
        const json_t *host = json_object_get(holder, "host");
        const char *arch = provenance_text(host ? host : holder, "arch", number);
        json_array_foreach(json_object_get(holder, "components"), j, index)
        {
            const json_t *entry = json_array_get(components, (size_t)json_integer_value(index));
            if (tell(out, part, i, arch, json_object_get(entry, "component"), err) != 0)
                return -1;
        }
    }
    return 0;
}

int provenance_print_build(FILE *out, const json_t *answer, enum provenance_form form,
                           enum provenance_components components, struct cg_error *err)
{
    const json_t *facts = json_object_get(answer, "facts");
    if (form == PROVENANCE_CSV) {
        static const char *const names[] = {"part",     "position", "part_arch", "type",  "name",
                                            "version",  "release",  "arch",      "epoch", "sigmd5",
                                            "filename", "checksum", "nvr",       NULL};
        return provenance_csv(out, err, names) != 0 ||
                       tell_components(out, facts, "outputs", "output", tell_row, err) != 0
                   ? -1
                   : tell_components(out, facts, "buildroots", "buildroot", tell_row, err);
    }
    if (show_identity(out, json_object_get(answer, "build"), facts, err) != 0 || show_on_hub(out, answer, err) != 0 ||
        show_outputs(out, facts, err) != 0)
        return -1;
    return components == PROVENANCE_LISTED ? tell_components(out, facts, "outputs", "output", tell_line, err) : 0;
}
