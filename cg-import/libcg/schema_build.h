/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_BUILD_H
#define LIBCG_SCHEMA_BUILD_H

/*
 * What is known while a schema is compiled: the documents at hand and where every subschema and URI is.
 *
 * A document is entered (schema_load.c) when it is first referred to: all its subschemas become nodes, their $id and
 * anchors are noted. The nodes are then compiled one by one (schema_compile.c), and references found in them are
 * resolved (schema_resolve.c), which may enter more documents.
 */

#include "cg/schema.h"
#include "schema_internal.h"

struct schema_builder {
    struct cg_schema *schema;
    const struct cg_schema_resource *given;
    size_t given_count;
    enum cg_schema_unknown unknown;
    json_t *places; /* "DOCUMENT/pointer" to index of node; DOCUMENT is the index in schema->documents */
    json_t *uris;   /* absolute URI to index of scope */
    struct cg_error *err;
};

/* Enters a document, of which the schema keeps a reference, under the URI it was asked for by. 0 or -1. */
int cg_schema_enter(struct schema_builder *builder, json_t *json, const char *uri, enum schema_origin origin);

/*
 * Enters what lies at `pointer` of the scope's document though no keyword says it is a schema: a $ref may point there.
 * Its node, or NULL.
 */
struct schema_node *cg_schema_enter_stray(struct schema_builder *builder, const json_t *json,
                                          struct schema_scope *scope, const char *pointer);

/* The node at `pointer` of a document; NULL if no known subschema is there, and after an error. */
struct schema_node *cg_schema_at(struct schema_builder *builder, const struct schema_document *document,
                                 const char *pointer);

/* The node of a keyword's value, of member `name` in it, of element `index` in it; NULL only after an error. */
const struct schema_node *cg_schema_child(struct schema_builder *builder, const struct schema_node *node,
                                          const char *keyword);
const struct schema_node *cg_schema_child_named(struct schema_builder *builder, const struct schema_node *node,
                                                const char *keyword, const char *name, size_t size);
const struct schema_node *cg_schema_child_indexed(struct schema_builder *builder, const struct schema_node *node,
                                                  const char *keyword, size_t index);

/* The node a $ref or $dynamicRef of `node` names; NULL only after an error. */
const struct schema_node *cg_schema_resolve(struct schema_builder *builder, const struct schema_node *node,
                                            const char *keyword, const char *reference);

/* The JSON document at hand under `uri`, a new reference; NULL if there is none, and after an error. */
json_t *cg_schema_document(struct schema_builder *builder, const char *uri);

/* Reads the vocabularies that $schema makes active in the resource whose root is `json`. 0 or -1. */
int cg_schema_vocabularies(struct schema_builder *builder, struct schema_scope *scope, const json_t *json);

/* Refuses references that lead back to themselves without going down in the document. 0 or -1. */
int cg_schema_refuse_loops(struct schema_builder *builder);

/* Records CG_E_SCHEMA "schema #POINTER/KEYWORD: MESSAGE"; `keyword` may be NULL. Returns -1. */
int cg_schema_mistake(struct schema_builder *builder, const struct schema_document *document, const char *pointer,
                      const char *keyword, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
