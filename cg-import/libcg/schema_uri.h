/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_URI_H
#define LIBCG_SCHEMA_URI_H

/* URI references: resolution as RFC 3986 section 5.2 says, and fragments. Not a check that a URI is well-formed. */

#include "cg/bytes.h"
#include "cg/error.h"

/*
 * `reference` seen from `base` ("" if there is none): *uri without a fragment, *fragment with its percent escapes
 * decoded ("" if there is none). The caller frees both. 0; 1 if the fragment is not decodable (a bad escape or %00),
 * with nothing to free; -1 with CG_E_MEMORY.
 */
int cg_schema_uri_resolve(const char *base, const char *reference, char **uri, char **fragment, struct cg_error *err);

#endif
