/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_REPLAY_H
#define AUDIT_REPLAY_H

/*
 * A log in a directory (C2SP tlog-tiles), verified from its entries up: every leaf is hashed, every tile compared with
 * what the leaves make of it, the root held against the signed checkpoint.
 *
 * Needs no database and no network. Nothing in the directory is believed but what the policy's keys signed.
 */

#include "cg/checkpoint.h"

struct replay_options {
    const char *directory; /* "checkpoint" and "tile/..." are below it */
    struct cg_checkpoint_policy policy;
    const struct cg_checkpoint *since; /* an earlier one that must be this log's; NULL: none */
    /* Told each leaf, in order; NULL: not told. 0, or -1 with an error, which ends the replay. Leaves come before the
     * root is compared: what is made of them is worth nothing unless the replay succeeds. */
    int (*leaf)(void *context, uint64_t index, const void *data, size_t size, struct cg_error *err);
    void *context;
};

/* What was verified. Zero-initialise; release the checkpoint. */
struct replay_result {
    struct cg_checkpoint checkpoint;
    size_t cosigned; /* witnesses */
};

/*
 * 0; -1 with what cg_checkpoint_open fails with, CG_E_INCOMPLETE (a file is missing), CG_E_FORM (it is malformed),
 * CG_E_PROOF (a leaf, a tile or the root is another), CG_E_FORK (`since` is of another or a longer log), CG_E_IO,
 * CG_E_MEMORY, or the callback's.
 */
int replay_verify(const struct replay_options *options, struct replay_result *result, struct cg_error *err);

#endif
