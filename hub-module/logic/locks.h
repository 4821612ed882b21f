/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_LOCKS_H
#define CG_HUB_LOCKS_H

/*
 * Advisory locks of the hub's database that keep two imports of one build apart.
 *
 * Held until the transaction ends; taken anew by one that has them, they do nothing. Whoever got one after waiting sees
 * what the one before committed: what was looked at earlier is to be looked at again. Taken in the order of the enum,
 * so that two imports of one build never wait for each other.
 */

#include "logic/database.h"

enum lock_kind {
    LOCK_KEY,         /* name: the caller's id, a space, the key of importBuild (answers.h takes it) */
    LOCK_RESERVATION, /* name: the build's id, decimal */
    LOCK_NVR,         /* name: name-version-release */
    /* These are tried, never waited for: whoever has them does the work for all. */
    LOCK_SEAL,    /* name: a content's checksum (content.h) */
    LOCK_ANSWERS, /* name: "": forgetting old answers (answers.h) */
};

/* The lock's number for PostgreSQL: of kind and name, the same on every hub process. */
int64_t lock_number(enum lock_kind kind, const char *name);

/* Waits for the lock and takes it. 0, or -1 with CG_E_HUB_FAULT (a deadlock, a timeout of the database). */
int lock_take(const struct database *database, enum lock_kind kind, const char *name, struct cg_error *err);

#endif
