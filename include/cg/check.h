/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_CHECK_H
#define CG_CHECK_H

/*
 * The verdict on a metadata document: text, schema, rules, one report.
 *
 * Three layers run in order (json.h, the schema of schema/content-generator-metadata.schema.json, then the rules a
 * schema cannot say: Koji's kojihub.py CG_Importer and what damages a hub though it accepts it,
 * docs/stricter-than-the-hub.md) and all findings of all layers that could run are in the report.
 * Does not look at the output files and asks no hub: what the hub knows is handed in.
 */

#include "cg/auto.h"
#include "cg/error.h"
#include "cg/metadata.h"
#include "cg/report.h"

/*
 * What one hub is and has registered; each list NULL-terminated, borrowed. A NULL list means "not asked": then a stock
 * Koji hub with the build types of the public content generators is assumed (docs/rules.md).
 */
struct cg_hub_facts {
    const char *const *content_generators;
    const char *const *btypes;
    const char *const *archive_extensions; /* "tar.gz", without the leading dot, lower case */
    const char *version;                   /* of the hub, "1.34.3"; NULL: not asked, and taken for the newest */
};

struct cg_check_options {
    bool strict;                    /* warnings count as errors */
    const struct cg_hub_facts *hub; /* NULL: none asked */
};

/*
 * The compiled schema. Only read after it was made: one checker may judge many documents in many threads at once.
 */
struct cg_checker;

#define CG_AUTO_CHECKER CG_AUTO(cg_checker_auto)

/* Returns NULL with CG_E_MEMORY. */
CG_API struct cg_checker *cg_checker_create(struct cg_error *err);

/*
 * Judges `size` bytes of text. `options` may be NULL. Returns 0 acceptable: *report holds at most warnings and, if
 * `metadata` is not NULL, *metadata is the view; 1 refused: *report says why, *metadata is NULL; -1 could not judge
 * (CG_E_MEMORY; CG_E_LIMIT, an expression of the schema took too long on a text), both NULL. The caller destroys both.
 */
CG_API int cg_checker_check(const struct cg_checker *checker, const char *text, size_t size,
                            const struct cg_check_options *options, struct cg_report **report,
                            struct cg_metadata **metadata, struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_checker_destroy(struct cg_checker *checker);

/* The same for one document only: makes a checker and gives it back. */
CG_API int cg_check(const char *text, size_t size, const struct cg_check_options *options, struct cg_report **report,
                    struct cg_metadata **metadata, struct cg_error *err);

/* The schema text that is built in, NUL-terminated. */
CG_API const char *cg_check_schema_text(void);

static inline void cg_checker_auto(struct cg_checker **checker)
{
    cg_checker_destroy(*checker);
}

#endif
