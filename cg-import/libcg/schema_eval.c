/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"

int cg_schema_eval_steps(struct schema_run *run, size_t count)
{
    if (count > CG_SCHEMA_STEPS_MAX - run->steps)
        return cg_fail(run->err, CG_E_LIMIT, "checking the document against the schema takes more than %lu steps",
                       CG_SCHEMA_STEPS_MAX);
    run->steps += count;
    return 0;
}

int cg_schema_eval_quietly(struct schema_run *run, const struct schema_node *node, const struct schema_target *target)
{
    enum schema_mode mode = run->mode;
    run->mode = SCHEMA_QUIET;
    int result = cg_schema_eval(run, node, target);
    run->mode = mode;
    return result;
}

/* Core section 8.2.3.2: the outermost resource of the dynamic scope that has the anchor. */
static int eval_dynamic_reference(struct schema_run *run, const struct schema_check *check,
                                  const struct schema_target *target)
{
    const struct schema_node *node = check->of.dynamic.target;
    const char *anchor = check->of.dynamic.anchor;
    for (const struct schema_frame *frame = anchor ? target->frame : NULL; frame; frame = frame->outer) {
        const struct schema_node *outer = cg_schema_dynamic(run->schema, frame->scope, anchor);
        if (outer)
            node = outer;
    }
    return cg_schema_eval(run, node, target);
}

static int eval_all_of(struct schema_run *run, const struct schema_check *check, const struct schema_target *target)
{
    int result = 0;
    for (size_t i = 0; i < check->of.list.count; i++) {
        if (cg_schema_decided(run, cg_schema_eval(run, check->of.list.nodes[i], target), &result))
            break;
    }
    return result;
}

static int eval_check(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                      const struct schema_target *target)
{
    switch (check->op) {
    case SCHEMA_OP_REF:
        return cg_schema_eval(run, check->of.node, target);
    case SCHEMA_OP_DYNAMIC_REF:
        return eval_dynamic_reference(run, check, target);
    case SCHEMA_OP_UNIQUE_ITEMS:
        return cg_schema_eval_unique_items(run, node, check, target);
    case SCHEMA_OP_ITEMS:
        return cg_schema_eval_items(run, node, check, target);
    case SCHEMA_OP_CONTAINS:
        return cg_schema_eval_contains(run, node, check, target);
    case SCHEMA_OP_REQUIRED:
        return cg_schema_eval_required(run, node, check, target);
    case SCHEMA_OP_DEPENDENT_REQUIRED:
        return cg_schema_eval_dependent_required(run, node, check, target);
    case SCHEMA_OP_MEMBERS:
        return cg_schema_eval_members(run, node, check, target);
    case SCHEMA_OP_PROPERTY_NAMES:
        return cg_schema_eval_property_names(run, check, target);
    case SCHEMA_OP_DEPENDENT_SCHEMAS:
        return cg_schema_eval_dependent_schemas(run, check, target);
    case SCHEMA_OP_ALL_OF:
        return eval_all_of(run, check, target);
    case SCHEMA_OP_ANY_OF:
        return cg_schema_eval_any_of(run, node, check, target);
    case SCHEMA_OP_ONE_OF:
        return cg_schema_eval_one_of(run, node, check, target);
    case SCHEMA_OP_NOT:
        return cg_schema_eval_not(run, node, check, target);
    case SCHEMA_OP_IF:
        return cg_schema_eval_conditional(run, check, target);
    case SCHEMA_OP_UNEVALUATED_ITEMS:
        return cg_schema_eval_unevaluated_items(run, node, check, target);
    case SCHEMA_OP_UNEVALUATED_PROPERTIES:
        return cg_schema_eval_unevaluated_properties(run, node, check, target);
    default:
        return cg_schema_eval_scalar(run, node, check, target);
    }
}

static int eval_checks(struct schema_run *run, const struct schema_node *node, const struct schema_target *target)
{
    unsigned kind = cg_schema_kind(target->value);
    int result = 0;
    for (size_t i = 0; i < node->check_count; i++) {
        const struct schema_check *check = &node->checks[i];
        if (!(check->applies & kind))
            continue;
        if (cg_schema_decided(run, eval_check(run, node, check, target), &result))
            break;
    }
    return result;
}

/*
 * A subschema that asks what was evaluated sees its own keywords and what they apply, not what lies beside it: it
 * starts with an empty set and adds that to the set around it when the value is valid.
 */
static int eval_unevaluated(struct schema_run *run, const struct schema_node *node, const struct schema_target *target)
{
    CG_AUTO(cg_schema_seen_finish) struct schema_seen seen;
    struct schema_target inner = *target;
    if (cg_schema_seen_init(&seen, target->value, run->err) < 0)
        return -1;
    inner.seen = &seen;
    int result = eval_checks(run, node, &inner);
    if (result == 0)
        cg_schema_seen_merge(target->seen, &seen);
    return result;
}

int cg_schema_eval(struct schema_run *run, const struct schema_node *node, const struct schema_target *target)
{
    if (node->verdict == SCHEMA_TRUE)
        return 0;
    if (node->verdict == SCHEMA_FALSE)
        return cg_schema_violation_not_allowed(run, node, NULL, node, target);
    if (cg_schema_eval_steps(run, 1) < 0)
        return -1;
    if (run->depth >= CG_SCHEMA_DEPTH_MAX)
        return cg_fail(run->err, CG_E_LIMIT, "checking the document takes schemas nested deeper than %d",
                       CG_SCHEMA_DEPTH_MAX);

    struct schema_frame frame = {target->frame, node->scope};
    struct schema_target inner = *target;
    if (!target->frame || target->frame->scope != node->scope)
        inner.frame = &frame;
    run->depth++;
    int result = node->unevaluated ? eval_unevaluated(run, node, &inner) : eval_checks(run, node, &inner);
    run->depth--;
    return result;
}

static int run_once(struct schema_run *run, const json_t *instance, enum schema_mode mode)
{
    struct schema_place root = {0};
    struct schema_target target = {.value = instance, .place = &root};
    run->mode = mode;
    run->steps = 0;
    run->depth = 0;
    return cg_schema_eval(run, run->schema->nodes[0], &target);
}

static void matcher_finish(struct schema_matcher **matcher)
{
    cg_schema_matcher_destroy(*matcher);
}

int cg_schema_check(const struct cg_schema *schema, const json_t *instance, struct cg_report *report,
                    struct cg_error *err)
{
    CG_AUTO(matcher_finish) struct schema_matcher *matcher = cg_schema_matcher_create(err);
    if (!matcher)
        return -1;
    struct schema_run run = {.schema = schema, .matcher = matcher, .report = report, .err = err};
    int result = run_once(&run, instance, SCHEMA_QUIET);
    return result == 1 && report ? run_once(&run, instance, SCHEMA_REPORT) : result;
}
