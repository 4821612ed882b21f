/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_READING_H
#define CG_HUB_READING_H

/* Reading a file for its digest, with a seal where one is known or can be made (seal.h). */

#include "cg/digest.h"
#include "logic/seal.h"

/* What a file is to be. Borrowed. */
struct content_id {
    enum cg_digest_kind kind;
    const char *checksum;
    uint64_t size_bytes;
};

/* What is known of a content's seal, and what a reading of it changes. */
enum seal_standing {
    SEAL_UNKNOWN, /* the digest is read, and a seal made */
    SEAL_KNOWN,   /* the seal is compared instead of the digest */
    SEAL_MADE,    /* by this reading: to be kept */
};

struct content_seal {
    enum seal_standing standing;
    struct seal seal;
};

/*
 * Reads all of `fd`, wherever it stands. 1: it is that content, 0: it is not, -1: CG_E_IO, CG_E_MEMORY, CG_E_INTERNAL.
 * `seal` may be NULL: nothing is known and none is made.
 */
int reading_verify(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                   unsigned threads, struct cg_error *err);

/*
 * The digest of a file that is said to be `content`: that one if its seal holds, else what is read. 0, or -1 as above.
 */
int reading_digest(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                   unsigned threads, struct cg_digests *digests, struct cg_error *err);

#endif
