/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_RECHECK_H
#define AUDIT_RECHECK_H

/*
 * The rows of the log, read again from the first on, a stretch at a time: are they still what was signed?
 *
 * Sealing (seal.h) looks at the right edge of the tree only; a row far from it that someone changed would be found by
 * whoever replays the log and by nobody in the service. Every leaf is hashed, every column held against its leaf, every
 * tile and checkpoint against what the leaves make. Reads the database alone: the published files are replay.h's.
 * Changes nothing, and mends nothing.
 */

#include "audit/keys.h"
#include "store/audit.h"

/* Entries of a stretch. */
#define RECHECK_ENTRIES 256U
/* Keys that leaves may have told in the life of a log. */
#define RECHECK_KEYS_MAX 64U

/* What a stretch was found to be. */
enum recheck_found {
    RECHECK_RIGHT,   /* and more comes after it */
    RECHECK_ALL,     /* and it was the last one: all rows are as signed; the next begins anew */
    RECHECK_DAMAGED, /* `damage` says where and how; it is read again the next time */
    RECHECK_UNREAD,  /* the database did not answer */
};

/* Zero-initialise; used by one thread. */
struct recheck {
    struct store *store;                                 /* borrowed */
    const struct audit_keys *keys;                       /* borrowed */
    struct cg_merkle_hasher *hasher;                     /* owned */
    struct cg_merkle_range range;                        /* of the entries that this pass found right */
    struct cg_note_verifier verifiers[RECHECK_KEYS_MAX]; /* of `keys`, and those that leaves tell */
    size_t verifier_count;
    struct cg_error damage; /* CG_OK: none was found */
};

/* 0 or -1 with CG_E_MEMORY. */
int recheck_init(struct recheck *recheck, struct store *store, const struct audit_keys *keys, struct cg_error *err);

/* Reads the next stretch. *err is set for RECHECK_UNREAD alone. */
enum recheck_found recheck_step(struct recheck *recheck, struct cg_error *err);

void recheck_finish(struct recheck *recheck);

#endif
