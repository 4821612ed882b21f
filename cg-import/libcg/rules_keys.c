/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 64

void rules_keys_begin(struct rules_keys *keys, size_t index)
{
    if (keys->rules->failed)
        return;
    if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity ? 2 * keys->capacity : FIRST_CAPACITY;
        struct rules_key *grown = realloc(keys->keys, capacity * sizeof grown[0]);
        if (!grown) {
            cg_fail_memory(keys->rules->err);
            keys->rules->failed = true;
            return;
        }
        keys->keys = grown;
        keys->capacity = capacity;
    }
    keys->keys[keys->count++] = (struct rules_key){.offset = keys->text.size, .index = index, .first = index};
}

void rules_keys_bytes(struct rules_keys *keys, const void *data, size_t size)
{
    if (keys->rules->failed)
        return;
    if (cg_bytes_append(&keys->text, data, size, keys->rules->err) < 0) {
        keys->rules->failed = true;
        return;
    }
    struct rules_key *key = &keys->keys[keys->count - 1];
    key->size = keys->text.size - key->offset;
}

void rules_keys_part(struct rules_keys *keys, const void *data, size_t size)
{
    rules_keys_bytes(keys, &size, sizeof size);
    rules_keys_bytes(keys, data, size);
}

void rules_keys_string(struct rules_keys *keys, const json_t *string)
{
    rules_keys_part(keys, json_string_value(string), json_string_length(string));
}

void rules_keys_scalar(struct rules_keys *keys, const json_t *scalar)
{
    char number[40];
    if (json_is_string(scalar)) {
        rules_keys_part(keys, "s", 1);
        rules_keys_string(keys, scalar);
        return;
    }
    if (json_is_null(scalar)) {
        rules_keys_part(keys, "0", 1);
        return;
    }
    /* Integers of a document lie within +-2^53 (json.h), so a double holds each of them. */
    double value = json_is_boolean(scalar) ? (double)json_is_true(scalar) : json_number_value(scalar);
    int length = snprintf(number, sizeof number, "%.17g", value == 0 ? 0.0 : value);
    rules_keys_part(keys, "n", 1);
    rules_keys_part(keys, number, (size_t)length);
}

static int compare_bytes(const char *left, size_t left_size, const char *right, size_t right_size)
{
    int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

static int compare_keys(const void *a, const void *b)
{
    const struct rules_key *left = a, *right = b;
    int order = compare_bytes(left->text, left->size, right->text, right->size);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

void rules_keys_sort(struct rules_keys *keys)
{
    if (keys->rules->failed || keys->count == 0)
        return;
    struct rules_key *all = keys->keys;
    for (size_t i = 0; i < keys->count; i++)
        all[i].text = cg_bytes_text(&keys->text) + all[i].offset;
    qsort(all, keys->count, sizeof all[0], compare_keys);
    for (size_t i = 1; i < keys->count; i++)
        if (compare_bytes(all[i].text, all[i].size, all[i - 1].text, all[i - 1].size) == 0)
            all[i].first = all[i - 1].first;
}

size_t rules_keys_find(const struct rules_keys *keys, const struct rules_keys *wanted)
{
    if (keys->rules->failed || wanted->count == 0)
        return RULES_NO_KEY;
    const char *text = cg_bytes_text(&wanted->text) + wanted->keys[0].offset;
    size_t size = wanted->keys[0].size, low = 0, high = keys->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_bytes(keys->keys[middle].text, keys->keys[middle].size, text, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == keys->count || compare_bytes(keys->keys[low].text, keys->keys[low].size, text, size) != 0)
        return RULES_NO_KEY;
    return keys->keys[low].first;
}

void rules_keys_finish(struct rules_keys *keys)
{
    cg_bytes_finish(&keys->text);
    free(keys->keys);
}
