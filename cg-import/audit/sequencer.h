/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_SEQUENCER_H
#define AUDIT_SEQUENCER_H

/*
 * The one sequencer: gives leaves their place in the tree, signs each state of it, and has it published.
 *
 * Every replica runs one; the one that has the lock of the database works, the others wait to take over. It signs
 * nothing that does not continue what was signed before: not what the database says that is (seal.h), not what the file
 * outside of it says (last_signed.h). When it must not sign it says why in the log, lets another replica try, and tries
 * again; leaves wait meanwhile, which /readyz and /metrics show. Between batches it reads the rows that are there again
 * (recheck.h), and tells what is not what was signed in the log and, for /readyz and /metrics, in the database.
 */

#include "audit/publisher.h"

struct sequencer_options {
    struct store *store;
    struct log *log;
    const char *replica;
    const char *directory;   /* of the published log */
    const char *last_signed; /* the file outside of PostgreSQL */
    struct audit_keys_options keys;
    const struct audit_witness *witnesses;
    size_t witness_count, quorum;
    const char *witness_ca;
};

struct sequencer;

/* What options point to is borrowed. NULL with CG_E_MEMORY, CG_E_IO. */
struct sequencer *sequencer_start(const struct sequencer_options *options, struct cg_error *err);

/* Gives what waits its place, publishes it, ends, frees. NULL is allowed. */
void sequencer_stop(struct sequencer *sequencer);

#endif
