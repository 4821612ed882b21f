/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_PUBLISHER_H
#define AUDIT_PUBLISHER_H

/*
 * A thread that shows the outside what was signed: tiles, then witnesses, then the checkpoint.
 *
 * Works at the newest checkpoint it was given, so that slow witnesses make the published log lag and never the
 * sequencer. With witnesses a checkpoint is published once the quorum cosigned it.
 */

#include "audit/publish.h"
#include "audit/witness_client.h"
#include "base/log.h"

struct publisher_options {
    struct publish publish;
    struct log *log;
    const struct audit_witness *witnesses; /* borrowed */
    size_t witness_count;
    size_t quorum;          /* witnesses that must cosign before a checkpoint is published */
    const char *witness_ca; /* PEM; NULL: the system's */
};

struct publisher;

/* NULL with CG_E_CONFIG (witnesses), CG_E_MEMORY. */
struct publisher *publisher_start(const struct publisher_options *options, struct cg_error *err);

/* There is a newer checkpoint, which is kept outside the database by now; copied. 0 or -1 with CG_E_MEMORY. */
int publisher_offer(struct publisher *publisher, const struct store_checkpoint *checkpoint, struct cg_error *err);

/* Tries once more to publish what was offered, ends, frees. NULL is allowed. */
void publisher_stop(struct publisher *publisher);

#endif
