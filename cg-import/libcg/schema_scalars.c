/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"
#include "schema_number.h"
#include "schema_value.h"

/* What a value itself is held to, without looking into other schemas. */

/* Characters, not bytes, of a text in UTF-8. */
static size_t character_count(const json_t *text)
{
    const char *bytes = json_string_value(text);
    size_t count = 0;
    for (size_t i = 0; i < json_string_length(text); i++)
        count += ((unsigned char)bytes[i] & 0xc0U) != 0x80;
    return count;
}

static int eval_enum(struct schema_run *run, const struct schema_check *check, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(check->of.value); i++) {
        int equal = cg_schema_value_equal(run, json_array_get(check->of.value, i), value);
        if (equal != 0)
            return equal < 0 ? -1 : 0;
    }
    return 1;
}

static int verdict(struct schema_run *run, const struct schema_check *check, const json_t *value)
{
    int equal;
    switch (check->op) {
    case SCHEMA_OP_TYPE:
        return !(check->of.kinds & cg_schema_kind(value));
    case SCHEMA_OP_CONST:
        equal = cg_schema_value_equal(run, check->of.value, value);
        return equal < 0 ? -1 : !equal;
    case SCHEMA_OP_ENUM:
        return eval_enum(run, check, value);
    case SCHEMA_OP_MULTIPLE_OF:
        equal = cg_schema_number_is_multiple(value, check->of.value, run->err);
        return equal < 0 ? -1 : !equal;
    case SCHEMA_OP_MAXIMUM:
        return cg_schema_number_compare(value, check->of.value) > 0;
    case SCHEMA_OP_EXCLUSIVE_MAXIMUM:
        return cg_schema_number_compare(value, check->of.value) >= 0;
    case SCHEMA_OP_MINIMUM:
        return cg_schema_number_compare(value, check->of.value) < 0;
    case SCHEMA_OP_EXCLUSIVE_MINIMUM:
        return cg_schema_number_compare(value, check->of.value) <= 0;
    case SCHEMA_OP_MAX_LENGTH:
        return character_count(value) > check->of.count;
    case SCHEMA_OP_MIN_LENGTH:
        return character_count(value) < check->of.count;
    case SCHEMA_OP_PATTERN:
        return cg_schema_pattern_match(check->of.pattern, run->matcher, json_string_value(value),
                                       json_string_length(value), run->err);
    case SCHEMA_OP_MAX_ITEMS:
        return json_array_size(value) > check->of.count;
    case SCHEMA_OP_MIN_ITEMS:
        return json_array_size(value) < check->of.count;
    case SCHEMA_OP_MAX_PROPERTIES:
        return json_object_size(value) > check->of.count;
    case SCHEMA_OP_MIN_PROPERTIES:
        return json_object_size(value) < check->of.count;
    default:
        return 0;
    }
}

/* --- saying what is wrong ----------------------------------------------------------------------------------------- */

static int report_type(struct schema_run *run, struct schema_violation *violation, const struct schema_check *check)
{
    CG_AUTO_BYTES struct cg_bytes wanted = {0};
    CG_AUTO_BYTES struct cg_bytes is = {0};
    unsigned kind = cg_schema_kind(violation->target->value);
    if (kind == SCHEMA_FRACTION)
        kind = SCHEMA_NUMBER;
    if (cg_schema_words_kinds(check->of.kinds, &wanted, run->err) < 0 || cg_schema_words_kinds(kind, &is, run->err) < 0)
        return -1;
    violation->expected = wanted.data;
    if (kind == SCHEMA_NUMBER && (check->of.kinds & SCHEMA_INTEGER))
        return cg_schema_violation(run, violation, "must be %s, not a fraction", wanted.data);
    return cg_schema_violation(run, violation, "must be %s, not %s", wanted.data, is.data);
}

/* A keyword whose value is a JSON value, or a list of them: "must be WORDS VALUE". */
static int report_value(struct schema_run *run, struct schema_violation *violation, const struct schema_check *check,
                        const char *words)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_append_text(&text, words, run->err) < 0)
        return -1;
    int result = check->op == SCHEMA_OP_ENUM
                     ? cg_schema_words_values(check->of.value, &text, run->err)
                     : cg_schema_words_value(check->of.value, CG_REPORT_GOT_MAX, &text, run->err);
    if (result < 0)
        return -1;
    violation->expected = text.data;
    return cg_schema_violation(run, violation, "must be %s", text.data);
}

static int report_pattern(struct schema_run *run, struct schema_violation *violation, const struct schema_check *check)
{
    const char *pattern = cg_schema_pattern_text(check->of.pattern),
               *title = cg_schema_text(violation->node->json, "title");
    CG_AUTO_BYTES struct cg_bytes expected = {0};
    if (cg_bytes_printf(&expected, run->err, "text that matches %s", pattern) < 0)
        return -1;
    violation->expected = expected.data;
    if (title)
        return cg_schema_violation(run, violation, "is no %s: it does not match %s", title, pattern);
    return cg_schema_violation(run, violation, "does not match %s", pattern);
}

/* "is 3 characters long, at most 2 are allowed" */
static int report_count(struct schema_run *run, struct schema_violation *violation, const struct schema_check *check,
                        size_t count)
{
    bool most =
        check->op == SCHEMA_OP_MAX_LENGTH || check->op == SCHEMA_OP_MAX_ITEMS || check->op == SCHEMA_OP_MAX_PROPERTIES;
    unsigned kind = cg_schema_kind(violation->target->value);
    const char *unit = kind == SCHEMA_STRING ? "character" : kind == SCHEMA_ARRAY ? "item" : "member";
    CG_AUTO_BYTES struct cg_bytes expected = {0};
    if (cg_bytes_printf(&expected, run->err, "at %s %zu %s%s", most ? "most" : "least", check->of.count, unit,
                        check->of.count == 1 ? "" : "s") < 0)
        return -1;
    violation->expected = expected.data;
    if (count == 0)
        return cg_schema_violation(run, violation, "is empty, must have %s", expected.data);
    return cg_schema_violation(run, violation, "has %zu %s%s, must have %s", count, unit, count == 1 ? "" : "s",
                               expected.data);
}

static int report(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                  const struct schema_target *target)
{
    struct schema_violation violation = cg_schema_violation_of(node, check, target);
    switch (check->op) {
    case SCHEMA_OP_TYPE:
        return report_type(run, &violation, check);
    case SCHEMA_OP_CONST:
        return report_value(run, &violation, check, "");
    case SCHEMA_OP_ENUM:
        return report_value(run, &violation, check, json_array_size(check->of.value) > 2 ? "one of " : "");
    case SCHEMA_OP_MULTIPLE_OF:
        return report_value(run, &violation, check, "a multiple of ");
    case SCHEMA_OP_MAXIMUM:
        return report_value(run, &violation, check, "at most ");
    case SCHEMA_OP_EXCLUSIVE_MAXIMUM:
        return report_value(run, &violation, check, "less than ");
    case SCHEMA_OP_MINIMUM:
        return report_value(run, &violation, check, "at least ");
    case SCHEMA_OP_EXCLUSIVE_MINIMUM:
        return report_value(run, &violation, check, "more than ");
    case SCHEMA_OP_PATTERN:
        return report_pattern(run, &violation, check);
    case SCHEMA_OP_MAX_LENGTH:
    case SCHEMA_OP_MIN_LENGTH:
        return report_count(run, &violation, check, character_count(target->value));
    default:
        return report_count(run, &violation, check, json_array_size(target->value) + json_object_size(target->value));
    }
}

int cg_schema_eval_scalar(struct schema_run *run, const struct schema_node *node, const struct schema_check *check,
                          const struct schema_target *target)
{
    int result = verdict(run, check, target->value);
    return result == 1 && run->mode == SCHEMA_REPORT ? report(run, node, check, target) : result;
}
