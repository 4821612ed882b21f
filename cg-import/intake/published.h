/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_PUBLISHED_H
#define INTAKE_PUBLISHED_H

/*
 * The audit log as it is published: files below one directory, written by the sequencer of one of the replicas.
 *
 * Read anew by each request, since another replica may have written them. What is proved here is proved from them and
 * against their checkpoint; that it is signed is for whoever reads the answer to verify.
 */

#include "cg/tlog_proof.h"

/* A checkpoint and the tree it speaks of. Zero-initialise; release with published_finish. */
struct published {
    const char *directory; /* borrowed */
    struct cg_bytes note;  /* as it lies there */
    struct cg_checkpoint checkpoint;
    struct cg_tile_reader *tiles; /* owned */
};

#define AUTO_PUBLISHED CG_AUTO(published_finish)

/* Appends the file of this name below the directory. 1, 0 there is none, -1 with CG_E_IO, CG_E_MEMORY, CG_E_LIMIT. */
int published_file(const char *directory, const char *name, struct cg_bytes *content, struct cg_error *err);

/* Reads the checkpoint that is published. 1, 0 there is none yet, -1 with CG_E_FORM, CG_E_IO, CG_E_MEMORY. */
int published_open(struct published *published, const char *directory, struct cg_error *err);

/* The tree of the checkpoint, for proofs. */
struct cg_merkle_source published_source(const struct published *published);

/* Appends the tlog-proof of entry `index`, whose bytes are `leaf`. 0; -1 with CG_E_PROOF when these are not the entry,
 * CG_E_INCOMPLETE when a tile is not there, ... */
int published_proof(const struct published *published, uint64_t index, const void *leaf, size_t size,
                    struct cg_bytes *text, struct cg_error *err);

/* Appends the bytes of entry `index`, which is below the checkpoint's size. 0 or -1. */
int published_entry(const struct published *published, uint64_t index, struct cg_bytes *leaf, struct cg_error *err);

void published_finish(struct published *published);

#endif
