/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

/*
 * People who signed in: a caller's token is exchanged for a key that is good for a while.
 *
 * A session is its caller and nothing more: it is looked up together with the caller, so it knows at once of a token
 * that was revoked or expired. Keys are random, shown once, kept only as their sha256; ages are by the database's
 * clock.
 */

#include "store/callers.h"

/* Sessions that one caller may have; of more the oldest end. */
#define STORE_SESSIONS_MAX 64

struct store_session_limits {
    unsigned idle_s; /* not used for so long: over; 1 or more */
    unsigned most_s; /* in all; 1 or more */
};

struct store_session {
    struct store_caller caller; /* owned texts */
    double expires_at;          /* seconds since 1970: when it ends if it is not used again */
    char key_sha256[65];        /* by which it is known */
};

/*
 * Begins a session of the caller whose token this is, with a new key ("cgs_" and 43 characters of base64url); `before`,
 * a session that the same person had (unset: none), ends with it. 1; 0 it is nobody's token; -1.
 */
int store_session_begin(struct store *store, const struct secret *token, const struct secret *before,
                        const struct store_session_limits *limits, struct secret *key, struct store_session *session,
                        struct cg_error *err);

/* Whose session is this? 1, and it goes on for idle_s from now; 0 nobody's, or over; -1. */
int store_session_by_key(struct store *store, const struct secret *key, const struct store_session_limits *limits,
                         struct store_session *session, struct cg_error *err);

/* Do this caller's token and, if `key_sha256` is not NULL, this session count still? That is no use of it. 1, 0, -1. */
int store_session_stands(struct store *store, const char *caller_id, const char *key_sha256, struct cg_error *err);

/* 1 ended, 0 there is none, -1. */
int store_session_end(struct store *store, const struct secret *key, struct cg_error *err);

void store_session_finish(struct store_session *session);

#endif
