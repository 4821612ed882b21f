/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_SCHEMA_H
#define CG_SCHEMA_H

/*
 * A JSON Schema evaluator: draft 2020-12, core, applicator, unevaluated, validation (formats as annotations).
 *
 * A schema is compiled once and then only read: one schema may check many documents in many threads. Every violation
 * is reported with the pointer in the document and in the schema. References outside the compiled set are never
 * fetched: all resources are given beforehand. Patterns are those of ECMA-262 with the u flag, run by PCRE2 with
 * bounded work. Formats are annotations, as the draft's own meta-schema has it. Not an annotation collector for other
 * tools; not for schemas with U+0000 in the name of a property, which are refused.
 */

#include "cg/auto.h"
#include "cg/error.h"
#include "cg/report.h"

/* Nested evaluations, references included: what is deeper is refused, not crashed on. */
#define CG_SCHEMA_DEPTH_MAX 512
/* PCRE2 match and depth limits of one match: far above what the patterns of a schema need. */
#define CG_SCHEMA_MATCH_LIMIT 100000U
/* Evaluated subschemas and compared values for one document: bounds schemas that fan out exponentially. */
#define CG_SCHEMA_STEPS_MAX 50000000UL

struct cg_schema;

#define CG_AUTO_SCHEMA CG_AUTO(cg_schema_auto)

/* A document that $ref may name. Both borrowed while compiling, kept by reference afterwards. */
struct cg_schema_resource {
    const char *uri;  /* absolute, without fragment */
    json_t *document; /* borrowed */
};

enum cg_schema_unknown {
    CG_SCHEMA_UNKNOWN_IGNORE, /* unknown keywords are annotations, as the draft says */
    CG_SCHEMA_UNKNOWN_REFUSE, /* for our own schema: a misspelt keyword is a mistake */
};

/*
 * Compiles `root`. The 2020-12 meta-schemas are known without being given. `base_uri` is used for a root without
 * $id; NULL is allowed. Returns NULL with CG_E_SCHEMA (message names the schema pointer: an unresolvable $ref, a bad
 * pattern, a keyword of the wrong type, an unknown keyword when refused, a vocabulary that is required and unknown),
 * CG_E_LIMIT, CG_E_MEMORY.
 */
CG_API struct cg_schema *cg_schema_compile(json_t *root, const char *base_uri,
                                           const struct cg_schema_resource *resources, size_t resource_count,
                                           enum cg_schema_unknown unknown, struct cg_error *err);

/*
 * Checks `instance`; adds a finding (level error, rule "schema.KEYWORD") for every violation; with `report` NULL only
 * the verdict is found. A failing `anyOf` or `oneOf` is reported as the violations of the branch that came nearest, or
 * as one finding when none did. `schema_pointer` is "/POINTER" in the root document, "URI#/POINTER" in another;
 * `expected` is the description in the schema, if the subschema that fails has one.
 * Returns 0 valid, 1 invalid, -1 with CG_E_LIMIT (depth, steps, regular expression) or CG_E_MEMORY.
 */
CG_API int cg_schema_check(const struct cg_schema *schema, const json_t *instance, struct cg_report *report,
                           struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_schema_destroy(struct cg_schema *schema);

static inline void cg_schema_auto(struct cg_schema **schema)
{
    cg_schema_destroy(*schema);
}

#endif
