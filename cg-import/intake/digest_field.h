/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_DIGEST_FIELD_H
#define INTAKE_DIGEST_FIELD_H

/*
 * Content-Digest and Repr-Digest (RFC 9530): the sha-256 of a dictionary like `sha-256=:BASE64:, sha-512=:BASE64:`.
 */

#include "cg/error.h"

/*
 * Reads `value` of the header `name`; NULL is a header that was not sent. 1 and the digest as 64 lower-case hexadecimal
 * digits; 0 not sent; -1 with CG_E_USAGE (malformed, or without sha-256: what cannot be verified is not taken).
 */
int digest_field_sha256(const char *name, const char *value, char sha256[65], struct cg_error *err);

#endif
