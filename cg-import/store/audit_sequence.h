/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_AUDIT_SEQUENCE_H
#define STORE_AUDIT_SEQUENCE_H

/*
 * Giving leaves their index: one connection, which holds the lock that one sequencer over all replicas has.
 *
 * A batch is one transaction: leaves leave audit_pending for audit_entry, the tiles they fill and the new checkpoint
 * are put beside them. The lock belongs to the connection, so that who lost it cannot commit any more; and who gets it
 * next gets it when the transaction of the one before has ended, so the last checkpoint tells how a COMMIT without an
 * answer ended. Used by one thread.
 */

#include "base/stop.h"
#include "store/audit.h"

/* Leaves of one batch. */
#define STORE_BATCH_MAX 1024U

struct store_sequencer;

/* NULL with CG_E_MEMORY. Does not connect. */
struct store_sequencer *store_sequencer_create(struct store *store, struct cg_error *err);
/* Gives the lock back. NULL is allowed. */
void store_sequencer_destroy(struct store_sequencer *sequencer);

/* Is this the one sequencer? Takes the lock if nobody has it. 1, 0 another has it, -1 cannot be told. */
int store_sequencer_leads(struct store_sequencer *sequencer, struct cg_error *err);

/* Lets another have the lock. */
void store_sequencer_let_go(struct store_sequencer *sequencer);

/* Sleeps until leaves may have come, at most `most_ms`. 0, 1 when stopped, -1 when the connection, and with it the
 * lock, is lost. */
int store_sequencer_wait(struct store_sequencer *sequencer, const struct stop *stop, unsigned most_ms,
                         struct cg_error *err);

/* A batch whose leaves have their places in the transaction under way. */
struct store_batch {
    struct store_checkpoint last;        /* what was signed before; borrowed */
    const struct cg_merkle_hash *hashes; /* of the leaves, from index last.size on */
    size_t count;
    struct pg_connection *connection_; /* for the functions below */
};

/* Puts down the root of a full tile. 0 or -1. */
int store_batch_put_tile(const struct store_batch *batch, unsigned level, uint64_t n, const struct cg_merkle_hash *root,
                         struct cg_error *err);
/* A cg_tile_fetch over what the transaction sees; `context` is the batch. */
int store_batch_fetch(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err);

/*
 * Grows the tree by the batch: puts the tiles down, says the new root and the signed note over it. 0, or -1 and nothing
 * of the batch happens.
 */
typedef int store_seal(void *context, const struct store_batch *batch, struct cg_merkle_hash *root,
                       struct cg_bytes *note, struct cg_error *err);

/*
 * One batch. The number of leaves, 0 when none waited; `made` (zeroed, released by the caller) is the new checkpoint.
 * -1: nothing happened, or the connection is lost and the next checkpoint read under the lock tells whether it did;
 * with what `seal` failed with, CG_E_CONFLICT (the lock is not held), CG_E_BUSY, ...
 */
int store_sequencer_append(struct store_sequencer *sequencer, store_seal *seal, void *context,
                           struct store_checkpoint *made, struct cg_error *err);

#endif
