/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_HUB_BUILDS_H
#define STORE_HUB_BUILDS_H

/* For this room only: what became of builds on their hub, as rows. */

#include "store/postgres.h"

/* Applies an event of a hub's record, as it was told last. 0 or -1. */
int hub_build_apply(struct pg_connection *connection, const char *hub, const json_t *event, struct cg_error *err);

/* What a hub's list of builds says, where no record tells of the build. `state` may be NULL. 1: something changed, 0
 * nothing did, -1. */
int hub_build_seen(struct pg_connection *connection, const char *hub, int64_t build_id, const char *nvr,
                   const char *state, struct cg_error *err);

/* The name of one of koji.BUILD_STATES; NULL for any other number. */
const char *hub_build_state(int64_t number);

#endif
