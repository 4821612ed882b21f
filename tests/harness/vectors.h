/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

/* Public test vectors that are not part of the project: ../shared/vectors, or $CG_SHARED/vectors. */

#include "cg/bytes.h"
#include "cg/merkle_proof.h"

/* Reads a file of the vectors; skips the test, aloud, when it is not there. */
void vectors_load(const char *name, struct cg_bytes *content);

/* The same as one JSON value, or as a list of those that stand on its lines (".jsonl"). A new reference. */
json_t *vectors_json(const char *name);

/* The bytes of a JSON string in base64; false when they are not `size` bytes. */
bool vectors_base64(const json_t *text, void *data, size_t size);

/* A list of hashes in base64, or null; false when one is no hash. */
bool vectors_proof(const json_t *list, struct cg_merkle_proof *proof);

#endif
