/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"
#include "schema_value.h"

/* The values of an array. */

static struct schema_place item_place(const struct schema_target *target, size_t index)
{
    return (struct schema_place){.parent = target->place, .size = index, .depth = target->place->depth + 1};
}

/* Applies a schema to one item. An item that is not allowed at all is reported as that, with the keyword at fault. */
static int eval_item(struct schema_run *run, const struct schema_node *node, const char *keyword,
                     const struct schema_node *child, const struct schema_target *target, size_t index)
{
    struct schema_place place = item_place(target, index);
    struct schema_target inner = {
        .value = json_array_get(target->value, index), .place = &place, .frame = target->frame};
    if (child->verdict == SCHEMA_FALSE)
        return cg_schema_violation_not_allowed(run, node, keyword, child, &inner);
    return cg_schema_eval(run, child, &inner);
}

int cg_schema_eval_items(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                         const struct schema_target *target)
{
    const struct schema_list *prefix = &check->of.items.prefix;
    int result = 0;
    for (size_t i = 0; i < json_array_size(target->value); i++) {
        bool in_prefix = i < prefix->count;
        const struct schema_node *child = in_prefix ? prefix->nodes[i] : check->of.items.rest;
        if (!child)
            break;
        if (cg_schema_decided(run, eval_item(run, node, in_prefix ? "prefixItems" : "items", child, target, i),
                              &result))
            break;
        cg_schema_seen_add(target->seen, i);
    }
    return result;
}

int cg_schema_eval_unevaluated_items(struct schema_run *run, const struct schema_node *node,
                                     const struct schema_check *check, const struct schema_target *target)
{
    int result = 0;
    for (size_t i = 0; i < json_array_size(target->value); i++) {
        if (cg_schema_seen_has(target->seen, i))
            continue;
        if (cg_schema_decided(run, eval_item(run, node, check->keyword, check->of.node, target, i), &result))
            break;
    }
    cg_schema_seen_add_all(target->seen);
    return result;
}

/* How many items the schema of `contains` holds for; marks them as evaluated. */
static int count_contained(struct schema_run *run, const struct schema_check *check, const struct schema_target *target,
                           size_t *count)
{
    size_t enough = check->of.contains.most == SIZE_MAX && !target->seen ? check->of.contains.least : SIZE_MAX;
    *count = 0;
    for (size_t i = 0; i < json_array_size(target->value) && *count < enough; i++) {
        struct schema_place place = item_place(target, i);
        struct schema_target inner = {
            .value = json_array_get(target->value, i), .place = &place, .frame = target->frame};
        int differs = cg_schema_eval_quietly(run, check->of.contains.node, &inner);
        if (differs < 0)
            return -1;
        if (differs)
            continue;
        ++*count;
        cg_schema_seen_add(target->seen, i);
    }
    return 0;
}

int cg_schema_eval_contains(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                            const struct schema_target *target)
{
    size_t count, least = check->of.contains.least, most = check->of.contains.most;
    if (count_contained(run, check, target, &count) < 0)
        return -1;
    if (count >= least && count <= most)
        return 0;
    if (run->mode == SCHEMA_QUIET)
        return 1;
    CG_AUTO_BYTES struct cg_bytes words = {0};
    if (cg_schema_words_for(check->of.contains.node, &words, run->err) < 0)
        return -1;
    bool few = count < least;
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    violation.keyword = !few ? "maxContains" : least > 1 ? "minContains" : "contains";
    violation.expected = words.data;
    if (count == 0 && least == 1)
        return cg_schema_violation(run, &violation, "has no item that is %s", words.data);
    return cg_schema_violation(run, &violation, "has %zu %s %s, must have at %s %zu", count,
                               count == 1 ? "item that is" : "items that are each", words.data, few ? "least" : "most",
                               few ? least : most);
}

int cg_schema_eval_unique_items(struct schema_run *run, const struct schema_node *node,
                                const struct schema_check *check, const struct schema_target *target)
{
    CG_AUTO_FREE struct schema_twin *twins = NULL;
    size_t count;
    if (cg_schema_value_twins(run, target->value, &twins, &count) < 0)
        return -1;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count && run->mode == SCHEMA_REPORT; i++) {
        struct schema_place place = item_place(target, twins[i].again);
        struct schema_target inner = {.value = json_array_get(target->value, twins[i].again), .place = &place};
        struct schema_violation violation = cg_schema_violation_of(node, check, &inner);
        violation.expected = "items that all differ";
        if (cg_schema_violation(run, &violation, "is the same as item %zu", twins[i].first) < 0)
            return -1;
    }
    return 1;
}
