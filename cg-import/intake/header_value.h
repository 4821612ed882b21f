/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_HEADER_VALUE_H
#define INTAKE_HEADER_VALUE_H

/*
 * A header value with parameters: `type; name=token; name="quoted string"` (RFC 9110 sections 5.6.4 to 5.6.6).
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stddef.h>

/* Is `value` of this type, letters without regard to case, parameters left aside? NULL is of none. */
bool header_value_is(const char *value, const char *type);

/*
 * The value of a parameter, freed by the caller. In quoted strings \" and \\ are one character, and so is %22, which
 * RFC 7578 senders write for a quote. 1 found, 0 there is none, -1 with CG_E_SYNTAX (malformed; the parameter twice),
 * CG_E_MEMORY.
 */
int header_value_parameter(const char *value, const char *name, char **parameter, struct cg_error *err);

#endif
