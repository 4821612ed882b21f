/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_build.h"
#include "schema_keywords.h"
#include "schema_metaschema.h"
#include "schema_uri.h"

#include "cg/json.h"

#include <string.h>

json_t *cg_schema_document(struct schema_builder *builder, const char *uri)
{
    for (size_t i = 0; i < builder->given_count; i++)
        if (strcmp(builder->given[i].uri, uri) == 0)
            return json_incref(builder->given[i].document);
    const char *text = cg_schema_metaschema(uri);
    if (!text)
        return NULL;
    json_t *document = json_loads(text, 0, NULL);
    if (!document)
        cg_fail_memory(builder->err);
    return document;
}

/* --- vocabularies ------------------------------------------------------------------------------------------------- */

static int read_vocabularies(struct schema_builder *builder, struct schema_scope *scope, const json_t *vocabularies)
{
    scope->vocabularies = SCHEMA_CORE;
    for (struct schema_cursor m = cg_schema_first(vocabularies); m.name; m = cg_schema_next(vocabularies, m)) {
        unsigned bit = cg_schema_vocabulary(m.name);
        if (!bit && json_is_true(m.value))
            return cg_schema_mistake(builder, scope->document, scope->pointer, "$schema",
                                     "asks for the vocabulary \"%s\", which is not supported", m.name);
        scope->vocabularies |= bit;
    }
    return 0;
}

int cg_schema_vocabularies(struct schema_builder *builder, struct schema_scope *scope, const json_t *json)
{
    const char *name = cg_schema_text(json, "$schema");
    if (!name)
        return 0;
    CG_AUTO_FREE char *uri = NULL, *fragment = NULL;
    int result = cg_schema_uri_resolve("", name, &uri, &fragment, builder->err);
    if (result < 0)
        return -1;
    scope->vocabularies = SCHEMA_ALL_VOCABULARIES;
    if (result == 0 && !*fragment && strcmp(uri, CG_SCHEMA_METASCHEMA_URI) == 0)
        return 0;
    CG_AUTO_JSON json_t *metaschema = result == 0 && !*fragment ? cg_schema_document(builder, uri) : NULL;
    if (builder->err->code != CG_OK)
        return -1;
    if (!metaschema)
        return cg_schema_mistake(builder, scope->document, scope->pointer, "$schema",
                                 "\"%s\" is neither draft 2020-12 nor the URI of a document given", name);
    const json_t *vocabularies = json_object_get(metaschema, "$vocabulary");
    return vocabularies ? read_vocabularies(builder, scope, vocabularies) : 0;
}

/* --- references --------------------------------------------------------------------------------------------------- */

/* The resource `uri`, entering the document it is in if that is at hand; NULL if there is none or after an error. */
static struct schema_scope *find_scope(struct schema_builder *builder, const char *uri)
{
    const json_t *index = json_object_get(builder->uris, uri);
    if (!index) {
        CG_AUTO_JSON json_t *document = cg_schema_document(builder, uri);
        if (!document || cg_schema_enter(builder, document, uri, SCHEMA_RESOURCE) < 0)
            return NULL;
        index = json_object_get(builder->uris, uri);
    }
    return builder->schema->scopes[json_integer_value(index)];
}

/* The innermost resource around `pointer` of a document, whose own place is `outer`. */
static struct schema_scope *scope_around(struct schema_builder *builder, struct schema_scope *outer,
                                         const char *pointer)
{
    size_t size = strlen(pointer);
    CG_AUTO_FREE char *shorter = strdup(pointer);
    if (!shorter) {
        cg_fail_memory(builder->err);
        return NULL;
    }
    while (size > strlen(outer->pointer)) {
        while (shorter[--size] != '/')
            continue;
        shorter[size] = '\0';
        const struct schema_node *node = cg_schema_at(builder, outer->document, shorter);
        if (node)
            return node->scope;
        if (builder->err->code != CG_OK)
            return NULL;
    }
    return outer;
}

static struct schema_node *find_pointer(struct schema_builder *builder, struct schema_scope *scope,
                                        const char *fragment)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    if (cg_bytes_append_text(&pointer, scope->pointer, builder->err) < 0 ||
        cg_bytes_append_text(&pointer, fragment, builder->err) < 0)
        return NULL;
    struct schema_node *node = cg_schema_at(builder, scope->document, pointer.data);
    const json_t *json = node ? NULL : cg_pointer_get(scope->document->json, pointer.data);
    if (!json || (!json_is_object(json) && !json_is_boolean(json)) || builder->err->code != CG_OK)
        return node;
    struct schema_scope *around = scope_around(builder, scope, pointer.data);
    return around ? cg_schema_enter_stray(builder, json, around, pointer.data) : NULL;
}

static struct schema_node *find_fragment(struct schema_builder *builder, struct schema_scope *scope,
                                         const char *fragment)
{
    if (fragment[0] == '\0' || fragment[0] == '/')
        return find_pointer(builder, scope, fragment);
    const json_t *index = json_object_get(scope->anchors, fragment);
    return index ? builder->schema->nodes[json_integer_value(index)] : NULL;
}

const struct schema_node *cg_schema_resolve(struct schema_builder *builder, const struct schema_node *node,
                                            const char *keyword, const char *reference)
{
    CG_AUTO_FREE char *uri = NULL, *fragment = NULL;
    int result = cg_schema_uri_resolve(node->scope->uri, reference, &uri, &fragment, builder->err);
    struct schema_scope *scope = result == 0 ? find_scope(builder, uri) : NULL;
    const struct schema_node *target = scope ? find_fragment(builder, scope, fragment) : NULL;
    if (!target && builder->err->code == CG_OK)
        cg_schema_mistake(builder, node->scope->document, node->pointer, keyword, "\"%s\" names no schema%s", reference,
                          scope ? " in that document" : " that is at hand");
    return target;
}
