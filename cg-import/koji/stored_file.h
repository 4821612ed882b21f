/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_STORED_FILE_H
#define KOJI_STORED_FILE_H

/*
 * Reading a small file that a hub stores: from its volume where that is mounted at the profile's topdir, else by HTTP
 * below the profile's topurl.
 *
 * By the same TLS settings as the calls, and as nobody: neither session nor certificate goes to a file server.
 */

#include "cg/bytes.h"
#include "cg/digest.h"
#include "koji/session.h"

/* Seconds that a file which is read into memory is waited for, and the next byte of one that is digested. */
#define KOJI_STORED_FILE_TIMEOUT_S 60

enum koji_stored_file {
    KOJI_FILE_READ,
    KOJI_FILE_TOO_LONG, /* it is there and has more than `most_bytes` */
    KOJI_FILE_ABSENT,   /* the volume or the file server is there and has no such file */
    KOJI_FILE_UNREADABLE,
};

/*
 * Reads the file whose path below topdir and topurl is made of `parts`, which come from the hub and are not trusted:
 * where one is empty, ".", ".." or holds a slash, the file is unreadable. Returns an enum koji_stored_file; for
 * KOJI_FILE_ABSENT and KOJI_FILE_UNREADABLE `why` tells the reason in an error of its own. -1 with CG_E_MEMORY.
 */
int koji_stored_file_read(struct koji_session *session, const char *const *parts, size_t count, size_t most_bytes,
                          struct cg_bytes *content, struct cg_error *why, struct cg_error *err);

/* The digests of such a file, of any size: it is never held in memory. Returns as koji_stored_file_read() does. */
int koji_stored_file_digest(struct koji_session *session, const char *const *parts, size_t count, unsigned kinds,
                            struct cg_digests *digests, struct cg_error *why, struct cg_error *err);

#endif
