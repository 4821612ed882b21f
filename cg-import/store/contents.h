/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CONTENTS_H
#define STORE_CONTENTS_H

/*
 * Which contents are kept: identity (sha256, size), the other checksums beside it, who refers to it, what may go.
 *
 * The bytes lie in the content room; this is their index. A content is recorded after its file is durable and its row
 * is removed before its file is.
 */

#include "cg/digest.h"
#include "store/imports.h"

/* Records a content whose file is in place (also again). */
int store_content_add(struct store *store, const struct cg_digests *digests, struct cg_error *err);

/* Is there a content with this checksum and size that `scope` may see (an import in scope refers to it)? 1 and its
 * digests, 0, -1. Known by sha256 or md5; of any other kind nothing is found, adler32 being too weak. */
int store_content_find(struct store *store, enum cg_digest_kind kind, const char *checksum, uint64_t size_bytes,
                       const struct store_scope *scope, struct cg_digests *found, struct cg_error *err);

/*
 * Takes up to `limit` contents that no import in receiving, queued, running, held refers to and that were not used for
 * `idle_s` out of the index; the caller then removes their files. Array of sha256 texts, freed by the caller with
 * store_content_names_free.
 */
int store_content_expire(struct store *store, unsigned idle_s, unsigned limit, char ***names, size_t *count,
                         struct cg_error *err);
void store_content_names_free(char **names, size_t count);

/* Takes a content whose file is gone or damaged out of the index: the imports that refer to it miss it from here on and
 * ask for it when they are retried or released. 0 also when it is not there, -1. */
int store_content_forget(struct store *store, const char *sha256, struct cg_error *err);

/* Is this sha256 in the index? For finding files nobody knows. 1, 0, -1. */
int store_content_known(struct store *store, const char *sha256, struct cg_error *err);

#endif
