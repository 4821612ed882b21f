/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_REPORT_H
#define CG_REPORT_H

/*
 * Findings about a document: all of them, each with the place, the rule, what was expected and what is there.
 *
 * A finding is something about the caller's document, not a failure of the program (error.h). Findings are kept in
 * document order whatever order they were made in. Pointers are RFC 6901 JSON pointers ("" is the whole document).
 */

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/error.h"

#include <stddef.h>

/* Findings kept; those beyond it are counted but not kept: after a hundred nobody reads on. */
#define CG_REPORT_MAX 100
/* Bytes kept of a value in `got`; longer ones are cut at a character and end in "...". */
#define CG_REPORT_GOT_MAX 120
/* Bytes kept of any other text, so that a name of megabytes does not fill the memory a hundred times. */
#define CG_REPORT_TEXT_MAX 1024

enum cg_level {
    CG_LEVEL_WARNING = 1, /* the format document asks it, the hub does not check */
    CG_LEVEL_ERROR = 2,   /* the hub would refuse it, or be damaged, or read it otherwise than we do */
};

/* Owned by the report; no field is NULL unless said. */
struct cg_finding {
    enum cg_level level;
    const char *rule;           /* stable id, "nvr.version", "schema.required": docs/rules.md lists all */
    const char *pointer;        /* where in the document */
    const char *message;        /* what is wrong: a sentence part, lower case, no full stop */
    const char *expected;       /* what would be right; NULL where the message says all */
    const char *got;            /* the value there, as JSON, cut; NULL where there is none */
    const char *schema_pointer; /* where in the schema (URI fragment form after #), NULL for rules of our own */
    size_t line;                /* of the text, from 1; 0 when not known */
    size_t column;              /* in bytes, from 1; 0 when not known */
};

struct cg_report;

#define CG_AUTO_REPORT CG_AUTO(cg_report_auto)

/* An empty report; NULL with CG_E_MEMORY. */
CG_API struct cg_report *cg_report_create(struct cg_error *err);

/*
 * Adds a finding. All texts are copied, cut to the limits above, with U+FFFD for bytes that are not UTF-8; expected,
 * got, schema_pointer may be NULL. Also when the report is full: then an error takes the place of the last warning,
 * and anything else is only counted. Returns 0, or -1 with CG_E_MEMORY.
 */
CG_API int cg_report_add(struct cg_report *report, const struct cg_finding *finding, struct cg_error *err);

/*
 * Sorts by the place in `document` (a value before what is in it, members in the order of the text), then by order of
 * adding. A place that is not in the document comes after its siblings. A NULL document changes nothing.
 */
CG_API void cg_report_sort(struct cg_report *report, const json_t *document);

/* Makes every warning an error (--strict). */
CG_API void cg_report_strict(struct cg_report *report);

/* Kept findings, and the i-th of them, i < cg_report_size(). */
CG_API size_t cg_report_size(const struct cg_report *report);
CG_API const struct cg_finding *cg_report_get(const struct cg_report *report, size_t i);

/* Findings of one level, those that were not kept included. */
CG_API size_t cg_report_count(const struct cg_report *report, enum cg_level level);

/* Found but not kept. */
CG_API size_t cg_report_dropped(const struct cg_report *report);

/*
 * {"verdict": "acceptable"|"refused", "errors": N, "warnings": N, "dropped": N, "findings": [{level, rule, pointer,
 * message, expected?, got?, schema_pointer?, line?, column?}]}. New reference; NULL with CG_E_MEMORY.
 */
CG_API json_t *cg_report_json(const struct cg_report *report, struct cg_error *err);

/*
 * For people: a paragraph a finding and a last line that counts them ("2 errors, 1 warning: refused"). Characters that
 * drive a terminal or turn the direction of writing are shown as \u001b. Appends to `text`. 0, or -1 CG_E_MEMORY.
 */
CG_API int cg_report_text(const struct cg_report *report, struct cg_bytes *text, struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_report_destroy(struct cg_report *report);

static inline void cg_report_auto(struct cg_report **report)
{
    cg_report_destroy(*report);
}

#endif
