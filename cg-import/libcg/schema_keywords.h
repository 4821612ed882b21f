/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_KEYWORDS_H
#define LIBCG_SCHEMA_KEYWORDS_H

/*
 * The keywords of draft 2020-12: the vocabulary each belongs to and the form its value must have.
 *
 * What a keyword does is not here: schema_compile.c.
 */

#include "cg/error.h"
#include "schema_internal.h"

enum schema_vocabulary {
    SCHEMA_CORE = 1,
    SCHEMA_APPLICATOR = 2,
    SCHEMA_UNEVALUATED = 4,
    SCHEMA_VALIDATION = 8,
    SCHEMA_META_DATA = 16,
    SCHEMA_FORMAT_ANNOTATION = 32,
    SCHEMA_CONTENT = 64,
    SCHEMA_ALL_VOCABULARIES = 127,
};

/* The form of a keyword's value. */
enum schema_form {
    SCHEMA_FORM_ANY,
    SCHEMA_FORM_SCHEMA,
    SCHEMA_FORM_SCHEMAS,    /* a non-empty array of schemas */
    SCHEMA_FORM_SCHEMA_MAP, /* an object whose values are schemas */
    SCHEMA_FORM_STRING,
    SCHEMA_FORM_ANCHOR,
    SCHEMA_FORM_BOOLEAN,
    SCHEMA_FORM_NUMBER,
    SCHEMA_FORM_POSITIVE,
    SCHEMA_FORM_COUNT, /* a non-negative integer */
    SCHEMA_FORM_ARRAY,
    SCHEMA_FORM_NAMES,     /* an array of distinct strings */
    SCHEMA_FORM_NAME_MAP,  /* an object whose values are arrays of distinct strings */
    SCHEMA_FORM_TYPES,     /* the name of a type, or a non-empty array of distinct ones */
    SCHEMA_FORM_VOCABULARY /* an object of booleans */
};

struct schema_keyword {
    const char *name;
    enum schema_vocabulary vocabulary;
    enum schema_form form;
    enum schema_op op; /* SCHEMA_OP_NONE: an annotation, or a part of another keyword's check */
    unsigned applies;  /* bits of enum schema_kind */
};

/* All keywords; ends with a row whose name is NULL. The order is the one they are checked in. */
extern const struct schema_keyword cg_schema_keywords[];

/* The row of `name`; NULL if the draft has no such keyword. */
const struct schema_keyword *cg_schema_keyword(const char *name, size_t size);

/* The bit of the vocabulary `uri`; 0 if it is not known. */
unsigned cg_schema_vocabulary(const char *uri);

/* The bits of a type's name ("integer", "number" ...); 0 if there is no such type. */
unsigned cg_schema_type(const char *name);

/* What is wrong with the form of a keyword's value: "must be a string"; NULL if nothing is. */
const char *cg_schema_misform(const struct schema_keyword *keyword, const json_t *value);

#endif
