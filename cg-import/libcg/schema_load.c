/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_build.h"
#include "schema_keywords.h"
#include "schema_uri.h"

#include "cg/json.h"

#include <assert.h>
#include <string.h>

int cg_schema_mistake(struct schema_builder *builder, const struct schema_document *document, const char *pointer,
                      const char *keyword, const char *format, ...)
{
    char message[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const char *uri = document->origin == SCHEMA_ROOT ? "" : document->uri;
    return cg_fail(builder->err, CG_E_SCHEMA, "schema %s#%s%s%s: %s", uri, pointer, keyword ? "/" : "",
                   keyword ? keyword : "", message);
}

/* Makes room for one more pointer in a growing array. */
static int grow(void *array, size_t count, size_t *capacity, struct cg_error *err)
{
    if (count < *capacity)
        return 0;
    size_t larger = *capacity ? *capacity * 2 : 16;
    void **old;
    memcpy(&old, array, sizeof old);
    void **made = realloc(old, larger * sizeof *made);
    if (!made)
        return cg_fail_memory(err);
    memcpy(array, &made, sizeof made);
    *capacity = larger;
    return 0;
}

/* --- documents, resources, subschemas ----------------------------------------------------------------------------- */

static struct schema_document *add_document(struct schema_builder *builder, json_t *json, const char *uri,
                                            enum schema_origin origin)
{
    struct cg_schema *schema = builder->schema;
    if (grow(&schema->documents, schema->document_count, &schema->document_capacity, builder->err) < 0)
        return NULL;
    struct schema_document *document = calloc(1, sizeof *document);
    CG_AUTO_FREE char *own_uri = strdup(uri);
    if (!document || !own_uri) {
        free(document);
        cg_fail_memory(builder->err);
        return NULL;
    }
    document->uri = CG_STEAL(own_uri);
    document->json = json_incref(json);
    document->origin = origin;
    document->index = schema->document_count;
    schema->documents[schema->document_count++] = document;
    return document;
}

static struct schema_scope *add_scope(struct schema_builder *builder, const struct schema_document *document,
                                      const char *pointer, unsigned vocabularies)
{
    struct cg_schema *schema = builder->schema;
    if (grow(&schema->scopes, schema->scope_count, &schema->scope_capacity, builder->err) < 0)
        return NULL;
    struct schema_scope *scope = calloc(1, sizeof *scope);
    if (!scope) {
        cg_fail_memory(builder->err);
        return NULL;
    }
    schema->scopes[schema->scope_count++] = scope;
    scope->document = document;
    scope->vocabularies = vocabularies;
    scope->pointer = strdup(pointer);
    scope->anchors = json_object();
    scope->dynamic = json_object();
    if (!scope->pointer || !scope->anchors || !scope->dynamic) {
        cg_fail_memory(builder->err);
        return NULL;
    }
    return scope;
}

/* Notes that a scope answers to `uri`. */
static int name_scope(struct schema_builder *builder, struct schema_scope *scope, const char *uri)
{
    const json_t *other = json_object_get(builder->uris, uri);
    size_t index = builder->schema->scope_count - 1;
    assert(builder->schema->scopes[index] == scope);
    if (other && json_integer_value(other) != (json_int_t)index) {
        const struct schema_scope *taken = builder->schema->scopes[json_integer_value(other)];
        return cg_schema_mistake(builder, scope->document, scope->pointer, "$id",
                                 "\"%s\" is also the URI of the schema at #%s", uri, taken->pointer);
    }
    if (json_object_set_new_nocheck(builder->uris, uri, json_integer((json_int_t)index)) < 0)
        return cg_fail_memory(builder->err);
    return 0;
}

/* Gives a scope its URI: $id seen from `base`, or `base` itself. */
static int identify_scope(struct schema_builder *builder, struct schema_scope *scope, const json_t *json,
                          const char *base)
{
    const char *id = cg_schema_text(json, "$id");
    CG_AUTO_FREE char *fragment = NULL;
    int result = cg_schema_uri_resolve(base, id ? id : "", &scope->uri, &fragment, builder->err);
    if (result < 0)
        return -1;
    if (result > 0 || *fragment)
        return cg_schema_mistake(builder, scope->document, scope->pointer, "$id", "\"%s\" must not have a fragment",
                                 id);
    return name_scope(builder, scope, scope->uri);
}

static struct schema_scope *enter_scope(struct schema_builder *builder, const json_t *json,
                                        const struct schema_document *document, const struct schema_scope *parent,
                                        const char *pointer)
{
    struct schema_scope *scope =
        add_scope(builder, document, pointer, parent ? parent->vocabularies : SCHEMA_ALL_VOCABULARIES);
    if (!scope || identify_scope(builder, scope, json, parent ? parent->uri : document->uri) < 0)
        return NULL;
    if (!parent && name_scope(builder, scope, document->uri) < 0)
        return NULL;
    return cg_schema_vocabularies(builder, scope, json) < 0 ? NULL : scope;
}

static int add_anchor(struct schema_builder *builder, const struct schema_node *node, const char *keyword,
                      json_t *anchors, json_int_t index)
{
    const char *name = cg_schema_text(node->json, keyword);
    if (!name)
        return 0;
    const json_t *other = json_object_get(anchors, name);
    if (other && json_integer_value(other) != index)
        return cg_schema_mistake(builder, node->scope->document, node->pointer, keyword,
                                 "\"%s\" names the schema at #%s already", name,
                                 builder->schema->nodes[json_integer_value(other)]->pointer);
    if (json_object_set_new_nocheck(anchors, name, json_integer(index)) < 0)
        return cg_fail_memory(builder->err);
    return 0;
}

/* Where a subschema is, as the key of builder->places. */
static int place_key(const struct schema_document *document, const char *pointer, struct cg_bytes *key,
                     struct cg_error *err)
{
    return cg_bytes_printf(key, err, "%zu%s", document->index, pointer);
}

static struct schema_node *add_node(struct schema_builder *builder, const json_t *json, struct schema_scope *scope,
                                    const char *pointer)
{
    struct cg_schema *schema = builder->schema;
    CG_AUTO_BYTES struct cg_bytes key = {0};
    if (grow(&schema->nodes, schema->node_count, &schema->node_capacity, builder->err) < 0 ||
        place_key(scope->document, pointer, &key, builder->err) < 0)
        return NULL;
    struct schema_node *node = calloc(1, sizeof *node);
    char *own_pointer = strdup(pointer);
    json_int_t index = (json_int_t)schema->node_count;
    if (!node || !own_pointer || json_object_set_new_nocheck(builder->places, key.data, json_integer(index)) < 0) {
        free(node);
        free(own_pointer);
        cg_fail_memory(builder->err);
        return NULL;
    }
    *node = (struct schema_node){.json = json, .scope = scope, .pointer = own_pointer, .index = schema->node_count};
    schema->nodes[schema->node_count++] = node;
    if (add_anchor(builder, node, "$anchor", scope->anchors, index) < 0 ||
        add_anchor(builder, node, "$dynamicAnchor", scope->anchors, index) < 0 ||
        add_anchor(builder, node, "$dynamicAnchor", scope->dynamic, index) < 0)
        return NULL;
    return node;
}

/* --- walking a document ------------------------------------------------------------------------------------------- */

struct walk {
    struct schema_builder *builder;
    const struct schema_document *document;
    struct cg_bytes pointer;
    unsigned depth;
};

static void walk_finish(struct walk *walk)
{
    cg_bytes_finish(&walk->pointer);
}

static struct schema_node *enter_schema(struct walk *walk, const json_t *json, struct schema_scope *scope);

static int enter_map(struct walk *walk, const json_t *map, struct schema_scope *scope)
{
    size_t size = walk->pointer.size;
    for (struct schema_cursor m = cg_schema_first(map); m.name; m = cg_schema_next(map, m)) {
        if (memchr(m.name, '\0', m.size))
            return cg_schema_mistake(walk->builder, walk->document, cg_bytes_text(&walk->pointer), NULL,
                                     "a name with U+0000 in it is not supported");
        if (cg_pointer_push_name(&walk->pointer, m.name, m.size, walk->builder->err) < 0 ||
            !enter_schema(walk, m.value, scope))
            return -1;
        cg_pointer_pop(&walk->pointer, size);
    }
    return 0;
}

static int enter_array(struct walk *walk, const json_t *array, struct schema_scope *scope)
{
    size_t size = walk->pointer.size;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (cg_pointer_push_index(&walk->pointer, i, walk->builder->err) < 0 ||
            !enter_schema(walk, json_array_get(array, i), scope))
            return -1;
        cg_pointer_pop(&walk->pointer, size);
    }
    return 0;
}

/* Enters the schemas in a keyword's value; that the value has the right form is known. */
static int enter_value(struct walk *walk, const struct schema_keyword *keyword, const json_t *value,
                       struct schema_scope *scope)
{
    size_t size = walk->pointer.size;
    if (cg_pointer_push_name(&walk->pointer, keyword->name, strlen(keyword->name), walk->builder->err) < 0)
        return -1;
    int result = 0;
    if (keyword->form == SCHEMA_FORM_SCHEMA)
        result = enter_schema(walk, value, scope) ? 0 : -1;
    else if (keyword->form == SCHEMA_FORM_SCHEMAS)
        result = enter_array(walk, value, scope);
    else if (keyword->form == SCHEMA_FORM_SCHEMA_MAP)
        result = enter_map(walk, value, scope);
    cg_pointer_pop(&walk->pointer, size);
    return result;
}

static int enter_members(struct walk *walk, const json_t *json, struct schema_scope *scope)
{
    const struct schema_builder *builder = walk->builder;
    bool refuse = builder->unknown == CG_SCHEMA_UNKNOWN_REFUSE;
    for (struct schema_cursor m = cg_schema_first(json); m.name; m = cg_schema_next(json, m)) {
        const struct schema_keyword *keyword = cg_schema_keyword(m.name, m.size);
        bool active = keyword && (scope->vocabularies & keyword->vocabulary);
        const char *pointer = cg_bytes_text(&walk->pointer);
        if (!active && refuse)
            return cg_schema_mistake(walk->builder, walk->document, pointer, m.name, "is no keyword of this schema");
        if (!active)
            continue;
        const char *wrong = cg_schema_misform(keyword, m.value);
        if (wrong)
            return cg_schema_mistake(walk->builder, walk->document, pointer, m.name, "%s", wrong);
        if (enter_value(walk, keyword, m.value, scope) < 0)
            return -1;
    }
    return 0;
}

static struct schema_node *enter_schema(struct walk *walk, const json_t *json, struct schema_scope *scope)
{
    struct schema_builder *builder = walk->builder;
    const char *pointer = cg_bytes_text(&walk->pointer);
    if (!json_is_object(json) && !json_is_boolean(json)) {
        cg_schema_mistake(builder, walk->document, pointer, NULL, "must be a schema (an object, true or false)");
        return NULL;
    }
    if (walk->depth >= CG_SCHEMA_DEPTH_MAX) {
        cg_fail(builder->err, CG_E_LIMIT, "the schema is nested deeper than %d", CG_SCHEMA_DEPTH_MAX);
        return NULL;
    }
    bool own_scope = !scope || cg_schema_text(json, "$id");
    if (own_scope)
        scope = enter_scope(builder, json, walk->document, scope, pointer);
    struct schema_node *node = scope ? add_node(builder, json, scope, pointer) : NULL;
    if (!node)
        return NULL;
    if (own_scope)
        scope->root = node;
    walk->depth++;
    int result = json_is_object(json) ? enter_members(walk, json, scope) : 0;
    walk->depth--;
    return result < 0 ? NULL : node;
}

int cg_schema_enter(struct schema_builder *builder, json_t *json, const char *uri, enum schema_origin origin)
{
    const struct schema_document *document = add_document(builder, json, uri, origin);
    if (!document)
        return -1;
    CG_AUTO(walk_finish) struct walk walk = {.builder = builder, .document = document};
    return enter_schema(&walk, document->json, NULL) ? 0 : -1;
}

struct schema_node *cg_schema_enter_stray(struct schema_builder *builder, const json_t *json,
                                          struct schema_scope *scope, const char *pointer)
{
    CG_AUTO(walk_finish) struct walk walk = {.builder = builder, .document = scope->document};
    if (cg_bytes_append_text(&walk.pointer, pointer, builder->err) < 0)
        return NULL;
    return enter_schema(&walk, json, scope);
}

/* --- finding what was entered ------------------------------------------------------------------------------------- */

struct schema_node *cg_schema_at(struct schema_builder *builder, const struct schema_document *document,
                                 const char *pointer)
{
    CG_AUTO_BYTES struct cg_bytes key = {0};
    if (place_key(document, pointer, &key, builder->err) < 0)
        return NULL;
    const json_t *index = json_object_get(builder->places, key.data);
    return index ? builder->schema->nodes[json_integer_value(index)] : NULL;
}

/* All schemas in the values of active keywords were entered, so they are found unless memory is short. */
static const struct schema_node *child_at(struct schema_builder *builder, const struct schema_node *node,
                                          const struct cg_bytes *pointer)
{
    return cg_schema_at(builder, node->scope->document, cg_bytes_text(pointer));
}

static int child_pointer(const struct schema_node *node, const char *keyword, struct cg_bytes *pointer,
                         struct cg_error *err)
{
    if (cg_bytes_append_text(pointer, node->pointer, err) < 0)
        return -1;
    return cg_pointer_push_name(pointer, keyword, strlen(keyword), err);
}

const struct schema_node *cg_schema_child(struct schema_builder *builder, const struct schema_node *node,
                                          const char *keyword)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    if (child_pointer(node, keyword, &pointer, builder->err) < 0)
        return NULL;
    return child_at(builder, node, &pointer);
}

const struct schema_node *cg_schema_child_named(struct schema_builder *builder, const struct schema_node *node,
                                                const char *keyword, const char *name, size_t size)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    if (child_pointer(node, keyword, &pointer, builder->err) < 0 ||
        cg_pointer_push_name(&pointer, name, size, builder->err) < 0)
        return NULL;
    return child_at(builder, node, &pointer);
}

const struct schema_node *cg_schema_child_indexed(struct schema_builder *builder, const struct schema_node *node,
                                                  const char *keyword, size_t index)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    if (child_pointer(node, keyword, &pointer, builder->err) < 0 ||
        cg_pointer_push_index(&pointer, index, builder->err) < 0)
        return NULL;
    return child_at(builder, node, &pointer);
}
