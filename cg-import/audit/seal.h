/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_SEAL_H
#define AUDIT_SEAL_H

/*
 * What is done with a batch before it is signed: the tree grown, and proved to continue what was signed last.
 *
 * The right edge of the tree is kept between batches; the proof is not made of it but of what the database holds in the
 * transaction, so that neither a database that was changed nor a fault of ours is signed.
 */

#include "audit/keys.h"
#include "store/audit_sequence.h"

struct seal {
    const struct audit_keys *keys;   /* borrowed */
    struct cg_merkle_hasher *hasher; /* owned */
    struct cg_merkle_range range;    /* of what is known to be committed */
    struct cg_merkle_range grown;    /* of the batch under way */
    uint64_t signed_size;            /* the database must not have fewer entries than that */
};

/* 0 or -1 with CG_E_MEMORY, CG_E_INTERNAL. */
int seal_init(struct seal *seal, const struct audit_keys *keys, struct cg_error *err);

/* A store_seal; `context` is the seal. -1 with CG_E_FORK when the last checkpoint is not ours or the tree does not
 * continue it, or what the database failed with. */
int seal_batch(void *context, const struct store_batch *batch, struct cg_merkle_hash *root, struct cg_bytes *note,
               struct cg_error *err);

/* The batch was committed: it is what the next one grows on. */
void seal_committed(struct seal *seal);

void seal_finish(struct seal *seal);

#endif
