/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_DIFFERENCE_H
#define INTAKE_DIFFERENCE_H

/* Where two metadata documents differ, for the answer to a post that is in conflict with another. */

#include "cg/error.h"

#include <jansson.h>

/* Places told; the first ones are what a reader needs. */
#define DIFFERENCE_MAX 20
/* Bytes of a value that are shown, as JSON; of a longer one only the place is told. */
#define DIFFERENCE_VALUE_MAX 200

/* [{"pointer", "posted"?, "there"?}], a member left out where there is no such value or it is long. New reference, NULL
 * with CG_E_MEMORY. */
json_t *difference_list(const json_t *posted, const json_t *there, struct cg_error *err);

#endif
