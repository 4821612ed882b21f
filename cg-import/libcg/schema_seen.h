/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_SEEN_H
#define LIBCG_SCHEMA_SEEN_H

/*
 * Which members or items of one value were evaluated: what unevaluatedProperties and unevaluatedItems ask.
 *
 * A set of positions (of members in the object's order, of items in the array). Kept only below a schema that asks.
 */

#include "cg/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema_seen {
    size_t count;    /* of positions */
    uint64_t few;    /* the set while it has at most 64 positions */
    uint64_t *words; /* the set: &few, or allocated */
};

/* An empty set for the members or items of `value`, released with finish. 0, or -1 with CG_E_MEMORY. */
int cg_schema_seen_init(struct schema_seen *seen, const json_t *value, struct cg_error *err);
void cg_schema_seen_finish(struct schema_seen *seen);

/* All three do nothing if `seen` is NULL: nobody asks. */
void cg_schema_seen_add(struct schema_seen *seen, size_t position);
void cg_schema_seen_add_all(struct schema_seen *seen);
void cg_schema_seen_merge(struct schema_seen *seen, const struct schema_seen *other);

bool cg_schema_seen_has(const struct schema_seen *seen, size_t position);

#endif
