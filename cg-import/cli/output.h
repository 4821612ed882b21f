/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * What the verbs print: reports, failures and JSON.
 *
 * What was asked for goes to standard output, everything about the doing to standard error. Texts from documents and
 * hubs are made safe for terminals; JSON is ASCII with escapes, a line an object.
 */

#include "cg/error.h"
#include "cg/report.h"

#include <jansson.h>
#include <stdio.h>

/* Exit statuses of the program, DESIGN section "Failure"; the error table gives one for each code. */
enum output_exit {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_LOCAL = 2, /* wrong usage, local files; check: could not judge */
    EXIT_TEMPORARY = 3,
    EXIT_CONFLICT = 4,
    EXIT_UNKNOWN = 5,
};

/*
 * "cg-import: WHAT: MESSAGE [CG_E_NAME]", usage errors without the name, and below it the hint, or what to do in
 * general about errors of that exit status. `what` is what failed: "import of build.json", "check".
 */
void output_error(FILE *out, const char *what, const struct cg_error *err);

/* What to do about the error: its hint, or what is generally right for its exit status; "" if nothing is. Borrowed. */
const char *output_advice(const struct cg_error *err);

/* Text for people that begins at `column`: safe, broken to the width of the terminal, later lines indented likewise. */
void output_text(FILE *out, unsigned column, const char *text);

/* The same from the first column, indented. */
void output_paragraph(FILE *out, unsigned indent, const char *text);

/* The findings, coloured and broken to its width where `out` is a terminal. 0, or -1 with CG_E_MEMORY. */
int output_report(FILE *out, const struct cg_report *report, struct cg_error *err);

/*
 * {"code": number, "name": "CG_E_...", "message", "hint", "exit"}: new reference, NULL when out of memory.
 * `exit_status` is what the program will exit with.
 */
json_t *output_error_json(const struct cg_error *err, int exit_status);

/* A JSON string of a text that may not be UTF-8; null for NULL. New reference, NULL when out of memory. */
json_t *output_string(const char *text);

/* Prints one line of JSON. 0, or -1 with CG_E_MEMORY. */
int output_json(FILE *out, const json_t *json, struct cg_error *err);

#endif
