/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_CANON_H
#define CG_CANON_H

/*
 * Canonical JSON: RFC 8785 (JCS). One text for one value, so that digests of values can be compared.
 *
 * Names sorted by UTF-16 code units, numbers as ECMAScript's Number::toString, the shortest escapes, no white space.
 * Not for the metadata that goes to the hub: that is sent byte for byte as it was given.
 */

#include "cg/bytes.h"
#include "cg/error.h"

/*
 * Appends the canonical text of `value`. Returns 0, or -1 with CG_E_SYNTAX (a NaN, an infinity, or an integer that a
 * double does not hold: RFC 8785 section 3.2.2.3), CG_E_LIMIT (deeper than CG_JSON_DEPTH_MAX), CG_E_MEMORY.
 */
CG_API int cg_canon(const json_t *value, struct cg_bytes *out, struct cg_error *err);

/* Writes a finite double as ECMAScript does ("1e+21", "0.000001", "-0" as "0") with a NUL. */
#define CG_CANON_NUMBER_SIZE 32
CG_API int cg_canon_number(double number, char text[CG_CANON_NUMBER_SIZE], struct cg_error *err);

#endif
