/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_VALUE_H
#define LIBCG_SCHEMA_VALUE_H

/*
 * Equality of JSON values as the draft defines it (core section 4.2.2): 1 and 1.0 are equal, the order of members does
 * not matter. Every value looked at is a step of the run.
 */

#include "schema_eval.h"

/* 1 equal, 0 not, -1 with CG_E_LIMIT: too many steps, or nested deeper than CG_SCHEMA_DEPTH_MAX. */
int cg_schema_value_equal(struct schema_run *run, const json_t *left, const json_t *right);

/* Where an array has a value twice. */
struct schema_twin {
    size_t first; /* index of the value's first occurrence */
    size_t again; /* index of a later one */
};

/*
 * All later occurrences, by `again`: *twins is allocated, NULL if there are none. 0, or -1 with CG_E_LIMIT (also when
 * values were made to be hard to tell apart) or CG_E_MEMORY.
 */
int cg_schema_value_twins(struct schema_run *run, const json_t *array, struct schema_twin **twins, size_t *count);

#endif
