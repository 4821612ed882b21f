/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_STAGING_H
#define CG_HUB_STAGING_H

/*
 * Putting a content that lies on the hub into an upload directory: the same blocks (reflink), the same file (hard
 * link), or a copy; never a symbolic link.
 *
 * All bytes of what is put there are read and compared before it gets its name. A hard link is of a file made
 * read-only before: an upload to the name would else write into the build that the content is from.
 */

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
    SEAL_UNKNOWN, /* the digest is read, and a seal made if `seal_wanted` */
    SEAL_KNOWN,   /* the seal is compared instead of the digest */
    SEAL_MADE,    /* by this reading: to be kept */
};

struct content_seal {
    enum seal_standing standing;
    struct seal seal;
};

enum staging_links { STAGING_MAY_LINK, STAGING_NEVER_LINKS };

enum staging_method {
    STAGING_THERE, /* the directory had it already */
    STAGING_REFLINK,
    STAGING_LINK,
    STAGING_COPY,
};

/* "reflink", "link", "copy", "there" */
const char *staging_method_name(enum staging_method method);

/*
 * Reads all of `fd` from its beginning: 1 it is that content, 0 it is not, -1 CG_E_IO, CG_E_MEMORY, CG_E_INTERNAL.
 * `seal` may be NULL: nothing is known and none is made.
 */
int staging_verify(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                   unsigned threads, struct cg_error *err);

/*
 * Puts the file `source`, open for reading, as `name` into the open `directory`. 1: done, *method tells how; 0: the
 * source is not that content; -1: CG_E_CONFLICT (another file has the name), CG_E_LIMIT (the disk is full), CG_E_IO,
 * ...
 */
int staging_place(int source, int directory, const char *name, const struct content_id *content,
                  struct content_seal *seal, enum staging_links links, unsigned threads, enum staging_method *method,
                  struct cg_error *err);

#endif
