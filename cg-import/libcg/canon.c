/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/canon.h"
#include "cg/json.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- numbers -------------------------------------------------------------------------------------------------------
 */

/* Significant digits without point, and the place of the point counted from before the first of them. */
struct decimal {
    char digits[CG_NUMBER_TEXT_SIZE];
    int count;
    int point;
};

/* Takes "D.DDDe+XX" apart. */
static void take_apart(const char *text, struct decimal *decimal)
{
    decimal->count = 0;
    for (; *text != 'e'; text++)
        if (*text != '.')
            decimal->digits[decimal->count++] = *text;
    decimal->digits[decimal->count] = '\0';
    decimal->point = (int)strtol(text + 1, NULL, 10) + 1;
}

static char *put(char *at, const char *text, int count)
{
    memcpy(at, text, (size_t)count);
    return at + count;
}

/* ECMA-262 section 6.1.6.1.20, Number::toString, with its k = count and n = point. Returns the end of the text. */
static char *put_decimal(char *at, const struct decimal *d)
{
    static const char zeros[] = "00000000000000000000";
    if (d->count <= d->point && d->point <= 21) {
        at = put(at, d->digits, d->count);
        return put(at, zeros, d->point - d->count);
    }
    if (d->point > 0 && d->point <= 21) {
        at = put(at, d->digits, d->point);
        at = put(at, ".", 1);
        return put(at, d->digits + d->point, d->count - d->point);
    }
    if (d->point > -6 && d->point <= 0) {
        at = put(at, "0.", 2);
        at = put(at, zeros, -d->point);
        return put(at, d->digits, d->count);
    }
    char exponent[16];
    int length = snprintf(exponent, sizeof exponent, "e%+d", d->point - 1);
    at = put(at, d->digits, 1);
    if (d->count > 1) {
        at = put(at, ".", 1);
        at = put(at, d->digits + 1, d->count - 1);
    }
    return put(at, exponent, length);
}

int cg_canon_number(double number, char text[CG_CANON_NUMBER_SIZE], struct cg_error *err)
{
    if (!isfinite(number))
        return cg_fail(err, CG_E_SYNTAX, "%s has no JSON form", isnan(number) ? "NaN" : "an infinity");
    char shortest[CG_NUMBER_TEXT_SIZE];
    if (cg_number_shortest(fabs(number), shortest, err) < 0)
        return -1;
    struct decimal decimal;
    take_apart(shortest, &decimal);
    char *at = number < 0 ? put(text, "-", 1) : text;
    *put_decimal(at, &decimal) = '\0';
    return 0;
}

static int put_real(double number, struct cg_bytes *out, struct cg_error *err)
{
    char text[CG_CANON_NUMBER_SIZE];
    if (cg_canon_number(number, text, err) < 0)
        return -1;
    return cg_bytes_append_text(out, text, err);
}

static int put_integer(json_int_t integer, struct cg_bytes *out, struct cg_error *err)
{
    const json_int_t every_one_is_a_double = CG_JSON_INTEGER_MAX + 1;
    if (integer >= -every_one_is_a_double && integer <= every_one_is_a_double)
        return cg_bytes_printf(out, err, "%" JSON_INTEGER_FORMAT, integer);
    /* Above that only those with zeros at their end are; 2^63 as double would not fit back. */
    double number = (double)integer;
    if (number >= 0x1p63 || (json_int_t)number != integer)
        return cg_fail(err, CG_E_SYNTAX, "%" JSON_INTEGER_FORMAT " is no double, as canonical JSON needs it", integer);
    return put_real(number, out, err);
}

/* --- strings -------------------------------------------------------------------------------------------------------
 */

static int put_escaped(unsigned char byte, struct cg_bytes *out, struct cg_error *err)
{
    static const char values[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *value = byte ? strchr(values, byte) : NULL;
    if (value)
        return cg_bytes_printf(out, err, "\\%c", letters[value - values]);
    return cg_bytes_printf(out, err, "\\u%04x", (unsigned)byte);
}

static int put_string(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err)
{
    if (cg_bytes_append(out, "\"", 1, err) < 0)
        return -1;
    size_t done = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        if (cg_bytes_append(out, text + done, i - done, err) < 0 || put_escaped(byte, out, err) < 0)
            return -1;
        done = i + 1;
    }
    if (cg_bytes_append(out, text + done, size - done, err) < 0)
        return -1;
    return cg_bytes_append(out, "\"", 1, err);
}

/* --- containers ----------------------------------------------------------------------------------------------------
 */

struct member {
    const char *name;
    size_t size;
    const json_t *value;
};

/*
 * The rank of a UTF-8 byte that makes UTF-8 sort as UTF-16 does: there, what UTF-8 begins with 0xF0 and above is a
 * surrogate, 0xD800 and above, and comes before U+E000 to U+FFFF, which UTF-8 begins with 0xEE and 0xEF.
 */
static int rank(char byte)
{
    int value = (unsigned char)byte;
    return value == 0xEE || value == 0xEF ? value + 0x10 : value;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    for (size_t i = 0; i < left->size && i < right->size; i++)
        if (left->name[i] != right->name[i])
            return rank(left->name[i]) - rank(right->name[i]);
    return (left->size > right->size) - (left->size < right->size);
}

static int put_value(const json_t *value, size_t depth, struct cg_bytes *out, struct cg_error *err);

static int put_object(const json_t *object, size_t depth, struct cg_bytes *out, struct cg_error *err)
{
    size_t count = json_object_size(object), filled = 0;
    CG_AUTO_FREE struct member *members = calloc(count + 1, sizeof *members);
    if (!members)
        return cg_fail_memory(err);
    /* jansson's object iterators take no const object; nothing is changed through them here. */
    json_t *iterated = (json_t *)object;
    for (void *at = json_object_iter(iterated); at; at = json_object_iter_next(iterated, at))
        members[filled++] =
            (struct member){json_object_iter_key(at), json_object_iter_key_len(at), json_object_iter_value(at)};
    qsort(members, count, sizeof members[0], compare_members);

    for (size_t i = 0; i < count; i++)
        if (cg_bytes_append(out, i == 0 ? "{" : ",", 1, err) < 0 ||
            put_string(members[i].name, members[i].size, out, err) < 0 || cg_bytes_append(out, ":", 1, err) < 0 ||
            put_value(members[i].value, depth, out, err) < 0)
            return -1;
    return cg_bytes_append_text(out, count == 0 ? "{}" : "}", err);
}

static int put_array(const json_t *array, size_t depth, struct cg_bytes *out, struct cg_error *err)
{
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count; i++)
        if (cg_bytes_append(out, i == 0 ? "[" : ",", 1, err) < 0 ||
            put_value(json_array_get(array, i), depth, out, err) < 0)
            return -1;
    return cg_bytes_append_text(out, count == 0 ? "[]" : "]", err);
}

/* `depth` containers are open around the value. */
static int put_value(const json_t *value, size_t depth, struct cg_bytes *out, struct cg_error *err)
{
    bool is_container = json_is_object(value) || json_is_array(value);
    if (is_container && depth == CG_JSON_DEPTH_MAX)
        return cg_fail(err, CG_E_LIMIT, "nested deeper than %d levels", CG_JSON_DEPTH_MAX);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return put_object(value, depth + 1, out, err);
    case JSON_ARRAY:
        return put_array(value, depth + 1, out, err);
    case JSON_STRING:
        return put_string(json_string_value(value), json_string_length(value), out, err);
    case JSON_INTEGER:
        return put_integer(json_integer_value(value), out, err);
    case JSON_REAL:
        return put_real(json_real_value(value), out, err);
    case JSON_TRUE:
        return cg_bytes_append_text(out, "true", err);
    case JSON_FALSE:
        return cg_bytes_append_text(out, "false", err);
    case JSON_NULL:
        break;
    }
    return cg_bytes_append_text(out, "null", err);
}

int cg_canon(const json_t *value, struct cg_bytes *out, struct cg_error *err)
{
    size_t before = out->size;
    int result = put_value(value, 0, out, err);
    if (result < 0 && out->data)
        cg_pointer_pop(out, before);
    return result;
}
