/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_COMPONENTS_H
#define STORE_COMPONENTS_H

/* For this room only: components of builds, each distinct one kept once by the sha256 of its canonical JSON. */

#include "store/postgres.h"

/* [{"position", "digest", "component"}] of an array of components, new reference. NULL with CG_E_USAGE (not an array of
 * objects), CG_E_SYNTAX (no canonical form), CG_E_MEMORY. */
json_t *components_digested(const json_t *components, struct cg_error *err);

/* Keeps the new ones and refers the import to all of them. 0 or -1. */
int components_put(struct pg_connection *connection, const char *id, const json_t *digested, struct cg_error *err);

#endif
