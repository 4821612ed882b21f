/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_INTERNAL_H
#define LIBCG_SCHEMA_INTERNAL_H

/*
 * A compiled schema: every subschema a node, every keyword that can fail a check, every reference a pointer.
 *
 * Made by the builder (schema_build.h), then only read. Names of keywords are looked at while compiling, never while
 * evaluating.
 */

#include "cg/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is, as bits, so that a check says in one word which values it looks at. */
enum schema_kind {
    SCHEMA_NULL = 1,
    SCHEMA_BOOLEAN = 2,
    SCHEMA_OBJECT = 4,
    SCHEMA_ARRAY = 8,
    SCHEMA_STRING = 16,
    SCHEMA_INTEGER = 32,  /* a number without a fraction, 1.0 included */
    SCHEMA_FRACTION = 64, /* any other number */
    SCHEMA_NUMBER = SCHEMA_INTEGER | SCHEMA_FRACTION,
    SCHEMA_ANY = 127,
};

/* What a check does; the keywords that look at each other's results are one check. */
enum schema_op {
    SCHEMA_OP_NONE,
    SCHEMA_OP_REF,
    SCHEMA_OP_DYNAMIC_REF,
    SCHEMA_OP_TYPE,
    SCHEMA_OP_CONST,
    SCHEMA_OP_ENUM,
    SCHEMA_OP_MULTIPLE_OF,
    SCHEMA_OP_MAXIMUM,
    SCHEMA_OP_EXCLUSIVE_MAXIMUM,
    SCHEMA_OP_MINIMUM,
    SCHEMA_OP_EXCLUSIVE_MINIMUM,
    SCHEMA_OP_MAX_LENGTH,
    SCHEMA_OP_MIN_LENGTH,
    SCHEMA_OP_PATTERN,
    SCHEMA_OP_MAX_ITEMS,
    SCHEMA_OP_MIN_ITEMS,
    SCHEMA_OP_UNIQUE_ITEMS,
    SCHEMA_OP_ITEMS,    /* prefixItems, items */
    SCHEMA_OP_CONTAINS, /* contains, minContains, maxContains */
    SCHEMA_OP_MAX_PROPERTIES,
    SCHEMA_OP_MIN_PROPERTIES,
    SCHEMA_OP_REQUIRED,
    SCHEMA_OP_DEPENDENT_REQUIRED,
    SCHEMA_OP_MEMBERS, /* properties, patternProperties, additionalProperties */
    SCHEMA_OP_PROPERTY_NAMES,
    SCHEMA_OP_DEPENDENT_SCHEMAS,
    SCHEMA_OP_ALL_OF,
    SCHEMA_OP_ANY_OF,
    SCHEMA_OP_ONE_OF,
    SCHEMA_OP_NOT,
    SCHEMA_OP_IF, /* if, then, else */
    SCHEMA_OP_UNEVALUATED_ITEMS,
    SCHEMA_OP_UNEVALUATED_PROPERTIES,
};

struct schema_node;
struct schema_pattern;

enum schema_origin {
    SCHEMA_ROOT,     /* the schema given to cg_schema_compile */
    SCHEMA_RESOURCE, /* a document beside it, given or built in */
};

/* A JSON text that holds schemas. */
struct schema_document {
    char *uri;    /* what it was asked for by; "" for a root without one */
    json_t *json; /* a reference of our own */
    enum schema_origin origin;
    size_t index; /* in cg_schema.documents */
};

/* A schema resource: what has an $id, or a whole document. The unit of $anchor and of the dynamic scope. */
struct schema_scope {
    char *uri; /* absolute if it has one, no fragment */
    const struct schema_document *document;
    char *pointer;         /* of its root in the document */
    unsigned vocabularies; /* bits of enum schema_vocabulary: which keywords mean something */
    const struct schema_node *root;
    json_t *anchors; /* $anchor and $dynamicAnchor: name to index of node, while compiling */
    json_t *dynamic; /* $dynamicAnchor alone: name to index of node */
};

/* A name and what applies to its value. */
struct schema_member {
    const char *name; /* borrowed from the document, may hold NUL */
    size_t size;
    const struct schema_node *node;
};

/* What applies to the members whose names match. */
struct schema_member_pattern {
    struct schema_pattern *pattern;
    const struct schema_node *node;
};

struct schema_members {
    struct schema_member *properties; /* in the order of the schema */
    size_t property_count;
    const struct schema_member **slots; /* hash table of them: open addressing, at most half full, NULL a free slot */
    size_t slot_mask;                   /* slots - 1, a power of two less one */
    struct schema_member_pattern *patterns;
    size_t pattern_count;
    const struct schema_node *additional; /* NULL: anything */
};

struct schema_list {
    const struct schema_node **nodes;
    size_t count;
};

struct schema_check {
    enum schema_op op;
    unsigned applies;    /* bits of enum schema_kind; other values pass */
    const char *keyword; /* the first, for pointers and rules */
    union {
        const struct schema_node *node; /* $ref, not, propertyNames, unevaluated* */
        unsigned kinds;                 /* type */
        const json_t *value;            /* const, enum, required, dependentRequired, the limits of numbers */
        size_t count;                   /* the limits of lengths and sizes */
        struct schema_pattern *pattern;
        struct schema_list list; /* allOf, anyOf, oneOf */
        struct schema_members members;
        struct {
            const struct schema_node *target;
            const char *anchor; /* NULL: no bookend, so it is a plain $ref */
        } dynamic;
        struct {
            struct schema_list prefix;
            const struct schema_node *rest; /* NULL: anything */
        } items;
        struct {
            const struct schema_node *node;
            size_t least;
            size_t most; /* SIZE_MAX: no limit */
        } contains;
        struct {
            const struct schema_node *condition;
            const struct schema_node *yes; /* NULL: anything */
            const struct schema_node *no;
        } conditional;
        struct {
            struct schema_member *members;
            size_t count;
        } dependents;
    } of;
};

enum schema_verdict {
    SCHEMA_CHECKS, /* the checks decide */
    SCHEMA_TRUE,
    SCHEMA_FALSE,
};

/* A subschema. */
struct schema_node {
    const json_t *json; /* borrowed from the document */
    struct schema_scope *scope;
    char *pointer; /* in scope->document */
    enum schema_verdict verdict;
    bool unevaluated; /* has unevaluatedItems or unevaluatedProperties: must know what the others looked at */
    struct schema_check *checks;
    size_t check_count;
    size_t index; /* in cg_schema.nodes */
};

struct cg_schema {
    struct schema_node **nodes; /* [0] is the root */
    size_t node_count;
    size_t node_capacity;
    struct schema_scope **scopes;
    size_t scope_count;
    size_t scope_capacity;
    struct schema_document **documents;
    size_t document_count;
    size_t document_capacity;
};

/* The one bit of enum schema_kind that `value` is. */
unsigned cg_schema_kind(const json_t *value);

/* Members of an object in order, names with NUL included: for (m = first(o); m.name; m = next(o, m)). */
struct schema_cursor {
    void *iterator;
    const char *name; /* NULL: at the end */
    size_t size;
    json_t *value;
};
struct schema_cursor cg_schema_first(const json_t *object);
struct schema_cursor cg_schema_next(const json_t *object, struct schema_cursor cursor);

/* The string member `name` of a schema; NULL if there is none. */
const char *cg_schema_text(const json_t *schema, const char *name);

/* The node that applies to the member `name`; NULL if it is not among the properties. */
const struct schema_node *cg_schema_member(const struct schema_members *members, const char *name, size_t size);
/* Puts a property into the hash table, which has room. */
void cg_schema_member_put(struct schema_members *members, const struct schema_member *property);

/* The node `name` is the $dynamicAnchor of in this resource; NULL if there is none. */
const struct schema_node *cg_schema_dynamic(const struct cg_schema *schema, const struct schema_scope *scope,
                                            const char *name);

#endif
