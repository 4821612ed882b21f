/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_IDEMPOTENCY_H
#define INTAKE_IDEMPOTENCY_H

/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): which key a request has and what it asked.
 *
 * Keys are a caller's own. The store keeps key, request and import in the transaction that accepts the import.
 */

#include "intake/posting_options.h"

#define IDEMPOTENCY_KEY_MAX 255

/*
 * The key of a header value, a structured field string in quotes or the bare text, into `key`. 1; 0 for NULL (not
 * sent); -1 with CG_E_USAGE when it is empty, longer than IDEMPOTENCY_KEY_MAX or has anything but visible ASCII.
 */
int idempotency_key(const char *value, char key[IDEMPOTENCY_KEY_MAX + 1], struct cg_error *err);

/*
 * Digest of what is asked: options and metadata. Which files came along is not part of it, since the metadata says what
 * they are: a post that is repeated without the files is the same one. 0 or -1.
 */
int idempotency_request(const struct posting_options *options, const char *metadata_sha256, char sha256[65],
                        struct cg_error *err);

#endif
