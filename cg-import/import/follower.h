/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_FOLLOWER_H
#define IMPORT_FOLLOWER_H

/*
 * Follows the records that hubs with our module keep (docs/hub-module.md): every event becomes a leaf of the audit log,
 * and every import by another client a build of the trail.
 *
 * A thread a hub; of all replicas one follows a hub at a time (store/outbox.h). Each reading begins with the event that
 * was brought in last, so that a hub which was restored from a backup is found out: then the last event in common is
 * looked for, and what follows it is brought in as another line. Imports are settled after the events are in; what
 * cannot be read then is tried again, and after a day told as far as it is known, with the reason.
 */

#include "base/log.h"
#include "koji/profile.h"
#include "store/store.h"

enum follower_wish {
    FOLLOWER_AUTO, /* where the hub keeps a record and lets us read it; where not, that is said once */
    FOLLOWER_ON,   /* a hub where that cannot be done is an error, said again and again */
    FOLLOWER_OFF,
};

struct follower_hub {
    const char *name;                   /* as in imports */
    const struct koji_profile *profile; /* borrowed, as is the name */
    enum follower_wish wish;
    unsigned every_ms; /* between two readings */
};

struct follower_options {
    struct store *store;
    struct log *log;
    const char *replica; /* unique among replicas */
    unsigned lease_ms;   /* another goes on with a hub so long after its follower was killed */
    const struct follower_hub *hubs;
    size_t hub_count;
};

struct follower;

/* Starts the threads. Options are copied, what they point to is borrowed. NULL with CG_E_MEMORY, CG_E_IO. */
struct follower *follower_start(const struct follower_options *options, struct cg_error *err);

/* Breaks off what is asked of hubs, ends the threads and frees. NULL is allowed. */
void follower_stop(struct follower *follower);

#endif
