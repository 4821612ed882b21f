/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_internal.h"
#include "schema_number.h"
#include "schema_pattern.h"

#include <math.h>
#include <string.h>

unsigned cg_schema_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return SCHEMA_OBJECT;
    case JSON_ARRAY:
        return SCHEMA_ARRAY;
    case JSON_STRING:
        return SCHEMA_STRING;
    case JSON_INTEGER:
        return SCHEMA_INTEGER;
    case JSON_REAL:
        return trunc(json_real_value(value)) == json_real_value(value) ? SCHEMA_INTEGER : SCHEMA_FRACTION;
    case JSON_TRUE:
    case JSON_FALSE:
        return SCHEMA_BOOLEAN;
    case JSON_NULL:
        break;
    }
    return SCHEMA_NULL;
}

/* jansson's iteration takes a non-const object but changes nothing in it. */
static json_t *for_iteration(const json_t *object)
{
    return (json_t *)(uintptr_t)object;
}

static struct schema_cursor cursor_at(void *iterator)
{
    if (!iterator)
        return (struct schema_cursor){0};
    return (struct schema_cursor){iterator, json_object_iter_key(iterator), json_object_iter_key_len(iterator),
                                  json_object_iter_value(iterator)};
}

struct schema_cursor cg_schema_first(const json_t *object)
{
    return cursor_at(json_object_iter(for_iteration(object)));
}

struct schema_cursor cg_schema_next(const json_t *object, struct schema_cursor cursor)
{
    return cursor_at(json_object_iter_next(for_iteration(object), cursor.iterator));
}

const char *cg_schema_text(const json_t *schema, const char *name)
{
    return json_string_value(json_object_get(schema, name));
}

/* Cheap, since the table is small and nobody but the schema's author can choose names that collide in it. */
static size_t name_hash(const char *name, size_t size)
{
    if (size == 0)
        return 0;
    const unsigned char *bytes = (const unsigned char *)name;
    return (size * 31U + bytes[0]) * 31U + bytes[size / 2] * 7U + bytes[size - 1];
}

static const struct schema_member **slot_of(const struct schema_members *members, const char *name, size_t size)
{
    size_t i = name_hash(name, size) & members->slot_mask;
    while (members->slots[i] && (members->slots[i]->size != size || memcmp(members->slots[i]->name, name, size) != 0))
        i = (i + 1) & members->slot_mask;
    return &members->slots[i];
}

const struct schema_node *cg_schema_member(const struct schema_members *members, const char *name, size_t size)
{
    const struct schema_member *found = members->slots ? *slot_of(members, name, size) : NULL;
    return found ? found->node : NULL;
}

void cg_schema_member_put(struct schema_members *members, const struct schema_member *property)
{
    *slot_of(members, property->name, property->size) = property;
}

const struct schema_node *cg_schema_dynamic(const struct cg_schema *schema, const struct schema_scope *scope,
                                            const char *name)
{
    const json_t *index = json_object_get(scope->dynamic, name);
    return index ? schema->nodes[json_integer_value(index)] : NULL;
}

/* --- the end of a schema ------------------------------------------------------------------------------------------ */

static void check_finish(struct schema_check *check)
{
    switch (check->op) {
    case SCHEMA_OP_PATTERN:
        cg_schema_pattern_destroy(check->of.pattern);
        break;
    case SCHEMA_OP_ALL_OF:
    case SCHEMA_OP_ANY_OF:
    case SCHEMA_OP_ONE_OF:
        free(check->of.list.nodes);
        break;
    case SCHEMA_OP_ITEMS:
        free(check->of.items.prefix.nodes);
        break;
    case SCHEMA_OP_DEPENDENT_SCHEMAS:
        free(check->of.dependents.members);
        break;
    case SCHEMA_OP_MEMBERS:
        for (size_t i = 0; i < check->of.members.pattern_count; i++)
            cg_schema_pattern_destroy(check->of.members.patterns[i].pattern);
        free(check->of.members.patterns);
        free(check->of.members.slots);
        free(check->of.members.properties);
        break;
    default:
        break;
    }
}

static void node_destroy(struct schema_node *node)
{
    for (size_t i = 0; i < node->check_count; i++)
        check_finish(&node->checks[i]);
    free(node->checks);
    free(node->pointer);
    free(node);
}

static void scope_destroy(struct schema_scope *scope)
{
    json_decref(scope->anchors);
    json_decref(scope->dynamic);
    free(scope->pointer);
    free(scope->uri);
    free(scope);
}

void cg_schema_destroy(struct cg_schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->node_count; i++)
        node_destroy(schema->nodes[i]);
    for (size_t i = 0; i < schema->scope_count; i++)
        scope_destroy(schema->scopes[i]);
    for (size_t i = 0; i < schema->document_count; i++) {
        json_decref(schema->documents[i]->json);
        free(schema->documents[i]->uri);
        free(schema->documents[i]);
    }
    free(schema->nodes);
    free(schema->scopes);
    free(schema->documents);
    free(schema);
}
