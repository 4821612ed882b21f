/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_PARAMETER_H
#define INTAKE_PARAMETER_H

/*
 * Values of query parameters and header fields: numbers, times, flags. All fail with CG_E_USAGE that names the
 * parameter, what it is and what was expected.
 */

#include "cg/error.h"

#include <stdint.h>

/* A decimal number from `least` to `most`, nothing around it. 0 or -1. */
int parameter_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *number,
                     struct cg_error *err);

/* "true" or "false". 0 or -1. */
int parameter_flag(const char *name, const char *text, bool *flag, struct cg_error *err);

/*
 * RFC 3339 date-time to seconds since 1970; years 1970 to 9999. A blank counts as the + of the offset, since that is
 * what an unescaped + of a query becomes. 0 or -1.
 */
int parameter_time(const char *name, const char *text, double *seconds, struct cg_error *err);

/* The inverse, in UTC with milliseconds. */
#define PARAMETER_TIME_SIZE 32
void parameter_time_text(double seconds, char text[PARAMETER_TIME_SIZE]);

#endif
