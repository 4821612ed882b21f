/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_PATTERN_H
#define LIBCG_SCHEMA_PATTERN_H

/*
 * Regular expressions of a schema: ECMA-262 with the u flag, run by PCRE2 with bounded work.
 *
 * Where PCRE2 reads a text of ECMA-262 otherwise, the text is translated first (schema_ecma.c); what only PCRE2
 * knows is refused, so that a schema means the same for every validator. Not anchored: a match anywhere counts.
 */

#include "cg/bytes.h"
#include "cg/error.h"

struct schema_pattern;
/* What one evaluation needs to match; not shared between threads. */
struct schema_matcher;

/* Appends the PCRE2 form of an ECMA-262 pattern. 0, or -1 with CG_E_SCHEMA (what is wrong, no place) or CG_E_MEMORY. */
int cg_schema_pattern_translate(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err);

/* NULL with CG_E_SCHEMA (what is wrong, no place) or CG_E_MEMORY. */
struct schema_pattern *cg_schema_pattern_compile(const char *text, size_t size, struct cg_error *err);
void cg_schema_pattern_destroy(struct schema_pattern *pattern);

/* The text it was compiled from, NUL-terminated. */
const char *cg_schema_pattern_text(const struct schema_pattern *pattern);

struct schema_matcher *cg_schema_matcher_create(struct cg_error *err);
void cg_schema_matcher_destroy(struct schema_matcher *matcher);

/* 0 matches, 1 does not, -1 with CG_E_LIMIT or CG_E_MEMORY. */
int cg_schema_pattern_match(const struct schema_pattern *pattern, struct schema_matcher *matcher, const char *text,
                            size_t size, struct cg_error *err);

#endif
