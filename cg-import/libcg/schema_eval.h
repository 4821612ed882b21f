/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_EVAL_H
#define LIBCG_SCHEMA_EVAL_H

/*
 * One evaluation of a document: its state, the place in the document, and the checks that take more than a line.
 *
 * Every check returns 0 valid, 1 not, -1 with an error. A document is first evaluated quietly, up to the first
 * violation; only one that has some is gone through again to find them all.
 */

#include "cg/report.h"
#include "schema_internal.h"
#include "schema_pattern.h"
#include "schema_seen.h"

/* The way from the document's root to a value; the root's has parent NULL. On the stack of the evaluation. */
struct schema_place {
    const struct schema_place *parent;
    const char *name; /* of a member; NULL for an item */
    size_t size;      /* of the name; the index of an item */
    unsigned depth;   /* 0 at the root */
    bool of_name;     /* the value is the member's name itself: propertyNames */
};

/* The resources that evaluation is in, from the inner to the outer: the dynamic scope. */
struct schema_frame {
    const struct schema_frame *outer;
    const struct schema_scope *scope;
};

/* What a subschema is applied to. */
struct schema_target {
    const json_t *value;
    const struct schema_place *place;
    const struct schema_frame *frame;
    struct schema_seen *seen; /* what was evaluated of this value; NULL when nobody asks */
};

enum schema_mode {
    SCHEMA_QUIET,  /* the verdict only, up to the first violation */
    SCHEMA_REPORT, /* every violation */
};

/* A finding that is not reported yet, since the branch it was made in may not be the one that counts. */
struct schema_pending {
    struct cg_finding finding; /* owns its texts */
    unsigned depth;            /* of its place */
    enum schema_op op;
};

struct schema_branch {
    struct schema_branch *outer; /* the branch this one is in, NULL: the report itself */
    struct schema_pending *pending;
    size_t count;
    size_t capacity;
    size_t dropped; /* found, not kept: there are CG_REPORT_MAX already */
};

struct schema_run {
    const struct cg_schema *schema;
    enum schema_mode mode;
    unsigned long steps;
    unsigned depth;
    struct schema_matcher *matcher;
    struct cg_report *report;
    struct schema_branch *branch; /* where findings go; NULL: to the report */
    struct cg_error *err;
};

/* --- evaluating (schema_eval.c) --- */

int cg_schema_eval(struct schema_run *run, const struct schema_node *node, const struct schema_target *target);

/* Adds the outcome `one` of a part to *result, which begins as 0. Is that the end of it: an error (-1), or invalid
 * where nobody asks what else is? */
static inline bool cg_schema_decided(const struct schema_run *run, int one, int *result)
{
    *result = one < 0 ? -1 : *result | one;
    return *result < 0 || (*result && run->mode == SCHEMA_QUIET);
}

/* The verdict alone, also while reporting. */
int cg_schema_eval_quietly(struct schema_run *run, const struct schema_node *node, const struct schema_target *target);

/* Counts work done. 0, or -1 with CG_E_LIMIT. */
int cg_schema_eval_steps(struct schema_run *run, size_t count);

/* --- checks; `node` is the subschema that `check` is of --- */

/* schema_members.c */
int cg_schema_eval_members(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                           const struct schema_target *target);
int cg_schema_eval_property_names(struct schema_run *run, const struct schema_check *check,
                                  const struct schema_target *target);
int cg_schema_eval_required(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                            const struct schema_target *target);
int cg_schema_eval_dependent_required(struct schema_run *run, const struct schema_node *node,
                                      const struct schema_check *check, const struct schema_target *target);
int cg_schema_eval_dependent_schemas(struct schema_run *run, const struct schema_check *check,
                                     const struct schema_target *target);
int cg_schema_eval_unevaluated_properties(struct schema_run *run, const struct schema_node *node,
                                          const struct schema_check *check, const struct schema_target *target);

/* schema_items.c */
int cg_schema_eval_items(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                         const struct schema_target *target);
int cg_schema_eval_contains(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                            const struct schema_target *target);
int cg_schema_eval_unique_items(struct schema_run *run, const struct schema_node *node,
                                const struct schema_check *check, const struct schema_target *target);
int cg_schema_eval_unevaluated_items(struct schema_run *run, const struct schema_node *node,
                                     const struct schema_check *check, const struct schema_target *target);

/* schema_branches.c */
int cg_schema_eval_any_of(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target);
int cg_schema_eval_one_of(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target);
int cg_schema_eval_not(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                       const struct schema_target *target);
int cg_schema_eval_conditional(struct schema_run *run, const struct schema_check *check,
                               const struct schema_target *target);

/* schema_scalars.c: type, const, enum, and what numbers, texts and sizes are held to */
int cg_schema_eval_scalar(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target);

/* --- findings (schema_finding.c) --- */

/* What the violation of one keyword is said with. */
struct schema_violation {
    const struct schema_node *node; /* the subschema with the keyword */
    const char *keyword;            /* names the rule, schema.KEYWORD; NULL for a schema that is false */
    enum schema_op op;
    const struct schema_target *target;
    const struct schema_node *wanted; /* whose description, if it has one, says what would be right; may be NULL */
    const char *expected;             /* what would be right if nothing describes it; may be NULL */
};

/* The violation of `check` by the target, described by the subschema that the check is of. */
struct schema_violation cg_schema_violation_of(const struct schema_node *node, const struct schema_check *check,
                                               const struct schema_target *target);

/* Reports, unless the run is quiet. Returns 1, or -1 with CG_E_MEMORY. */
int cg_schema_violation(struct schema_run *run, const struct schema_violation *violation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The target is where the schema `forbidden`, which is false, applies; `keyword` of `node` applied it. As above. */
int cg_schema_violation_not_allowed(struct schema_run *run, const struct schema_node *node, const char *keyword,
                                    const struct schema_node *forbidden, const struct schema_target *target);

/* Findings made between begin and end are held in `branch`, to be passed on or forgotten. */
void cg_schema_branch_begin(struct schema_run *run, struct schema_branch *branch);
void cg_schema_branch_end(struct schema_run *run, struct schema_branch *branch);
/* Moves them to the branch around or the report. 0, or -1 with CG_E_MEMORY. */
int cg_schema_branch_pass_on(struct schema_run *run, struct schema_branch *branch);
void cg_schema_branch_finish(struct schema_branch *branch);

/* --- words for people (schema_words.c) --- */

/* Appends what a subschema asks for: its description, or "a string or null", "\"x\"", "an object with \"a\"" ... */
int cg_schema_words_for(const struct schema_node *node, struct cg_bytes *text, struct cg_error *err);

/* Appends a list of types: "a string or null". */
int cg_schema_words_kinds(unsigned kinds, struct cg_bytes *text, struct cg_error *err);

/* Appends a value as JSON, at most about `most` bytes of it. */
int cg_schema_words_value(const json_t *value, size_t most, struct cg_bytes *text, struct cg_error *err);

/* Appends values as JSON: "a", "b" or "c"; a long list is cut. */
int cg_schema_words_values(const json_t *array, struct cg_bytes *text, struct cg_error *err);

#endif
