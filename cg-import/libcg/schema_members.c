/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"

#include <string.h>

/* The values of an object and the names they have. */

static struct schema_place member_place(const struct schema_target *target, const struct schema_cursor *member)
{
    return (struct schema_place){
        .parent = target->place, .name = member->name, .size = member->size, .depth = target->place->depth + 1};
}

/* Applies a schema to one member. A member that is not allowed at all is reported as that, with the keyword at fault.
 */
static int eval_member(struct schema_run *run, const struct schema_node *node, const char *keyword,
                       const struct schema_node *child, const struct schema_target *target,
                       const struct schema_cursor *member)
{
    struct schema_place place = member_place(target, member);
    struct schema_target inner = {.value = member->value, .place = &place, .frame = target->frame};
    if (child->verdict == SCHEMA_FALSE)
        return cg_schema_violation_not_allowed(run, node, keyword, child, &inner);
    return cg_schema_eval(run, child, &inner);
}

/* Applies the patterns that match the name; *matched tells whether any did. */
static int eval_patterns(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                         const struct schema_target *target, const struct schema_cursor *member, bool *matched)
{
    const struct schema_members *members = &check->of.members;
    int result = 0;
    for (size_t i = 0; i < members->pattern_count; i++) {
        const struct schema_member_pattern *row = &members->patterns[i];
        int differs = cg_schema_pattern_match(row->pattern, run->matcher, member->name, member->size, run->err);
        if (differs < 0 || cg_schema_eval_steps(run, 1) < 0)
            return -1;
        if (differs)
            continue;
        *matched = true;
        if (cg_schema_decided(run, eval_member(run, node, "patternProperties", row->node, target, member), &result))
            break;
    }
    return result;
}

/* One member against all keywords that may apply to it. */
static int eval_one_member(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                           const struct schema_target *target, const struct schema_cursor *member, size_t position)
{
    const struct schema_members *members = &check->of.members;
    const struct schema_node *named = cg_schema_member(members, member->name, member->size);
    bool known = named != NULL;
    int result = named ? eval_member(run, node, "properties", named, target, member) : 0;
    if (result < 0)
        return -1;
    if (members->pattern_count > 0) {
        int one = eval_patterns(run, node, check, target, member, &known);
        if (one < 0)
            return -1;
        result |= one;
    }
    if (!known && members->additional) {
        known = true;
        result = eval_member(run, node, "additionalProperties", members->additional, target, member);
    }
    if (known)
        cg_schema_seen_add(target->seen, position);
    return result;
}

/* Looks the properties up in the object: less work than going through its members when there are few of the former. */
static int eval_properties(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                           const struct schema_target *target)
{
    int result = 0;
    for (size_t i = 0; i < check->of.members.property_count; i++) {
        const struct schema_member *property = &check->of.members.properties[i];
        struct schema_cursor member = {.name = property->name, .size = property->size};
        member.value = json_object_getn(target->value, property->name, property->size);
        if (cg_schema_decided(
                run, member.value ? eval_member(run, node, "properties", property->node, target, &member) : 0, &result))
            break;
    }
    return result;
}

int cg_schema_eval_members(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                           const struct schema_target *target)
{
    const struct schema_members *members = &check->of.members;
    bool only_named = members->pattern_count == 0 && !members->additional && !target->seen;
    if (only_named && members->property_count < json_object_size(target->value) / 2)
        return eval_properties(run, node, check, target);
    int result = 0;
    size_t position = 0;
    for (struct schema_cursor m = cg_schema_first(target->value); m.name; m = cg_schema_next(target->value, m)) {
        if (cg_schema_decided(run, eval_one_member(run, node, check, target, &m, position++), &result))
            break;
    }
    return result;
}

int cg_schema_eval_unevaluated_properties(struct schema_run *run, const struct schema_node *node,
                                          const struct schema_check *check, const struct schema_target *target)
{
    int result = 0;
    size_t position = 0;
    for (struct schema_cursor m = cg_schema_first(target->value); m.name; m = cg_schema_next(target->value, m)) {
        if (cg_schema_seen_has(target->seen, position++))
            continue;
        if (cg_schema_decided(run, eval_member(run, node, check->keyword, check->of.node, target, &m), &result))
            break;
    }
    cg_schema_seen_add_all(target->seen);
    return result;
}

int cg_schema_eval_property_names(struct schema_run *run, const struct schema_check *check,
                                  const struct schema_target *target)
{
    int result = 0;
    for (struct schema_cursor m = cg_schema_first(target->value); m.name; m = cg_schema_next(target->value, m)) {
        CG_AUTO_JSON json_t *name = json_stringn_nocheck(m.name, m.size);
        if (!name)
            return cg_fail_memory(run->err);
        struct schema_place place = member_place(target, &m);
        place.of_name = true;
        struct schema_target inner = {.value = name, .place = &place, .frame = target->frame};
        if (cg_schema_decided(run, cg_schema_eval(run, check->of.node, &inner), &result))
            break;
    }
    return result;
}

/* --- names that must be there ------------------------------------------------------------------------------------- */

/* What the schema says about a member: through its properties, of any subschema that is at hand. */
static const struct schema_node *described_member(const struct schema_node *node, const char *name, size_t size)
{
    for (size_t i = 0; i < node->check_count; i++)
        if (node->checks[i].op == SCHEMA_OP_MEMBERS)
            return cg_schema_member(&node->checks[i].of.members, name, size);
    return NULL;
}

/* One finding for a name that is missing; `because` is the member that asks for it, NULL for `required`. */
static int missing(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                   const struct schema_target *target, const json_t *name, const char *because)
{
    const char *text = json_string_value(name);
    if (json_object_getn(target->value, text, json_string_length(name)))
        return 0;
    if (run->mode == SCHEMA_QUIET)
        return 1;
    const struct schema_node *member = described_member(node, text, json_string_length(name));
    CG_AUTO_BYTES struct cg_bytes words = {0};
    int result = member && member->verdict == SCHEMA_CHECKS ? cg_schema_words_for(member, &words, run->err)
                                                            : cg_bytes_printf(&words, run->err, "a value");
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    violation.wanted = member;
    violation.expected = cg_bytes_text(&words);
    if (result < 0)
        return -1;
    if (because)
        return cg_schema_violation(run, &violation, "\"%s\" is missing, which \"%s\" asks for", text, because);
    return cg_schema_violation(run, &violation, "\"%s\" is missing", text);
}

static int eval_names(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                      const struct schema_target *target, const json_t *names, const char *because)
{
    int result = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (cg_schema_decided(run, missing(run, node, check, target, json_array_get(names, i), because), &result))
            break;
    }
    return result;
}

int cg_schema_eval_required(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                            const struct schema_target *target)
{
    return eval_names(run, node, check, target, check->of.value, NULL);
}

int cg_schema_eval_dependent_required(struct schema_run *run, const struct schema_node *node,
                                      const struct schema_check *check, const struct schema_target *target)
{
    int result = 0;
    for (struct schema_cursor m = cg_schema_first(check->of.value); m.name; m = cg_schema_next(check->of.value, m)) {
        if (!json_object_getn(target->value, m.name, m.size))
            continue;
        if (cg_schema_decided(run, eval_names(run, node, check, target, m.value, m.name), &result))
            break;
    }
    return result;
}

int cg_schema_eval_dependent_schemas(struct schema_run *run, const struct schema_check *check,
                                     const struct schema_target *target)
{
    int result = 0;
    for (size_t i = 0; i < check->of.dependents.count; i++) {
        const struct schema_member *row = &check->of.dependents.members[i];
        if (!json_object_getn(target->value, row->name, row->size))
            continue;
        if (cg_schema_decided(run, cg_schema_eval(run, row->node, target), &result))
            break;
    }
    return result;
}
