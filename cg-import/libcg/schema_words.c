/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"

#include <string.h>

/* Schemas and values in words, for findings. */

/* References followed to find a description. */
#define HOPS_MAX 4
/* Bytes of one value in a list of values, and of the whole list before it is cut. */
#define VALUE_MAX 60U
#define LIST_MAX 400U

struct window {
    struct cg_bytes *text;
    size_t left; /* bytes still wanted */
    struct cg_error *err;
};

/* Ends json_dump_callback early: a document of megabytes is not written to show its first line. */
static int append_some(const char *data, size_t size, void *to)
{
    struct window *window = to;
    size_t taken = size < window->left ? size : window->left;
    if (cg_bytes_append(window->text, data, taken, window->err) < 0)
        return -1;
    window->left -= taken;
    return window->left > 0 ? 0 : -1;
}

int cg_schema_words_value(const json_t *value, size_t most, struct cg_bytes *text, struct cg_error *err)
{
    struct cg_error own = {0};
    struct window window = {text, most, &own};
    int result = json_dump_callback(value, append_some, &window, JSON_ENCODE_ANY | JSON_COMPACT);
    if (result < 0 && window.left > 0)
        return cg_fail_memory(err);
    return 0;
}

int cg_schema_words_values(const json_t *array, struct cg_bytes *text, struct cg_error *err)
{
    size_t start = text->size, count = json_array_size(array);
    if (count == 0)
        return cg_bytes_append_text(text, "no value at all", err);
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        if (text->size - start > LIST_MAX)
            return cg_bytes_printf(text, err, ", ... (%zu in all)", count);
        if (cg_bytes_append_text(text, between, err) < 0 ||
            cg_schema_words_value(json_array_get(array, i), VALUE_MAX, text, err) < 0)
            return -1;
    }
    return 0;
}

int cg_schema_words_kinds(unsigned kinds, struct cg_bytes *text, struct cg_error *err)
{
    static const struct {
        unsigned kinds;
        const char *words;
    } rows[] = {
        {SCHEMA_OBJECT, "an object"}, {SCHEMA_ARRAY, "an array"},     {SCHEMA_STRING, "a string"},
        {SCHEMA_NUMBER, "a number"},  {SCHEMA_INTEGER, "an integer"}, {SCHEMA_BOOLEAN, "true or false"},
        {SCHEMA_NULL, "null"},
    };
    const char *between = "";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((kinds & rows[i].kinds) != rows[i].kinds)
            continue;
        kinds &= ~rows[i].kinds;
        if (cg_bytes_printf(text, err, "%s%s", between, rows[i].words) < 0)
            return -1;
        between = (kinds & (kinds - 1)) == 0 || kinds == SCHEMA_NUMBER ? " or " : ", ";
    }
    return 0;
}

/* "an object with "a" and "b"" */
static int words_required(const json_t *names, struct cg_bytes *text, struct cg_error *err)
{
    if (cg_bytes_append_text(text, "an object with ", err) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(names); i++)
        if (cg_bytes_printf(text, err, "%s\"%s\"", i == 0 ? "" : " and ", json_string_value(json_array_get(names, i))) <
            0)
            return -1;
    return 0;
}

static const struct schema_check *find_check(const struct schema_node *node, enum schema_op op)
{
    for (size_t i = 0; i < node->check_count; i++)
        if (node->checks[i].op == op)
            return &node->checks[i];
    return NULL;
}

/* What its author called it, also where a $ref leads. */
static const char *own_words(const struct schema_node *node)
{
    for (int hops = 0; node && hops < HOPS_MAX; hops++) {
        const char *words = cg_schema_text(node->json, "description");
        words = words ? words : cg_schema_text(node->json, "title");
        if (words)
            return words;
        const struct schema_check *reference = find_check(node, SCHEMA_OP_REF);
        node = reference ? reference->of.node : NULL;
    }
    return NULL;
}

int cg_schema_words_for(const struct schema_node *node, struct cg_bytes *text, struct cg_error *err)
{
    const char *words = own_words(node);
    if (words)
        return cg_bytes_append_text(text, words, err);
    const struct schema_check *check = find_check(node, SCHEMA_OP_REF);
    for (int hops = 0; check && hops < HOPS_MAX; hops++) {
        node = check->of.node;
        check = find_check(node, SCHEMA_OP_REF);
    }
    if ((check = find_check(node, SCHEMA_OP_CONST)))
        return cg_schema_words_value(check->of.value, VALUE_MAX, text, err);
    if ((check = find_check(node, SCHEMA_OP_ENUM)))
        return cg_schema_words_values(check->of.value, text, err);
    if ((check = find_check(node, SCHEMA_OP_REQUIRED)) && json_array_size(check->of.value) > 0)
        return words_required(check->of.value, text, err);
    if ((check = find_check(node, SCHEMA_OP_PATTERN)))
        return cg_bytes_printf(text, err, "text that matches %s", cg_schema_pattern_text(check->of.pattern));
    if ((check = find_check(node, SCHEMA_OP_TYPE)))
        return cg_schema_words_kinds(check->of.kinds, text, err);
    return cg_bytes_printf(text, err, "what the schema at #%s asks for", node->pointer);
}
