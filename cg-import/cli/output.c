/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"
#include "terminal.h"

#include "cg/printable.h"

#include <stdlib.h>
#include <string.h>

/* --- for people ----------------------------------------------------------------------------------------------------
 */

const char *output_advice(const struct cg_error *err)
{
    if (err->hint[0])
        return err->hint;
    if (err->code == CG_E_INTERRUPTED)
        return "stopped as asked: the same command run again goes on from here";
    switch (cg_code_info(err->code)->exit_status) {
    case EXIT_TEMPORARY:
        return "this is temporary: run the same command again later";
    case EXIT_UNKNOWN:
        return "do not import this build any other way: run the same command again, it asks the hub what became of it";
    default:
        return err->code == CG_E_INTERNAL ? "this is a defect of cg-import: please report it with this message" : "";
    }
}

void output_text(FILE *out, unsigned column, const char *text)
{
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    if (cg_printable_append(&safe, text, NULL) == 0)
        terminal_wrap(out, cg_bytes_text(&safe), column, terminal_width(out));
}

void output_paragraph(FILE *out, unsigned indent, const char *text)
{
    fprintf(out, "%*s", (int)indent, "");
    output_text(out, indent, text);
}

void output_error(FILE *out, const char *what, const struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    cg_bytes_printf(&line, NULL, "cg-import: %s: %s", what, err->message);
    /* A mistyped option is nothing to look up. */
    if (err->code != CG_E_USAGE)
        cg_bytes_printf(&line, NULL, " [%s]", cg_code_info(err->code)->name);
    output_paragraph(out, 0, line.size > 0 ? cg_bytes_text(&line) : "cg-import: out of memory");
    const char *advice = output_advice(err);
    if (advice[0])
        output_paragraph(out, 4, advice);
}

/* The lines of a report's text tell by their beginning what they are: cg_report_text indents all that is quoted. */
static const char *line_colour(const char *line, size_t size)
{
    static const char refused[] = ": refused", acceptable[] = ": acceptable";
    if (strncmp(line, "error at ", 9) == 0)
        return "\033[1;31m";
    if (strncmp(line, "warning at ", 11) == 0)
        return "\033[1;33m";
    if (line[0] == ' ')
        return NULL;
    if (size >= strlen(refused) && memcmp(line + size - strlen(refused), refused, strlen(refused)) == 0)
        return "\033[1;31m";
    if (size >= strlen(acceptable) && memcmp(line + size - strlen(acceptable), acceptable, strlen(acceptable)) == 0)
        return "\033[1;32m";
    return NULL;
}

/* One line of a report, a copy of it being broken at its own indent. */
static int print_report_line(FILE *out, const char *line, size_t size, struct cg_error *err)
{
    const char *colour = terminal_colours(out) ? line_colour(line, size) : NULL;
    unsigned indent = (unsigned)strspn(line, " ");
    CG_AUTO_FREE char *copy = strndup(line + indent, size - indent);
    if (!copy)
        return cg_fail_memory(err);
    fprintf(out, "%s%*s", colour ? colour : "", (int)indent, "");
    terminal_wrap(out, copy, indent, terminal_width(out));
    if (colour)
        fputs("\033[0m", out);
    return 0;
}

int output_report(FILE *out, const struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_report_text(report, &text, err) < 0)
        return -1;
    for (const char *line = cg_bytes_text(&text); *line;) {
        size_t size = strcspn(line, "\n");
        if (print_report_line(out, line, size, err) < 0)
            return -1;
        line += size + (line[size] == '\n');
    }
    return 0;
}

/* --- for programs --------------------------------------------------------------------------------------------------
 */

json_t *output_string(const char *text)
{
    if (!text)
        return json_null();
    json_t *string = json_string(text);
    if (string)
        return string;
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    return cg_printable_append(&safe, text, NULL) < 0 ? NULL : json_string(cg_bytes_text(&safe));
}

json_t *output_error_json(const struct cg_error *err, int exit_status)
{
    return json_pack("{s:i, s:s, s:o, s:o, s:i}", "code", (int)err->code, "name", cg_code_info(err->code)->name,
                     "message", output_string(err->message), "hint", output_string(output_advice(err)), "exit",
                     exit_status);
}

int output_json(FILE *out, const json_t *json, struct cg_error *err)
{
    CG_AUTO_FREE char *text =
        json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12)) : NULL;
    if (!text)
        return cg_fail_memory(err);
    fprintf(out, "%s\n", text);
    fflush(out);
    return 0;
}
