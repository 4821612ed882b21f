/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_keywords.h"
#include "schema_number.h"

#include <string.h>

/*
 * Core section 8, 10, 11; Validation section 6, 7, 8, 9. Cheap checks first, those that look at what others evaluated
 * last.
 */
const struct schema_keyword cg_schema_keywords[] = {
    {"$id", SCHEMA_CORE, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"$schema", SCHEMA_CORE, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"$anchor", SCHEMA_CORE, SCHEMA_FORM_ANCHOR, SCHEMA_OP_NONE, 0},
    {"$dynamicAnchor", SCHEMA_CORE, SCHEMA_FORM_ANCHOR, SCHEMA_OP_NONE, 0},
    {"$vocabulary", SCHEMA_CORE, SCHEMA_FORM_VOCABULARY, SCHEMA_OP_NONE, 0},
    {"$comment", SCHEMA_CORE, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"$defs", SCHEMA_CORE, SCHEMA_FORM_SCHEMA_MAP, SCHEMA_OP_NONE, 0},

    {"title", SCHEMA_META_DATA, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"description", SCHEMA_META_DATA, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"default", SCHEMA_META_DATA, SCHEMA_FORM_ANY, SCHEMA_OP_NONE, 0},
    {"deprecated", SCHEMA_META_DATA, SCHEMA_FORM_BOOLEAN, SCHEMA_OP_NONE, 0},
    {"readOnly", SCHEMA_META_DATA, SCHEMA_FORM_BOOLEAN, SCHEMA_OP_NONE, 0},
    {"writeOnly", SCHEMA_META_DATA, SCHEMA_FORM_BOOLEAN, SCHEMA_OP_NONE, 0},
    {"examples", SCHEMA_META_DATA, SCHEMA_FORM_ARRAY, SCHEMA_OP_NONE, 0},
    {"format", SCHEMA_FORMAT_ANNOTATION, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"contentEncoding", SCHEMA_CONTENT, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"contentMediaType", SCHEMA_CONTENT, SCHEMA_FORM_STRING, SCHEMA_OP_NONE, 0},
    {"contentSchema", SCHEMA_CONTENT, SCHEMA_FORM_SCHEMA, SCHEMA_OP_NONE, 0},

    {"type", SCHEMA_VALIDATION, SCHEMA_FORM_TYPES, SCHEMA_OP_TYPE, SCHEMA_ANY},
    {"const", SCHEMA_VALIDATION, SCHEMA_FORM_ANY, SCHEMA_OP_CONST, SCHEMA_ANY},
    {"enum", SCHEMA_VALIDATION, SCHEMA_FORM_ARRAY, SCHEMA_OP_ENUM, SCHEMA_ANY},
    {"multipleOf", SCHEMA_VALIDATION, SCHEMA_FORM_POSITIVE, SCHEMA_OP_MULTIPLE_OF, SCHEMA_NUMBER},
    {"maximum", SCHEMA_VALIDATION, SCHEMA_FORM_NUMBER, SCHEMA_OP_MAXIMUM, SCHEMA_NUMBER},
    {"exclusiveMaximum", SCHEMA_VALIDATION, SCHEMA_FORM_NUMBER, SCHEMA_OP_EXCLUSIVE_MAXIMUM, SCHEMA_NUMBER},
    {"minimum", SCHEMA_VALIDATION, SCHEMA_FORM_NUMBER, SCHEMA_OP_MINIMUM, SCHEMA_NUMBER},
    {"exclusiveMinimum", SCHEMA_VALIDATION, SCHEMA_FORM_NUMBER, SCHEMA_OP_EXCLUSIVE_MINIMUM, SCHEMA_NUMBER},
    {"maxLength", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MAX_LENGTH, SCHEMA_STRING},
    {"minLength", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MIN_LENGTH, SCHEMA_STRING},
    {"pattern", SCHEMA_VALIDATION, SCHEMA_FORM_STRING, SCHEMA_OP_PATTERN, SCHEMA_STRING},
    {"maxItems", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MAX_ITEMS, SCHEMA_ARRAY},
    {"minItems", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MIN_ITEMS, SCHEMA_ARRAY},
    {"uniqueItems", SCHEMA_VALIDATION, SCHEMA_FORM_BOOLEAN, SCHEMA_OP_UNIQUE_ITEMS, SCHEMA_ARRAY},
    {"maxProperties", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MAX_PROPERTIES, SCHEMA_OBJECT},
    {"minProperties", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_MIN_PROPERTIES, SCHEMA_OBJECT},
    {"required", SCHEMA_VALIDATION, SCHEMA_FORM_NAMES, SCHEMA_OP_REQUIRED, SCHEMA_OBJECT},
    {"dependentRequired", SCHEMA_VALIDATION, SCHEMA_FORM_NAME_MAP, SCHEMA_OP_DEPENDENT_REQUIRED, SCHEMA_OBJECT},

    {"$ref", SCHEMA_CORE, SCHEMA_FORM_STRING, SCHEMA_OP_REF, SCHEMA_ANY},
    {"$dynamicRef", SCHEMA_CORE, SCHEMA_FORM_STRING, SCHEMA_OP_DYNAMIC_REF, SCHEMA_ANY},
    {"properties", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA_MAP, SCHEMA_OP_MEMBERS, SCHEMA_OBJECT},
    {"patternProperties", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA_MAP, SCHEMA_OP_MEMBERS, SCHEMA_OBJECT},
    {"additionalProperties", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_MEMBERS, SCHEMA_OBJECT},
    {"propertyNames", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_PROPERTY_NAMES, SCHEMA_OBJECT},
    {"dependentSchemas", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA_MAP, SCHEMA_OP_DEPENDENT_SCHEMAS, SCHEMA_OBJECT},
    {"prefixItems", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMAS, SCHEMA_OP_ITEMS, SCHEMA_ARRAY},
    {"items", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_ITEMS, SCHEMA_ARRAY},
    {"contains", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_CONTAINS, SCHEMA_ARRAY},
    {"minContains", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_NONE, 0},
    {"maxContains", SCHEMA_VALIDATION, SCHEMA_FORM_COUNT, SCHEMA_OP_NONE, 0},
    {"allOf", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMAS, SCHEMA_OP_ALL_OF, SCHEMA_ANY},
    {"anyOf", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMAS, SCHEMA_OP_ANY_OF, SCHEMA_ANY},
    {"oneOf", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMAS, SCHEMA_OP_ONE_OF, SCHEMA_ANY},
    {"not", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_NOT, SCHEMA_ANY},
    {"if", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_IF, SCHEMA_ANY},
    {"then", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_NONE, 0},
    {"else", SCHEMA_APPLICATOR, SCHEMA_FORM_SCHEMA, SCHEMA_OP_NONE, 0},

    {"unevaluatedItems", SCHEMA_UNEVALUATED, SCHEMA_FORM_SCHEMA, SCHEMA_OP_UNEVALUATED_ITEMS, SCHEMA_ARRAY},
    {"unevaluatedProperties", SCHEMA_UNEVALUATED, SCHEMA_FORM_SCHEMA, SCHEMA_OP_UNEVALUATED_PROPERTIES, SCHEMA_OBJECT},
    {NULL, SCHEMA_CORE, SCHEMA_FORM_ANY, SCHEMA_OP_NONE, 0},
};

const struct schema_keyword *cg_schema_keyword(const char *name, size_t size)
{
    for (const struct schema_keyword *row = cg_schema_keywords; row->name; row++)
        if (strlen(row->name) == size && memcmp(row->name, name, size) == 0)
            return row;
    return NULL;
}

unsigned cg_schema_vocabulary(const char *uri)
{
    static const char prefix[] = "https://json-schema.org/draft/2020-12/vocab/";
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {
        {"core", SCHEMA_CORE},
        {"applicator", SCHEMA_APPLICATOR},
        {"unevaluated", SCHEMA_UNEVALUATED},
        {"validation", SCHEMA_VALIDATION},
        {"meta-data", SCHEMA_META_DATA},
        {"format-annotation", SCHEMA_FORMAT_ANNOTATION},
        {"content", SCHEMA_CONTENT},
    };
    if (strncmp(uri, prefix, strlen(prefix)) != 0)
        return 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(uri + strlen(prefix), known[i].name) == 0)
            return known[i].bit;
    return 0;
}

unsigned cg_schema_type(const char *name)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } types[] = {
        {"null", SCHEMA_NULL},     {"boolean", SCHEMA_BOOLEAN}, {"object", SCHEMA_OBJECT},   {"array", SCHEMA_ARRAY},
        {"string", SCHEMA_STRING}, {"number", SCHEMA_NUMBER},   {"integer", SCHEMA_INTEGER},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].kinds;
    return 0;
}

/* --- the forms of values ------------------------------------------------------------------------------------------ */

static bool is_schema(const json_t *value)
{
    return json_is_object(value) || json_is_boolean(value);
}

static bool are_schemas(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_schema(json_array_get(value, i)))
            return false;
    return json_array_size(value) > 0;
}

static bool is_schema_map(const json_t *value)
{
    if (!json_is_object(value))
        return false;
    for (struct schema_cursor m = cg_schema_first(value); m.name; m = cg_schema_next(value, m))
        if (!is_schema(m.value))
            return false;
    return true;
}

static bool is_vocabulary(const json_t *value)
{
    if (!json_is_object(value))
        return false;
    for (struct schema_cursor m = cg_schema_first(value); m.name; m = cg_schema_next(value, m))
        if (!json_is_boolean(m.value))
            return false;
    return true;
}

/* Quadratic, but it is the schema's own list, written by hand. */
static bool are_names(const json_t *value)
{
    if (!json_is_array(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *name = json_array_get(value, i);
        if (!json_is_string(name))
            return false;
        for (size_t k = 0; k < i; k++)
            if (json_equal(name, json_array_get(value, k)))
                return false;
    }
    return true;
}

static bool is_name_map(const json_t *value)
{
    if (!json_is_object(value))
        return false;
    for (struct schema_cursor m = cg_schema_first(value); m.name; m = cg_schema_next(value, m))
        if (!are_names(m.value))
            return false;
    return true;
}

static bool are_types(const json_t *value)
{
    if (json_is_string(value))
        return cg_schema_type(json_string_value(value)) != 0;
    if (!are_names(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!cg_schema_type(json_string_value(json_array_get(value, i))))
            return false;
    return json_array_size(value) > 0;
}

/* Core section 8.2.2: ^[A-Za-z_][-A-Za-z0-9._]*$ */
static bool is_anchor(const json_t *value)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.0123456789";
    const char *text = json_string_value(value);
    if (!text || !text[0] || strchr("-.0123456789", text[0]))
        return false;
    return strspn(text, letters) == json_string_length(value);
}

static bool is_count(const json_t *value)
{
    return cg_schema_kind(value) == SCHEMA_INTEGER && cg_schema_number_compare_integer(value, 0) >= 0;
}

const char *cg_schema_misform(const struct schema_keyword *keyword, const json_t *value)
{
    switch (keyword->form) {
    case SCHEMA_FORM_ANY:
        return NULL;
    case SCHEMA_FORM_SCHEMA:
        return is_schema(value) ? NULL : "must be a schema (an object, true or false)";
    case SCHEMA_FORM_SCHEMAS:
        return are_schemas(value) ? NULL : "must be an array of at least one schema";
    case SCHEMA_FORM_SCHEMA_MAP:
        return is_schema_map(value) ? NULL : "must be an object whose values are schemas";
    case SCHEMA_FORM_STRING:
        return json_is_string(value) ? NULL : "must be a string";
    case SCHEMA_FORM_ANCHOR:
        return is_anchor(value) ? NULL : "must be a name: a letter or _, then letters, digits, - . or _";
    case SCHEMA_FORM_BOOLEAN:
        return json_is_boolean(value) ? NULL : "must be true or false";
    case SCHEMA_FORM_NUMBER:
        return json_is_number(value) ? NULL : "must be a number";
    case SCHEMA_FORM_POSITIVE:
        return json_is_number(value) && cg_schema_number_compare_integer(value, 0) > 0 ? NULL
                                                                                       : "must be a number above 0";
    case SCHEMA_FORM_COUNT:
        return is_count(value) ? NULL : "must be an integer of at least 0";
    case SCHEMA_FORM_ARRAY:
        return json_is_array(value) ? NULL : "must be an array";
    case SCHEMA_FORM_NAMES:
        return are_names(value) ? NULL : "must be an array of distinct strings";
    case SCHEMA_FORM_NAME_MAP:
        return is_name_map(value) ? NULL : "must be an object whose values are arrays of distinct strings";
    case SCHEMA_FORM_TYPES:
        return are_types(value)
                   ? NULL
                   : "must be null, boolean, object, array, number, string or integer, or an array of these";
    case SCHEMA_FORM_VOCABULARY:
        return is_vocabulary(value) ? NULL : "must be an object whose values are true or false";
    }
    return NULL;
}
