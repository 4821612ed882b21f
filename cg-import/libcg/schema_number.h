/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_NUMBER_H
#define LIBCG_SCHEMA_NUMBER_H

/*
 * Numbers of JSON compared and divided exactly, integers of 64 bits and doubles mixed.
 *
 * A double stands for the shortest decimal that reads back as it, so 0.0075 is a multiple of 0.0001 as the reader of
 * the document expects, though no binary fraction near it is.
 */

#include "cg/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Below, at or above: negative, 0, positive. Both are numbers. */
int cg_schema_number_compare(const json_t *left, const json_t *right);
int cg_schema_number_compare_integer(const json_t *left, json_int_t right);

/* Is it a double without a fraction that an int64_t holds? Then *integer is it. */
bool cg_schema_number_is_integer(double real, int64_t *integer);

/* Is `number` an integer multiple of `divisor`, which is above 0? 1 or 0; -1 with CG_E_MEMORY. */
int cg_schema_number_is_multiple(const json_t *number, const json_t *divisor, struct cg_error *err);

#endif
