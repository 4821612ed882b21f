/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_UPLOAD_H
#define KOJI_UPLOAD_H

/*
 * Sending files to a hub's work directory: straight from disk, few large requests, verified by digest.
 *
 * Raw upload as kojihub.py handle_upload reads it. Requests carry no call number, so several lanes of one session run
 * side by side on every hub. Digests are made in the read that sends. Each piece's sha256 in the answer is compared;
 * after a cut the hub is asked what it has (checkUpload) and the rest is sent. Pieces of one file go in rising order
 * only: releases cut a file at the end of each write.
 */

#include "cg/digest.h"
#include "cg/error.h"
#include "koji/session.h"

#include <stdint.h>

/* One request's body, bytes: httpd's default LimitRequestBody since 2.4.54. */
#define KOJI_UPLOAD_PIECE_MAX (1024ULL * 1024ULL * 1024ULL)
/* After HTTP 413 pieces shrink to this, then by halves down to KOJI_UPLOAD_PIECE_MIN. */
#define KOJI_UPLOAD_PIECE_SMALL (64ULL * 1024ULL * 1024ULL)
#define KOJI_UPLOAD_PIECE_MIN (1024ULL * 1024ULL)
/* A transfer slower than KOJI_UPLOAD_RATE_MIN bytes per second for KOJI_UPLOAD_STALL_S seconds is cut and resumed. */
#define KOJI_UPLOAD_RATE_MIN 1024
#define KOJI_UPLOAD_STALL_S 30

/* One file to send. */
struct koji_upload {
    int fd;                 /* open for reading, a regular file; not closed */
    const char *local_name; /* for messages */
    const char *directory;  /* below the hub's work directory, "cg-import/xyz/relpath" */
    const char *filename;   /* no slash, not beginning with a dot */
    uint64_t size_bytes;    /* what the file must have */
    unsigned kinds;         /* digests wanted besides sha256, CG_DIGEST_* */
    uint64_t resume_bytes;  /* the hub may have up to this much from before: look first; 0: a new file */
    void (*progress)(void *context, uint64_t sent_bytes); /* of this file so far; may be NULL; in the lane's thread */
    void *progress_context;
    const struct stop *sibling; /* besides the session's stop; at any level it ends the upload; may be NULL */
};

/* One connection with the session's identity, for one thread. The session outlives it. */
struct koji_lane;

#define AUTO_KOJI_LANE CG_AUTO(koji_lane_auto)

/* NULL with CG_E_MEMORY, or CG_E_SESSION when the session is not logged in. */
struct koji_lane *koji_lane_create(struct koji_session *session, struct cg_error *err);

/*
 * The same over the session's own connection, which saves making one: for the thread that uses the session, which
 * makes no call while the lane sends.
 */
struct koji_lane *koji_lane_create_over(struct koji_session *session, struct cg_error *err);

/*
 * Sends the file and verifies it; *digests are those of all its bytes, *sent_bytes what went over the wire (less than
 * the size after a resume). Returns 0, or -1 with CG_E_MISMATCH (the source changed or was truncated while it was
 * read), CG_E_IO, CG_E_TRANSFER (still broken after the retries), CG_E_HUB_REFUSED, CG_E_INTERRUPTED, ...
 */
int koji_lane_upload(struct koji_lane *lane, const struct koji_upload *upload, struct cg_digests *digests,
                     uint64_t *sent_bytes, struct cg_error *err);

/* NULL is allowed. */
void koji_lane_destroy(struct koji_lane *lane);

static inline void koji_lane_auto(struct koji_lane **lane)
{
    koji_lane_destroy(*lane);
}

#endif
