/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a string value that are looked at for `got`: the report cuts to CG_REPORT_GOT_MAX characters' worth. */
#define GOT_STRING_MAX (2 * CG_REPORT_GOT_MAX)

/* --- findings ------------------------------------------------------------------------------------------------------
 */

static int write_pointer(struct cg_bytes *pointer, const struct rules_place *place, struct cg_error *err)
{
    if (!place->up)
        return 0;
    if (write_pointer(pointer, place->up, err) < 0)
        return -1;
    if (place->name)
        return cg_pointer_push_name(pointer, place->name, place->name_size, err);
    return cg_pointer_push_index(pointer, place->index, err);
}

/* The value as JSON: scalars whole, long strings cut before they are written, containers by their size. */
static char *show(const json_t *value)
{
    char text[64];
    if (json_is_object(value)) {
        snprintf(text, sizeof text, "an object of %zu members", json_object_size(value));
        return strdup(text);
    }
    if (json_is_array(value)) {
        snprintf(text, sizeof text, "an array of %zu items", json_array_size(value));
        return strdup(text);
    }
    if (!json_is_string(value) || json_string_length(value) <= GOT_STRING_MAX)
        return json_dumps(value, JSON_ENCODE_ANY);

    size_t size = GOT_STRING_MAX;
    const char *string = json_string_value(value);
    while (size > 0 && ((unsigned char)string[size] & 0xC0U) == 0x80U)
        size--;
    CG_AUTO_JSON json_t *cut = json_stringn_nocheck(string, size);
    return cut ? json_dumps(cut, JSON_ENCODE_ANY) : NULL;
}

__attribute__((format(printf, 5, 0))) static int record(struct rules *rules, struct cg_finding finding,
                                                        const struct rules_place *place, const json_t *got,
                                                        const char *format, va_list args)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    CG_AUTO_FREE char *shown = NULL;
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    if (write_pointer(&pointer, place, rules->err) < 0)
        return -1;
    if (got && !(shown = show(got)))
        return cg_fail_memory(rules->err);
    finding.pointer = cg_bytes_text(&pointer);
    finding.message = message;
    finding.got = shown;
    return cg_report_add(rules->report, &finding, rules->err);
}

void rules_find(struct rules *rules, enum cg_level level, const char *rule, const struct rules_place *place,
                const json_t *got, const char *expected, const char *format, ...)
{
    if (rules->failed)
        return;
    struct cg_finding finding = {.level = level, .rule = rule, .expected = expected};
    va_list args;
    va_start(args, format);
    if (record(rules, finding, place, got, format, args) < 0)
        rules->failed = true;
    va_end(args);
}

/* --- the run -------------------------------------------------------------------------------------------------------
 */

/* kojihub.py:6977 compares with !=, so false and 0.0 pass as 0. */
static void metadata_version(struct rules *rules, const struct rules_place *root)
{
    const json_t *version = json_object_get(rules->document, "metadata_version");
    struct rules_place place = rules_member(root, "metadata_version");
    if (json_is_false(version) || (json_is_real(version) && json_real_value(version) == 0))
        rules_find(rules, CG_LEVEL_WARNING, "metadata-version.integer", &place, version, "0",
                   "the metadata version is an integer; the hub takes this for 0");
    else if (version && !(json_is_integer(version) && json_integer_value(version) == 0))
        rules_find(rules, CG_LEVEL_ERROR, "metadata-version.unknown", &place, version, "0",
                   "the hub knows metadata version 0 only");
}

int rules_run(const json_t *document, const struct cg_hub_facts *hub, struct cg_report *report, struct cg_error *err)
{
    struct rules rules = {.document = document, .report = report, .err = err};
    struct rules_place root = {0};
    if (rules_hub_begin(&rules, hub) == 0) {
        metadata_version(&rules, &root);
        rules_build(&rules, &root);
        rules_buildroots(&rules, &root);
        rules_outputs(&rules, &root);
        rules_destinations(&rules, &root);
        rules_texts(&rules, &root);
    } else {
        rules.failed = true;
    }
    rules_hub_finish(&rules);
    return rules.failed ? -1 : 0;
}
