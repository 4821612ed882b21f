/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_OVERVIEW_H
#define STORE_OVERVIEW_H

/* How things stand, for people: the queue, the last two days, all in all, the hubs. */

#include "store/imports.h"

/* Hours that are told of, the one under way included. */
#define STORE_OVERVIEW_HOURS 48

/*
 * Of the imports that `scope` shows (NULL: all): {"queue": {state: count}, "oldest_unfinished_at", "hours": [...],
 * "totals", "circuits": {hub: {"state", "since", "reason"}}, "now"} with the members of schemas/overview in
 * schema/openapi.yaml; circuits holds only hubs that failed of late. New reference in *overview. 0 or -1.
 */
int store_overview(struct store *store, const struct store_scope *scope, json_t **overview, struct cg_error *err);

#endif
