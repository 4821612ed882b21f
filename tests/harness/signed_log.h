/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SIGNED_LOG_H
#define TESTS_SIGNED_LOG_H

/* A small log with a key, for tests: leaves, tree, signed checkpoints, witnesses. Each call fails the test if it
 * cannot. */

#include "cg/checkpoint.h"
#include "memory_tree.h"

struct signed_log {
    struct memory_tree *tree;
    struct cg_note_signer *signer;
    struct cg_note_signer *witness;
    struct cg_checkpoint_policy policy; /* the log's key, and the witness, whose signature it wants */
};

/* A key of this name and type whose seed is the byte `seed`, 32 times. */
struct cg_note_signer *signed_log_key(const char *name, enum cg_note_type type, unsigned char seed);

/* "example.com/log" with leaves "leaf 0" to "leaf N-1". */
struct signed_log *signed_log_create(uint64_t size);
/* Appends the leaf of that number to `leaf`. */
void signed_log_leaf(uint64_t index, struct cg_bytes *leaf);
void signed_log_grow(struct signed_log *log, uint64_t size);
/* Appends the checkpoint of the log when it had `size` leaves, signed by the log. */
void signed_log_checkpoint(struct signed_log *log, uint64_t size, struct cg_bytes *note);
/* And cosigned by the witness at this time. */
void signed_log_cosigned(struct signed_log *log, uint64_t size, uint64_t timestamp, struct cg_bytes *note);
/* Writes the log of `size` leaves below `directory`, as C2SP tlog-tiles serves it. */
void signed_log_write(struct signed_log *log, uint64_t size, const char *directory);
void signed_log_destroy(struct signed_log *log);

#endif
