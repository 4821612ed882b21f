/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two forms a report is shown in: for people and for programs. */
#include "cg/printable.h"
#include "cg/report.h"

#include <string.h>

/* --- for people ----------------------------------------------------------------------------------------------------
 */

/* "    LABEL: TEXT\n"; nothing for a NULL text. */
static int append_line(struct cg_bytes *out, const char *label, const char *text, struct cg_error *err)
{
    if (!text)
        return 0;
    if (cg_bytes_printf(out, err, "    %s", label) < 0 || cg_printable_append(out, text, err) < 0)
        return -1;
    return cg_bytes_append_text(out, "\n", err);
}

/* "error at /output/2/checksum (output.checksum-type), line 3, column 5\n" */
static int append_head(struct cg_bytes *out, const struct cg_finding *finding, struct cg_error *err)
{
    const char *level = finding->level == CG_LEVEL_ERROR ? "error" : "warning";
    if (cg_bytes_printf(out, err, "%s at ", level) < 0)
        return -1;
    if (cg_printable_append(out, finding->pointer[0] ? finding->pointer : "the top of the document", err) < 0)
        return -1;
    if (cg_bytes_append_text(out, " (", err) < 0 || cg_printable_append(out, finding->rule, err) < 0 ||
        cg_bytes_append_text(out, ")", err) < 0)
        return -1;
    if (finding->line > 0 && cg_bytes_printf(out, err, ", line %zu, column %zu", finding->line, finding->column) < 0)
        return -1;
    return cg_bytes_append_text(out, "\n", err);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static int append_counts(struct cg_bytes *out, const struct cg_report *report, struct cg_error *err)
{
    size_t errors = cg_report_count(report, CG_LEVEL_ERROR), warnings = cg_report_count(report, CG_LEVEL_WARNING);
    size_t dropped = cg_report_dropped(report);
    if (dropped > 0 && cg_bytes_printf(out, err, "and %zu more, not shown\n", dropped) < 0)
        return -1;
    if (errors > 0 && warnings > 0)
        return cg_bytes_printf(out, err, "%zu error%s, %zu warning%s: refused\n", errors, plural(errors), warnings,
                               plural(warnings));
    if (errors > 0)
        return cg_bytes_printf(out, err, "%zu error%s: refused\n", errors, plural(errors));
    if (warnings > 0)
        return cg_bytes_printf(out, err, "%zu warning%s: acceptable\n", warnings, plural(warnings));
    return cg_bytes_append_text(out, "no findings: acceptable\n", err);
}

int cg_report_text(const struct cg_report *report, struct cg_bytes *text, struct cg_error *err)
{
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        if (append_head(text, finding, err) < 0 || append_line(text, "", finding->message, err) < 0 ||
            append_line(text, "expected: ", finding->expected, err) < 0 ||
            append_line(text, "found: ", finding->got, err) < 0)
            return -1;
    }
    return append_counts(text, report, err);
}

/* --- for programs --------------------------------------------------------------------------------------------------
 */

/* Sets a member to a text, or to nothing for a NULL one. */
static int set_text(json_t *object, const char *name, const char *text)
{
    return text ? json_object_set_new(object, name, json_string(text)) : 0;
}

static int set_size(json_t *object, const char *name, size_t size)
{
    return json_object_set_new(object, name, json_integer((json_int_t)size));
}

/* A new reference; NULL when out of memory, the only way it can fail since the texts are UTF-8. */
static json_t *finding_json(const struct cg_finding *finding)
{
    CG_AUTO_JSON json_t *object = json_object();
    const char *level = finding->level == CG_LEVEL_ERROR ? "error" : "warning";
    if (!object || set_text(object, "level", level) < 0 || set_text(object, "rule", finding->rule) < 0 ||
        set_text(object, "pointer", finding->pointer) < 0 || set_text(object, "message", finding->message) < 0 ||
        set_text(object, "expected", finding->expected) < 0 || set_text(object, "got", finding->got) < 0 ||
        set_text(object, "schema_pointer", finding->schema_pointer) < 0)
        return NULL;
    if (finding->line > 0 &&
        (set_size(object, "line", finding->line) < 0 || set_size(object, "column", finding->column) < 0))
        return NULL;
    return CG_STEAL(object);
}

json_t *cg_report_json(const struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_JSON json_t *object = json_object();
    size_t errors = cg_report_count(report, CG_LEVEL_ERROR), warnings = cg_report_count(report, CG_LEVEL_WARNING);
    if (!object || set_text(object, "verdict", errors > 0 ? "refused" : "acceptable") < 0 ||
        set_size(object, "errors", errors) < 0 || set_size(object, "warnings", warnings) < 0 ||
        set_size(object, "dropped", cg_report_dropped(report)) < 0 ||
        json_object_set_new(object, "findings", json_array()) < 0) {
        cg_fail_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < cg_report_size(report); i++) {
        json_t *finding = finding_json(cg_report_get(report, i));
        if (json_array_append_new(json_object_get(object, "findings"), finding) < 0) {
            cg_fail_memory(err);
            return NULL;
        }
    }
    return CG_STEAL(object);
}
