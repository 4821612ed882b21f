/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_seen.h"

#include <stdlib.h>
#include <string.h>

static size_t word_count(const struct schema_seen *seen)
{
    return (seen->count + 63) / 64;
}

int cg_schema_seen_init(struct schema_seen *seen, const json_t *value, struct cg_error *err)
{
    *seen = (struct schema_seen){.count = json_object_size(value) + json_array_size(value)};
    seen->words = &seen->few;
    if (seen->count <= 64)
        return 0;
    seen->words = calloc(word_count(seen), sizeof *seen->words);
    return seen->words ? 0 : cg_fail_memory(err);
}

void cg_schema_seen_finish(struct schema_seen *seen)
{
    if (seen->words != &seen->few)
        free(seen->words);
    seen->words = NULL;
}

void cg_schema_seen_add(struct schema_seen *seen, size_t position)
{
    if (seen)
        seen->words[position / 64] |= (uint64_t)1 << (position % 64);
}

void cg_schema_seen_add_all(struct schema_seen *seen)
{
    if (seen)
        memset(seen->words, 0xff, word_count(seen) * sizeof *seen->words);
}

void cg_schema_seen_merge(struct schema_seen *seen, const struct schema_seen *other)
{
    if (!seen)
        return;
    for (size_t i = 0; i < word_count(seen); i++)
        seen->words[i] |= other->words[i];
}

bool cg_schema_seen_has(const struct schema_seen *seen, size_t position)
{
    return seen->words[position / 64] >> (position % 64) & 1U;
}
