/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/check.h"
#include "cg/json.h"
#include "cg/schema.h"
#include "rules.h"
#include "schema_text.h"

#include <string.h>

struct cg_checker {
    struct cg_schema *schema;
};

const char *cg_check_schema_text(void)
{
    return schema_text;
}

struct cg_checker *cg_checker_create(struct cg_error *err)
{
    CG_AUTO_JSON json_t *root = cg_json_read(schema_text, strlen(schema_text), NULL, err);
    if (!root)
        return NULL;
    CG_AUTO_CHECKER struct cg_checker *checker = calloc(1, sizeof *checker);
    if (!checker) {
        cg_fail_memory(err);
        return NULL;
    }
    checker->schema = cg_schema_compile(root, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, err);
    return checker->schema ? CG_STEAL(checker) : NULL;
}

void cg_checker_destroy(struct cg_checker *checker)
{
    if (checker)
        cg_schema_destroy(checker->schema);
    free(checker);
}

/* --- the two layers in one report ----------------------------------------------------------------------------------
 */

static bool has_error_at(const struct cg_report *report, size_t size, const char *pointer)
{
    for (size_t i = 0; i < size; i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        if (finding->level == CG_LEVEL_ERROR && strcmp(finding->pointer, pointer) == 0)
            return true;
    }
    return false;
}

/*
 * Adds the schema's findings to those of the rules. A scalar that a rule already refused is not reported again, since
 * the rule says it in better words; an object or array may lack one thing and break a rule by another.
 */
static int add_schema_findings(struct cg_report *report, const struct cg_report *found, const json_t *document,
                               struct cg_error *err)
{
    size_t of_rules = cg_report_size(report), i = 0;
    for (; i < cg_report_size(found); i++) {
        const struct cg_finding *finding = cg_report_get(found, i);
        const json_t *value = cg_pointer_get(document, finding->pointer);
        if (value && !json_is_object(value) && !json_is_array(value) &&
            has_error_at(report, of_rules, finding->pointer))
            continue;
        if (cg_report_add(report, finding, err) < 0)
            return -1;
    }
    /* What the schema's report did not keep is only counted here as well. */
    for (size_t dropped = 0; dropped < cg_report_dropped(found); dropped++)
        if (cg_report_add(report, cg_report_get(found, i - 1), err) < 0)
            return -1;
    return 0;
}

static int check_layers(const struct cg_checker *checker, const json_t *document,
                        const struct cg_check_options *options, struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_REPORT struct cg_report *by_schema = cg_report_create(err);
    if (!by_schema || cg_schema_check(checker->schema, document, by_schema, err) < 0 ||
        rules_run(document, options ? options->hub : NULL, report, err) < 0 ||
        add_schema_findings(report, by_schema, document, err) < 0)
        return -1;
    if (options && options->strict)
        cg_report_strict(report);
    cg_report_sort(report, document);
    return 0;
}

/* --- the verdict ---------------------------------------------------------------------------------------------------
 */

int cg_checker_check(const struct cg_checker *checker, const char *text, size_t size,
                     const struct cg_check_options *options, struct cg_report **report, struct cg_metadata **metadata,
                     struct cg_error *err)
{
    *report = NULL;
    if (metadata)
        *metadata = NULL;
    CG_AUTO_REPORT struct cg_report *made = cg_report_create(err);
    if (!made)
        return -1;

    /* A text that cannot be read has one finding, and there is nothing more to look at. */
    struct cg_error unreadable = {0};
    CG_AUTO_JSON json_t *document = cg_json_read(text, size, made, &unreadable);
    if (!document && unreadable.code == CG_E_MEMORY)
        return cg_fail_memory(err);
    if (document && check_layers(checker, document, options, made, err) < 0)
        return -1;

    bool refused = !document || cg_report_count(made, CG_LEVEL_ERROR) > 0;
    CG_AUTO_METADATA struct cg_metadata *view = NULL;
    if (!refused && metadata && !(view = cg_metadata_create(document, err)))
        return -1;
    *report = CG_STEAL(made);
    if (metadata)
        *metadata = CG_STEAL(view);
    return refused ? 1 : 0;
}

int cg_check(const char *text, size_t size, const struct cg_check_options *options, struct cg_report **report,
             struct cg_metadata **metadata, struct cg_error *err)
{
    *report = NULL;
    if (metadata)
        *metadata = NULL;
    CG_AUTO_CHECKER struct cg_checker *checker = cg_checker_create(err);
    return checker ? cg_checker_check(checker, text, size, options, report, metadata, err) : -1;
}
