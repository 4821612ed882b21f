/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"

#include <assert.h>

/* Checks where one of several schemas decides, or the opposite of one. */

/*
 * Applies one branch that may fail without harm: its findings are held in `branch`, what it evaluated counts only if
 * it is valid.
 */
static int eval_branch(struct schema_run *run, const struct schema_node *node, const struct schema_target *target,
                       struct schema_branch *branch)
{
    struct schema_target inner = *target;
    CG_AUTO(cg_schema_seen_finish) struct schema_seen seen = {0};
    if (target->seen) {
        if (cg_schema_seen_init(&seen, target->value, run->err) < 0)
            return -1;
        inner.seen = &seen;
    }
    cg_schema_branch_begin(run, branch);
    int result = cg_schema_eval(run, node, &inner);
    cg_schema_branch_end(run, branch);
    if (result == 0)
        cg_schema_seen_merge(target->seen, &seen);
    return result;
}

static int eval_quiet_branch(struct schema_run *run, const struct schema_node *node, const struct schema_target *target)
{
    struct schema_branch none = {0};
    enum schema_mode mode = run->mode;
    run->mode = SCHEMA_QUIET;
    int result = eval_branch(run, node, target, &none);
    run->mode = mode;
    return result;
}

/* --- which branch was meant --------------------------------------------------------------------------------------- */

/* How far a branch is from being valid; smaller is nearer, the fields in order. */
struct distance {
    bool other_kind;      /* the value itself is of another type, or not the constant asked for */
    size_t discriminants; /* members that should be another constant: it is another kind of object */
    size_t findings;
    size_t shallow; /* the less deep the deepest finding, the farther */
};

static bool tells_kinds_apart(const struct schema_pending *pending)
{
    return pending->op == SCHEMA_OP_CONST || pending->op == SCHEMA_OP_ENUM;
}

static struct distance distance_of(const struct schema_branch *branch, const struct schema_place *place)
{
    struct distance distance = {.findings = branch->count + branch->dropped};
    unsigned deepest = place->depth;
    for (size_t i = 0; i < branch->count; i++) {
        const struct schema_pending *pending = &branch->pending[i];
        bool here = pending->depth == place->depth;
        distance.other_kind |=
            here && (tells_kinds_apart(pending) || pending->op == SCHEMA_OP_TYPE || pending->op == SCHEMA_OP_NONE);
        distance.discriminants += pending->depth == place->depth + 1 && tells_kinds_apart(pending);
        deepest = pending->depth > deepest ? pending->depth : deepest;
    }
    distance.shallow = SIZE_MAX - deepest;
    return distance;
}

static int compare_distances(const struct distance *a, const struct distance *b)
{
    if (a->other_kind != b->other_kind)
        return a->other_kind ? 1 : -1;
    if (a->discriminants != b->discriminants)
        return a->discriminants > b->discriminants ? 1 : -1;
    if (a->findings != b->findings)
        return a->findings > b->findings ? 1 : -1;
    return (a->shallow > b->shallow) - (a->shallow < b->shallow);
}

/* The one branch that came nearest; NULL if none came near or several did. */
static struct schema_branch *nearest(struct schema_branch *branches, size_t count, const struct schema_place *place)
{
    struct schema_branch *best = NULL;
    struct distance least = {0};
    bool several = false;
    for (size_t i = 0; i < count; i++) {
        struct distance distance = distance_of(&branches[i], place);
        int order = best ? compare_distances(&distance, &least) : -1;
        several = order == 0 || (several && order > 0);
        if (order >= 0)
            continue;
        best = &branches[i];
        least = distance;
    }
    return several || least.other_kind ? NULL : best;
}

static int report_none(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                       const struct schema_target *target)
{
    CG_AUTO_BYTES struct cg_bytes words = {0};
    for (size_t i = 0; i < check->of.list.count; i++) {
        const char *between = i == 0 ? "" : i + 1 == check->of.list.count ? " or " : ", ";
        if (cg_bytes_append_text(&words, between, run->err) < 0 ||
            cg_schema_words_for(check->of.list.nodes[i], &words, run->err) < 0)
            return -1;
    }
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    violation.expected = words.data;
    return cg_schema_violation(run, &violation, "is none of: %s", words.data);
}

/* All branches failed; they were evaluated quietly, so they are gone through again to see why. */
static int report_branches(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                           const struct schema_target *target)
{
    size_t count = check->of.list.count;
    assert(count > 0);
    struct schema_branch *branches = calloc(count, sizeof *branches);
    if (!branches)
        return cg_fail_memory(run->err);
    int result = 1;
    for (size_t i = 0; i < count && result > 0; i++)
        result = eval_branch(run, check->of.list.nodes[i], target, &branches[i]);
    struct schema_branch *best = result > 0 ? nearest(branches, count, target->place) : NULL;
    if (result > 0)
        result = best ? cg_schema_branch_pass_on(run, best) : report_none(run, node, check, target);
    for (size_t i = 0; i < count; i++)
        cg_schema_branch_finish(&branches[i]);
    free(branches);
    return result < 0 ? -1 : 1;
}

int cg_schema_eval_any_of(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target)
{
    bool valid = false;
    for (size_t i = 0; i < check->of.list.count; i++) {
        int result = eval_quiet_branch(run, check->of.list.nodes[i], target);
        if (result < 0)
            return -1;
        valid |= result == 0;
        if (valid && !target->seen)
            break;
    }
    if (valid || run->mode == SCHEMA_QUIET)
        return valid ? 0 : 1;
    return report_branches(run, node, check, target);
}

int cg_schema_eval_one_of(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target)
{
    size_t valid = 0, first = 0, second = 0;
    for (size_t i = 0; i < check->of.list.count && valid < 2; i++) {
        int result = eval_quiet_branch(run, check->of.list.nodes[i], target);
        if (result < 0)
            return -1;
        if (result == 0 && valid++ == 0)
            first = i;
        else if (result == 0)
            second = i;
    }
    if (valid == 1 || run->mode == SCHEMA_QUIET)
        return valid == 1 ? 0 : 1;
    if (valid == 0)
        return report_branches(run, node, check, target);
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    violation.expected = "exactly one of the alternatives";
    return cg_schema_violation(run, &violation, "fits the alternatives %zu and %zu, must fit exactly one", first,
                               second);
}

int cg_schema_eval_not(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                       const struct schema_target *target)
{
    struct schema_target inner = *target;
    inner.seen = NULL;
    int result = cg_schema_eval_quietly(run, check->of.node, &inner);
    if (result < 0)
        return -1;
    if (result == 1)
        return 0;
    if (run->mode == SCHEMA_QUIET)
        return 1;
    CG_AUTO_BYTES struct cg_bytes words = {0};
    CG_AUTO_BYTES struct cg_bytes expected = {0};
    if (cg_schema_words_for(check->of.node, &words, run->err) < 0 ||
        cg_bytes_printf(&expected, run->err, "anything but %s", words.data) < 0)
        return -1;
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    violation.expected = expected.data;
    return cg_schema_violation(run, &violation, "must not be %s", words.data);
}

int cg_schema_eval_conditional(struct schema_run *run, const struct schema_check *check,
                               const struct schema_target *target)
{
    int result = eval_quiet_branch(run, check->of.conditional.condition, target);
    if (result < 0)
        return -1;
    const struct schema_node *next = result == 0 ? check->of.conditional.yes : check->of.conditional.no;
    return next ? cg_schema_eval(run, next, target) : 0;
}
