/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_build.h"
#include "schema_keywords.h"
#include "schema_pattern.h"

#include <string.h>

/* One keyword of one subschema on its way to a check. Its value has the right form. */
struct compiling {
    struct schema_builder *builder;
    const struct schema_node *node;
    const char *keyword;
    const json_t *value;
    struct schema_check *check; /* zeroed but for op, applies and keyword */
};

/* The value of a keyword whose vocabulary is active, or NULL. */
static const json_t *row_value(const struct schema_node *node, const struct schema_keyword *row)
{
    return node->scope->vocabularies & row->vocabulary ? json_object_get(node->json, row->name) : NULL;
}

static const json_t *active_value(const struct schema_node *node, const char *keyword)
{
    return row_value(node, cg_schema_keyword(keyword, strlen(keyword)));
}

/* A count as size_t; those beyond what memory can hold are all the same. */
static size_t count_of(const json_t *value)
{
    if (json_is_integer(value))
        return (size_t)json_integer_value(value);
    return json_real_value(value) < (double)SIZE_MAX ? (size_t)json_real_value(value) : SIZE_MAX;
}

static int compile_child(struct compiling *in, const char *keyword, const struct schema_node **child)
{
    if (!active_value(in->node, keyword))
        return 0;
    *child = cg_schema_child(in->builder, in->node, keyword);
    return *child ? 0 : -1;
}

static int compile_list(struct compiling *in, const char *keyword, struct schema_list *list)
{
    size_t count = json_array_size(active_value(in->node, keyword));
    if (count == 0)
        return 0;
    list->nodes = calloc(count, sizeof(const struct schema_node *));
    if (!list->nodes)
        return cg_fail_memory(in->builder->err);
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        list->nodes[i] = cg_schema_child_indexed(in->builder, in->node, keyword, i);
        if (!list->nodes[i])
            return -1;
    }
    return 0;
}

static int compile_types(struct compiling *in)
{
    if (json_is_string(in->value)) {
        in->check->of.kinds = cg_schema_type(json_string_value(in->value));
        return 0;
    }
    for (size_t i = 0; i < json_array_size(in->value); i++)
        in->check->of.kinds |= cg_schema_type(json_string_value(json_array_get(in->value, i)));
    return 0;
}

static struct schema_pattern *compile_pattern(struct compiling *in, const char *text, size_t size)
{
    struct cg_error reason = {0};
    struct schema_pattern *pattern = cg_schema_pattern_compile(text, size, &reason);
    if (!pattern && reason.code == CG_E_SCHEMA)
        cg_schema_mistake(in->builder, in->node->scope->document, in->node->pointer, in->keyword, "%s", reason.message);
    else if (!pattern)
        cg_fail_memory(in->builder->err);
    return pattern;
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static int compile_properties(struct compiling *in, struct schema_members *members)
{
    const json_t *properties = active_value(in->node, "properties");
    size_t count = json_object_size(properties), slots = 2;
    if (count == 0)
        return 0;
    while (slots < count * 2)
        slots *= 2;
    members->properties = calloc(count, sizeof *members->properties);
    members->slots = calloc(slots, sizeof(const struct schema_member *));
    if (!members->properties || !members->slots)
        return cg_fail_memory(in->builder->err);
    members->slot_mask = slots - 1;
    for (struct schema_cursor m = cg_schema_first(properties); m.name; m = cg_schema_next(properties, m)) {
        struct schema_member *property = &members->properties[members->property_count++];
        *property = (struct schema_member){m.name, m.size,
                                           cg_schema_child_named(in->builder, in->node, "properties", m.name, m.size)};
        if (!property->node)
            return -1;
        cg_schema_member_put(members, property);
    }
    return 0;
}

static int compile_pattern_properties(struct compiling *in, struct schema_members *members)
{
    const json_t *properties = active_value(in->node, "patternProperties");
    if (json_object_size(properties) == 0)
        return 0;
    in->keyword = "patternProperties";
    members->patterns = calloc(json_object_size(properties), sizeof *members->patterns);
    if (!members->patterns)
        return cg_fail_memory(in->builder->err);
    for (struct schema_cursor m = cg_schema_first(properties); m.name; m = cg_schema_next(properties, m)) {
        struct schema_member_pattern *made = &members->patterns[members->pattern_count];
        made->pattern = compile_pattern(in, m.name, m.size);
        if (!made->pattern)
            return -1;
        members->pattern_count++;
        made->node = cg_schema_child_named(in->builder, in->node, "patternProperties", m.name, m.size);
        if (!made->node)
            return -1;
    }
    return 0;
}

static int compile_members(struct compiling *in)
{
    struct schema_members *members = &in->check->of.members;
    if (compile_properties(in, members) < 0 || compile_pattern_properties(in, members) < 0)
        return -1;
    return compile_child(in, "additionalProperties", &members->additional);
}

static int compile_dependents(struct compiling *in)
{
    size_t size = json_object_size(in->value);
    if (size == 0)
        return 0;
    struct schema_member *members = calloc(size, sizeof *members);
    if (!members)
        return cg_fail_memory(in->builder->err);
    in->check->of.dependents.members = members;
    for (struct schema_cursor m = cg_schema_first(in->value); m.name; m = cg_schema_next(in->value, m)) {
        *members = (struct schema_member){m.name, m.size,
                                          cg_schema_child_named(in->builder, in->node, in->keyword, m.name, m.size)};
        if (!members++->node)
            return -1;
        in->check->of.dependents.count++;
    }
    return 0;
}

/* --- items -------------------------------------------------------------------------------------------------------- */

static int compile_items(struct compiling *in)
{
    if (compile_list(in, "prefixItems", &in->check->of.items.prefix) < 0)
        return -1;
    return compile_child(in, "items", &in->check->of.items.rest);
}

static int compile_contains(struct compiling *in)
{
    const json_t *least = active_value(in->node, "minContains"), *most = active_value(in->node, "maxContains");
    in->check->of.contains.least = least ? count_of(least) : 1;
    in->check->of.contains.most = most ? count_of(most) : SIZE_MAX;
    return compile_child(in, "contains", &in->check->of.contains.node);
}

/* --- the same value ----------------------------------------------------------------------------------------------- */

static int compile_conditional(struct compiling *in)
{
    if (compile_child(in, "if", &in->check->of.conditional.condition) < 0 ||
        compile_child(in, "then", &in->check->of.conditional.yes) < 0)
        return -1;
    return compile_child(in, "else", &in->check->of.conditional.no);
}

static int compile_reference(struct compiling *in)
{
    in->check->of.node = cg_schema_resolve(in->builder, in->node, in->keyword, json_string_value(in->value));
    return in->check->of.node ? 0 : -1;
}

/* Core section 8.2.3.2: dynamic only if the fragment is the $dynamicAnchor of what it names at first. */
static int compile_dynamic_reference(struct compiling *in)
{
    const char *reference = json_string_value(in->value);
    const struct schema_node *target = cg_schema_resolve(in->builder, in->node, in->keyword, reference);
    if (!target)
        return -1;
    in->check->of.dynamic.target = target;
    const char *anchor = cg_schema_text(target->json, "$dynamicAnchor"), *hash = strchr(reference, '#');
    if (anchor && hash && strcmp(hash + 1, anchor) == 0)
        in->check->of.dynamic.anchor = anchor;
    return 0;
}

static int compile_value(struct compiling *in)
{
    switch (in->check->op) {
    case SCHEMA_OP_NONE:
        return 0;
    case SCHEMA_OP_REF:
        return compile_reference(in);
    case SCHEMA_OP_DYNAMIC_REF:
        return compile_dynamic_reference(in);
    case SCHEMA_OP_TYPE:
        return compile_types(in);
    case SCHEMA_OP_MAX_LENGTH:
    case SCHEMA_OP_MIN_LENGTH:
    case SCHEMA_OP_MAX_ITEMS:
    case SCHEMA_OP_MIN_ITEMS:
    case SCHEMA_OP_MAX_PROPERTIES:
    case SCHEMA_OP_MIN_PROPERTIES:
        in->check->of.count = count_of(in->value);
        return 0;
    case SCHEMA_OP_PATTERN:
        in->check->of.pattern = compile_pattern(in, json_string_value(in->value), json_string_length(in->value));
        return in->check->of.pattern ? 0 : -1;
    case SCHEMA_OP_MEMBERS:
        return compile_members(in);
    case SCHEMA_OP_DEPENDENT_SCHEMAS:
        return compile_dependents(in);
    case SCHEMA_OP_ITEMS:
        return compile_items(in);
    case SCHEMA_OP_CONTAINS:
        return compile_contains(in);
    case SCHEMA_OP_ALL_OF:
    case SCHEMA_OP_ANY_OF:
    case SCHEMA_OP_ONE_OF:
        return compile_list(in, in->keyword, &in->check->of.list);
    case SCHEMA_OP_IF:
        return compile_conditional(in);
    case SCHEMA_OP_NOT:
    case SCHEMA_OP_PROPERTY_NAMES:
    case SCHEMA_OP_UNEVALUATED_ITEMS:
    case SCHEMA_OP_UNEVALUATED_PROPERTIES:
        return compile_child(in, in->keyword, &in->check->of.node);
    case SCHEMA_OP_CONST:
    case SCHEMA_OP_ENUM:
    case SCHEMA_OP_MULTIPLE_OF:
    case SCHEMA_OP_MAXIMUM:
    case SCHEMA_OP_EXCLUSIVE_MAXIMUM:
    case SCHEMA_OP_MINIMUM:
    case SCHEMA_OP_EXCLUSIVE_MINIMUM:
    case SCHEMA_OP_REQUIRED:
    case SCHEMA_OP_DEPENDENT_REQUIRED:
    case SCHEMA_OP_UNIQUE_ITEMS:
        in->check->of.value = in->value;
        return 0;
    }
    return 0;
}

/* The keywords of one check stand together in the table. */
static bool is_compiled(const struct schema_node *node, enum schema_op op)
{
    return node->check_count > 0 && node->checks[node->check_count - 1].op == op;
}

static int compile_node(struct schema_builder *builder, struct schema_node *node)
{
    if (json_is_boolean(node->json)) {
        node->verdict = json_is_true(node->json) ? SCHEMA_TRUE : SCHEMA_FALSE;
        return 0;
    }
    node->checks = calloc(json_object_size(node->json) + 1, sizeof *node->checks);
    if (!node->checks)
        return cg_fail_memory(builder->err);
    for (const struct schema_keyword *row = cg_schema_keywords; row->name; row++) {
        const json_t *value = row->op == SCHEMA_OP_NONE ? NULL : row_value(node, row);
        bool off = row->op == SCHEMA_OP_UNIQUE_ITEMS && json_is_false(value);
        if (!value || off || is_compiled(node, row->op))
            continue;
        struct schema_check *check = &node->checks[node->check_count++];
        *check = (struct schema_check){.op = row->op, .applies = row->applies, .keyword = row->name};
        struct compiling compiling = {builder, node, row->name, value, check};
        if (compile_value(&compiling) < 0)
            return -1;
        node->unevaluated |= row->op == SCHEMA_OP_UNEVALUATED_ITEMS || row->op == SCHEMA_OP_UNEVALUATED_PROPERTIES;
    }
    if (node->check_count == 0)
        node->verdict = SCHEMA_TRUE;
    return 0;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static int compile_all(struct schema_builder *builder, json_t *root, const char *base_uri)
{
    if (cg_schema_enter(builder, root, base_uri, SCHEMA_ROOT) < 0)
        return -1;
    /* References enter more documents, so there are more nodes at the end of the loop than at its beginning. */
    for (size_t i = 0; i < builder->schema->node_count; i++)
        if (compile_node(builder, builder->schema->nodes[i]) < 0)
            return -1;
    return cg_schema_refuse_loops(builder);
}

struct cg_schema *cg_schema_compile(json_t *root, const char *base_uri, const struct cg_schema_resource *resources,
                                    size_t resource_count, enum cg_schema_unknown unknown, struct cg_error *err)
{
    struct cg_error own = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = calloc(1, sizeof *schema);
    CG_AUTO_JSON json_t *places = json_object();
    CG_AUTO_JSON json_t *uris = json_object();
    if (!schema || !places || !uris) {
        cg_fail_memory(err);
        return NULL;
    }
    struct schema_builder builder = {schema, resources, resource_count, unknown, places, uris, &own};
    if (compile_all(&builder, root, base_uri ? base_uri : "") < 0) {
        cg_fail(err, own.code, "%s", own.message);
        return NULL;
    }
    return CG_STEAL(schema);
}
