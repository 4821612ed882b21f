/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_value.h"
#include "schema_internal.h"
#include "schema_number.h"

#include <string.h>

/* Below this depth values are told apart by comparing only. */
#define HASH_DEPTH 16

/* --- equality ----------------------------------------------------------------------------------------------------- */

static int equal_at(const json_t *left, const json_t *right, unsigned depth, struct cg_error *err);

static int equal_arrays(const json_t *left, const json_t *right, unsigned depth, struct cg_error *err)
{
    if (json_array_size(left) != json_array_size(right))
        return 0;
    for (size_t i = 0; i < json_array_size(left); i++) {
        int equal = equal_at(json_array_get(left, i), json_array_get(right, i), depth, err);
        if (equal != 1)
            return equal;
    }
    return 1;
}

static int equal_objects(const json_t *left, const json_t *right, unsigned depth, struct cg_error *err)
{
    if (json_object_size(left) != json_object_size(right))
        return 0;
    for (struct schema_cursor m = cg_schema_first(left); m.name; m = cg_schema_next(left, m)) {
        const json_t *other = json_object_getn(right, m.name, m.size);
        int equal = other ? equal_at(m.value, other, depth, err) : 0;
        if (equal != 1)
            return equal;
    }
    return 1;
}

static int equal_at(const json_t *left, const json_t *right, unsigned depth, struct cg_error *err)
{
    if (depth > CG_SCHEMA_DEPTH_MAX)
        return cg_fail(err, CG_E_LIMIT, "a value is nested deeper than %d", CG_SCHEMA_DEPTH_MAX);
    if (json_is_number(left) && json_is_number(right))
        return cg_number_compare(left, right) == 0;
    if (json_typeof(left) != json_typeof(right))
        return 0;
    if (json_is_string(left))
        return json_string_length(left) == json_string_length(right) &&
               memcmp(json_string_value(left), json_string_value(right), json_string_length(left)) == 0;
    if (json_is_array(left))
        return equal_arrays(left, right, depth + 1, err);
    if (json_is_object(left))
        return equal_objects(left, right, depth + 1, err);
    return 1;
}

int cg_value_equal(const json_t *left, const json_t *right, struct cg_error *err)
{
    return equal_at(left, right, 0, err);
}

/* --- hash --------------------------------------------------------------------------------------------------------- */

/* FNV-1a of 64 bits */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211U;
    return hash;
}

static uint64_t hash_number(const json_t *value, uint64_t seed)
{
    double real = json_number_value(value);
    int64_t integer = json_integer_value(value);
    if (json_is_integer(value) || cg_number_is_integer(real, &integer))
        return mix(seed, &integer, sizeof integer);
    return mix(seed, &real, sizeof real);
}

static uint64_t hash_at(const json_t *value, unsigned depth)
{
    unsigned kind = cg_schema_kind(value) & SCHEMA_NUMBER ? SCHEMA_NUMBER : cg_schema_kind(value);
    uint64_t hash = mix(14695981039346656037U, &kind, sizeof kind);
    if (kind == SCHEMA_NUMBER)
        return hash_number(value, hash);
    if (kind == SCHEMA_BOOLEAN)
        return hash + (json_is_true(value) ? 1U : 0U);
    if (kind == SCHEMA_STRING)
        return mix(hash, json_string_value(value), json_string_length(value));
    if (depth >= HASH_DEPTH)
        return hash;
    if (kind == SCHEMA_ARRAY)
        for (size_t i = 0; i < json_array_size(value); i++) {
            uint64_t item = hash_at(json_array_get(value, i), depth + 1);
            hash = mix(hash, &item, sizeof item);
        }
    if (kind == SCHEMA_OBJECT) /* a sum, since the order of members does not matter */
        for (struct schema_cursor m = cg_schema_first(value); m.name; m = cg_schema_next(value, m)) {
            uint64_t member = hash_at(m.value, depth + 1);
            hash += mix(mix(14695981039346656037U, m.name, m.size), &member, sizeof member);
        }
    return hash;
}

uint64_t cg_value_hash(const json_t *value)
{
    return hash_at(value, 0);
}

/* --- values that are there twice ---------------------------------------------------------------------------------- */

struct hashed {
    uint64_t hash;
    size_t index;
};

static int by_hash(const void *left, const void *right)
{
    const struct hashed *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int by_place(const void *left, const void *right)
{
    const struct schema_twin *a = left, *b = right;
    return (a->again > b->again) - (a->again < b->again);
}

/* The twins among values of one hash; run[0..size) is by index. `twins` has room for size - 1 more. */
static int find_twins(const json_t *array, const struct hashed *run, size_t size, unsigned long *comparisons,
                      struct schema_twin *twins, size_t *count, struct cg_error *err)
{
    for (size_t i = 1; i < size; i++)
        for (size_t k = 0; k < i; k++) {
            if ((*comparisons)-- == 0)
                return cg_fail(err, CG_E_LIMIT, "telling the items of an array apart takes too many comparisons");
            int equal = cg_value_equal(json_array_get(array, run[i].index), json_array_get(array, run[k].index), err);
            if (equal < 0)
                return -1;
            if (equal) {
                twins[(*count)++] = (struct schema_twin){run[k].index, run[i].index};
                break;
            }
        }
    return 0;
}

int cg_value_twins(const json_t *array, unsigned long most_comparisons, struct schema_twin **twins, size_t *count,
                   struct cg_error *err)
{
    size_t size = json_array_size(array);
    *twins = NULL;
    *count = 0;
    if (size < 2)
        return 0;
    CG_AUTO_FREE struct hashed *items = malloc(size * sizeof *items);
    CG_AUTO_FREE struct schema_twin *found = NULL;
    if (!items)
        return cg_fail_memory(err);
    for (size_t i = 0; i < size; i++)
        items[i] = (struct hashed){cg_value_hash(json_array_get(array, i)), i};
    qsort(items, size, sizeof *items, by_hash);

    for (size_t begin = 0, end; begin < size; begin = end) {
        end = begin + 1;
        while (end < size && items[end].hash == items[begin].hash)
            end++;
        if (end - begin > 1 && !found && !(found = malloc(size * sizeof *found)))
            return cg_fail_memory(err);
        if (find_twins(array, items + begin, end - begin, &most_comparisons, found, count, err) < 0)
            return -1;
    }
    if (*count == 0)
        return 0;
    qsort(found, *count, sizeof *found, by_place);
    *twins = CG_STEAL(found);
    return 0;
}
