/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_COMPONENTS_H
#define STORE_COMPONENTS_H

/* For this room only: components of builds, each distinct one kept once by the sha256 of its canonical JSON. */

#include "store/postgres.h"

/*
 * Keeps those that are new of [{"digest", "component"}], no digest twice, and tells the number of each: `numbers` has
 * room for all. 0, or -1 with CG_E_SYNTAX (no such array).
 */
int components_put(struct pg_connection *connection, const json_t *components, int *numbers, struct cg_error *err);

#endif
