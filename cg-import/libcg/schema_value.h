/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_VALUE_H
#define LIBCG_SCHEMA_VALUE_H

/*
 * Equality of JSON values as the draft defines it (core section 4.2.2): 1 and 1.0 are equal, the order of members does
 * not matter.
 */

#include "cg/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* 1 equal, 0 not, -1 with CG_E_LIMIT: nested deeper than CG_SCHEMA_DEPTH_MAX. */
int cg_value_equal(const json_t *left, const json_t *right, struct cg_error *err);

/* Equal values have equal hashes. */
uint64_t cg_value_hash(const json_t *value);

/* Where an array has a value twice. */
struct schema_twin {
    size_t first; /* index of the value's first occurrence */
    size_t again; /* index of a later one */
};

/*
 * All later occurrences, by `again`: *twins is allocated, NULL if there are none. `most_comparisons` bounds the work on
 * values made to collide. 0, or -1 with CG_E_LIMIT or CG_E_MEMORY.
 */
int cg_value_twins(const json_t *array, unsigned long most_comparisons, struct schema_twin **twins, size_t *count,
                   struct cg_error *err);

#endif
