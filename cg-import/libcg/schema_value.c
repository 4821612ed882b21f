/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_value.h"
#include "schema_number.h"

#include <string.h>

/* Below this depth values are told apart by comparing only. */
#define HASH_DEPTH 16

/* --- equality ----------------------------------------------------------------------------------------------------- */

static int equal_at(struct schema_run *run, const json_t *left, const json_t *right, unsigned depth);

static int equal_arrays(struct schema_run *run, const json_t *left, const json_t *right, unsigned depth)
{
    if (json_array_size(left) != json_array_size(right))
        return 0;
    for (size_t i = 0; i < json_array_size(left); i++) {
        int equal = equal_at(run, json_array_get(left, i), json_array_get(right, i), depth);
        if (equal != 1)
            return equal;
    }
    return 1;
}

static int equal_objects(struct schema_run *run, const json_t *left, const json_t *right, unsigned depth)
{
    if (json_object_size(left) != json_object_size(right))
        return 0;
    for (struct schema_cursor m = cg_schema_first(left); m.name; m = cg_schema_next(left, m)) {
        const json_t *other = json_object_getn(right, m.name, m.size);
        int equal = other ? equal_at(run, m.value, other, depth) : 0;
        if (equal != 1)
            return equal;
    }
    return 1;
}

static int equal_at(struct schema_run *run, const json_t *left, const json_t *right, unsigned depth)
{
    if (depth > CG_SCHEMA_DEPTH_MAX)
        return cg_fail(run->err, CG_E_LIMIT, "a value is nested deeper than %d", CG_SCHEMA_DEPTH_MAX);
    if (cg_schema_eval_steps(run, 1) < 0)
        return -1;
    if (json_is_number(left) && json_is_number(right))
        return cg_schema_number_compare(left, right) == 0;
    if (json_typeof(left) != json_typeof(right))
        return 0;
    if (json_is_string(left))
        return json_string_length(left) == json_string_length(right) &&
               memcmp(json_string_value(left), json_string_value(right), json_string_length(left)) == 0;
    if (json_is_array(left))
        return equal_arrays(run, left, right, depth + 1);
    if (json_is_object(left))
        return equal_objects(run, left, right, depth + 1);
    return 1;
}

int cg_schema_value_equal(struct schema_run *run, const json_t *left, const json_t *right)
{
    return equal_at(run, left, right, 0);
}

/* --- hash --------------------------------------------------------------------------------------------------------- */

/* FNV-1a of 64 bits */
#define HASH_START 14695981039346656037U

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
    if (json_is_integer(value) || cg_schema_number_is_integer(real, &integer))
        return mix(seed, &integer, sizeof integer);
    return mix(seed, &real, sizeof real);
}

static int hash_at(struct schema_run *run, const json_t *value, unsigned depth, uint64_t *hash);

static int hash_array(struct schema_run *run, const json_t *value, unsigned depth, uint64_t *hash)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        uint64_t item;
        if (hash_at(run, json_array_get(value, i), depth, &item) < 0)
            return -1;
        *hash = mix(*hash, &item, sizeof item);
    }
    return 0;
}

/* A sum, since the order of members does not matter. */
static int hash_object(struct schema_run *run, const json_t *value, unsigned depth, uint64_t *hash)
{
    for (struct schema_cursor m = cg_schema_first(value); m.name; m = cg_schema_next(value, m)) {
        uint64_t member;
        if (hash_at(run, m.value, depth, &member) < 0)
            return -1;
        *hash += mix(mix(HASH_START, m.name, m.size), &member, sizeof member);
    }
    return 0;
}

/* Equal values have equal hashes. */
static int hash_at(struct schema_run *run, const json_t *value, unsigned depth, uint64_t *hash)
{
    if (cg_schema_eval_steps(run, 1) < 0)
        return -1;
    unsigned kind = cg_schema_kind(value) & SCHEMA_NUMBER ? SCHEMA_NUMBER : cg_schema_kind(value);
    *hash = mix(HASH_START, &kind, sizeof kind);
    if (kind == SCHEMA_NUMBER)
        *hash = hash_number(value, *hash);
    if (kind == SCHEMA_BOOLEAN)
        *hash += json_is_true(value);
    if (kind == SCHEMA_STRING)
        *hash = mix(*hash, json_string_value(value), json_string_length(value));
    if (depth >= HASH_DEPTH)
        return 0;
    if (kind == SCHEMA_ARRAY)
        return hash_array(run, value, depth + 1, hash);
    return kind == SCHEMA_OBJECT ? hash_object(run, value, depth + 1, hash) : 0;
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

/* The twins among values of one hash; items[0..size) are by index. `twins` has room for size - 1 more. */
static int find_twins(struct schema_run *run, const json_t *array, const struct hashed *items, size_t size,
                      struct schema_twin *twins, size_t *count)
{
    for (size_t i = 1; i < size; i++)
        for (size_t k = 0; k < i; k++) {
            int equal = cg_schema_value_equal(run, json_array_get(array, items[i].index),
                                              json_array_get(array, items[k].index));
            if (equal < 0)
                return -1;
            if (!equal)
                continue;
            twins[(*count)++] = (struct schema_twin){items[k].index, items[i].index};
            break;
        }
    return 0;
}

/* The items by hash, so that equal ones stand together. */
static struct hashed *sort_items(struct schema_run *run, const json_t *array)
{
    size_t size = json_array_size(array);
    CG_AUTO_FREE struct hashed *items = malloc(size * sizeof *items);
    if (!items) {
        cg_fail_memory(run->err);
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        items[i].index = i;
        if (hash_at(run, json_array_get(array, i), 0, &items[i].hash) < 0)
            return NULL;
    }
    qsort(items, size, sizeof *items, by_hash);
    return CG_STEAL(items);
}

int cg_schema_value_twins(struct schema_run *run, const json_t *array, struct schema_twin **twins, size_t *count)
{
    size_t size = json_array_size(array);
    *twins = NULL;
    *count = 0;
    if (size < 2)
        return 0;
    CG_AUTO_FREE struct hashed *items = sort_items(run, array);
    CG_AUTO_FREE struct schema_twin *found = NULL;
    if (!items)
        return -1;
    for (size_t begin = 0, end; begin < size; begin = end) {
        end = begin + 1;
        while (end < size && items[end].hash == items[begin].hash)
            end++;
        if (end - begin == 1)
            continue;
        if (!found && !(found = malloc(size * sizeof *found)))
            return cg_fail_memory(run->err);
        if (find_twins(run, array, items + begin, end - begin, found, count) < 0)
            return -1;
    }
    if (*count == 0)
        return 0;
    qsort(found, *count, sizeof *found, by_place);
    *twins = CG_STEAL(found);
    return 0;
}
