/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_pattern.h"

#include "cg/schema.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Kibibytes of heap for one match; the match limit is reached long before. */
#define HEAP_LIMIT_KIB 20000U

struct schema_pattern {
    pcre2_code *code;
    char *text;
};

struct schema_matcher {
    pcre2_match_context *limits;
    pcre2_match_data *data;
};

/*
 * No PCRE2_UCP: \d, \w and \b of ECMA-262 are ASCII. $ is the end of the text, not the line before it; an unset group
 * matches the empty text.
 */
static const uint32_t options =
    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;

struct schema_pattern *cg_schema_pattern_compile(const char *text, size_t size, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes translated = {0};
    if (cg_bytes_reserve(&translated, size, err) < 0 || cg_schema_pattern_translate(text, size, &translated, err) < 0)
        return NULL;
    int code;
    PCRE2_SIZE offset;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)translated.data, translated.size, options, &code, &offset, NULL);
    if (!compiled && code == PCRE2_ERROR_HEAP_FAILED) {
        cg_fail_memory(err);
        return NULL;
    }
    if (!compiled) {
        PCRE2_UCHAR reason[160] = {0};
        pcre2_get_error_message(code, reason, sizeof reason);
        cg_fail(err, CG_E_SCHEMA, "\"%s\" is no regular expression: %s", text, (const char *)reason);
        return NULL;
    }
    struct schema_pattern *pattern = calloc(1, sizeof *pattern);
    char *copy = strdup(text);
    if (!pattern || !copy) {
        pcre2_code_free(compiled);
        free(pattern);
        free(copy);
        cg_fail_memory(err);
        return NULL;
    }
    *pattern = (struct schema_pattern){compiled, copy};
    return pattern;
}

void cg_schema_pattern_destroy(struct schema_pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_code_free(pattern->code);
    free(pattern->text);
    free(pattern);
}

const char *cg_schema_pattern_text(const struct schema_pattern *pattern)
{
    return pattern->text;
}

struct schema_matcher *cg_schema_matcher_create(struct cg_error *err)
{
    struct schema_matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher) {
        cg_fail_memory(err);
        return NULL;
    }
    matcher->limits = pcre2_match_context_create(NULL);
    matcher->data = pcre2_match_data_create(1, NULL);
    if (!matcher->limits || !matcher->data) {
        cg_schema_matcher_destroy(matcher);
        cg_fail_memory(err);
        return NULL;
    }
    pcre2_set_match_limit(matcher->limits, CG_SCHEMA_MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->limits, CG_SCHEMA_MATCH_LIMIT);
    pcre2_set_heap_limit(matcher->limits, HEAP_LIMIT_KIB);
    return matcher;
}

void cg_schema_matcher_destroy(struct schema_matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_context_free(matcher->limits);
    pcre2_match_data_free(matcher->data);
    free(matcher);
}

int cg_schema_pattern_match(const struct schema_pattern *pattern, struct schema_matcher *matcher, const char *text,
                            size_t size, struct cg_error *err)
{
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)text, size, 0, 0, matcher->data, matcher->limits);
    if (result >= 0)
        return 0;
    if (result == PCRE2_ERROR_NOMEMORY)
        return cg_fail_memory(err);
    if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT || result == PCRE2_ERROR_HEAPLIMIT)
        return cg_fail(err, CG_E_LIMIT, "the pattern %s takes more than %u steps on a text of %zu bytes", pattern->text,
                       CG_SCHEMA_MATCH_LIMIT, size);
    return 1; /* no match, or a text that is not UTF-8, which no pattern matches */
}
