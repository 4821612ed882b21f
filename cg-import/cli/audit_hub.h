/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_AUDIT_HUB_H
#define CLI_AUDIT_HUB_H

/*
 * Is what a hub has what a verified log says was imported: metadata and every file, hashed again.
 *
 * Leaves are kept as they are replayed and compared once the log is verified. What the hub lets be changed without
 * trace (owner, extra) is not in the log and not compared. Builds of other clients are compared where the hub's record
 * was followed, and none is that the record says was deleted or reset since.
 */

#include "connection.h"

#include <jansson.h>

/* Zero-initialise; release with audit_hub_finish. */
struct audit_hub {
    const char *name;    /* of the hub, as the log calls it; borrowed; NULL: the log tells of one only */
    json_t *imported;    /* by build id: the last leaf that says so; owned */
    char *first, *other; /* names of hubs that leaves told of where none was asked for; owned; NULL: none yet */
    uint64_t builds, files, passed_over;
};

/* Keeps the leaf if it says that a build was imported, or that one has gone. 0, or -1 with CG_E_MEMORY. */
int audit_hub_take_leaf(struct audit_hub *hub, const void *data, size_t size, struct cg_error *err);

/*
 * Asks the hub about each build. Each difference is told on standard error; 0 when there is none, -1 with CG_E_DIFFERS
 * and how many, CG_E_USAGE when it is not said which of the log's hubs it is, or when the log tells of none of that
 * name; or what asking and reading failed with.
 */
int audit_hub_compare(struct audit_hub *hub, const struct connection *connection, struct cg_error *err);

void audit_hub_finish(struct audit_hub *hub);

#endif
