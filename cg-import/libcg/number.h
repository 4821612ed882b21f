/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_NUMBER_H
#define LIBCG_NUMBER_H

/* Doubles from and to text with a point, whatever the locale of the program is. */

#include "cg/error.h"

/* As strtod: too large is an infinity, too small is 0 or denormal. 0, or -1 with CG_E_MEMORY. */
int cg_number_parse(const char *text, double *value, struct cg_error *err);

/* Room for "-1.2345678901234567e-308" and its NUL. */
#define CG_NUMBER_TEXT_SIZE 32

/*
 * Writes the shortest decimal text "D.DDDe+XX" that reads back as `value`, which is finite and not negative; of
 * several the nearest.
 * 0, or -1 with CG_E_MEMORY.
 */
int cg_number_shortest(double value, char text[CG_NUMBER_TEXT_SIZE], struct cg_error *err);

#endif
