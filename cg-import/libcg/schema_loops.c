/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_build.h"

/*
 * A subschema that applies itself to the same value, by way of $ref or of allOf, anyOf, oneOf, not, if, would never
 * come to an end (core section 9.4.1). What is only reached under a condition (then, else, dependentSchemas,
 * $dynamicRef) may end, and is bounded by CG_SCHEMA_DEPTH_MAX when it does not.
 */

enum visit {
    VISIT_NOT_BEGUN,
    VISIT_UNDER_WAY,
    VISIT_DONE,
};

struct search {
    struct schema_builder *builder;
    unsigned char *visits; /* enum visit for each node */
    unsigned depth;
};

static int visit(struct search *search, const struct schema_node *node);

static int visit_list(struct search *search, const struct schema_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (visit(search, list->nodes[i]) < 0)
            return -1;
    return 0;
}

static int visit_check(struct search *search, const struct schema_check *check)
{
    switch (check->op) {
    case SCHEMA_OP_REF:
    case SCHEMA_OP_NOT:
        return visit(search, check->of.node);
    case SCHEMA_OP_IF:
        return visit(search, check->of.conditional.condition);
    case SCHEMA_OP_ALL_OF:
    case SCHEMA_OP_ANY_OF:
    case SCHEMA_OP_ONE_OF:
        return visit_list(search, &check->of.list);
    default:
        return 0;
    }
}

static int visit(struct search *search, const struct schema_node *node)
{
    struct schema_builder *builder = search->builder;
    unsigned char *state = &search->visits[node->index];
    if (*state == VISIT_DONE)
        return 0;
    if (*state == VISIT_UNDER_WAY)
        return cg_schema_mistake(builder, node->scope->document, node->pointer, NULL,
                                 "refers to itself without going down in the document, so it would never end");
    if (search->depth >= CG_SCHEMA_DEPTH_MAX)
        return cg_fail(builder->err, CG_E_LIMIT, "more than %d schemas refer to one another in a chain",
                       CG_SCHEMA_DEPTH_MAX);
    *state = VISIT_UNDER_WAY;
    search->depth++;
    for (size_t i = 0; i < node->check_count; i++)
        if (visit_check(search, &node->checks[i]) < 0)
            return -1;
    search->depth--;
    *state = VISIT_DONE;
    return 0;
}

int cg_schema_refuse_loops(struct schema_builder *builder)
{
    size_t count = builder->schema->node_count;
    CG_AUTO_FREE unsigned char *visits = calloc(count, 1);
    if (!visits)
        return cg_fail_memory(builder->err);
    struct search search = {.builder = builder, .visits = visits};
    for (size_t i = 0; i < count; i++)
        if (visit(&search, builder->schema->nodes[i]) < 0)
            return -1;
    return 0;
}
