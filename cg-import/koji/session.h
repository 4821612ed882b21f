/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_SESSION_H
#define KOJI_SESSION_H

/*
 * A logged-in session with a hub: login, calls with call numbers, repeats after a lost reply, renewal, logout.
 *
 * Implements the session protocol of koji/__init__.py ClientSession and kojihub/auth.py so that it is right on every
 * hub from 1.31 to master: the call number goes out in both headers, Koji-Callnum (read by releases) and
 * Koji-Session-Callnum (read by master); it rises by one per changing call, is the same in a repeat, and goes on
 * rising after a renewal. Hubs without header sessions get id, key and number in the URL.
 * A session is used by one thread at a time; parallel work takes a sub-session each, or a lane (upload.h).
 */

#include "base/secret.h"
#include "base/stop.h"
#include "cg/error.h"
#include "koji/profile.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a call does on the hub, which decides what a lost reply means. */
enum koji_effect {
    KOJI_LOOK, /* nothing, and anybody may ask: as KOJI_READ, without the session that the hub would have to look up */
    KOJI_READ, /* nothing: no call number, repeated at will */
    KOJI_CHANGE, /* something: numbered, repeated only identically, outcome unknown until an answer came */
};

struct koji_session_options {
    const struct stop *stop;                       /* borrowed, may be NULL */
    void (*note)(void *context, const char *line); /* what happens behind the scenes (retries), may be NULL */
    void *note_context;
};

/* What identifies one call of one session to the hub: enough to ask again from another process. */
struct koji_ticket {
    int64_t session_id;
    struct secret session_key;
    uint32_t call_number;
    bool header_session; /* false: an old hub's URL session */
};

/* Who the hub says we are. Strings owned. */
struct koji_identity {
    int64_t user_id;
    char *name;
    int authtype;      /* koji.AUTHTYPES: 0 normal, 1 kerberos, 2 ssl, 3 gssapi */
    char *hub_version; /* "1.35.3"; "" if the hub does not tell; NULL: not asked */
};

struct koji_session;

#define AUTO_KOJI_SESSION CG_AUTO(koji_session_auto)

/* A session that is not logged in; connects to nothing. `profile` is borrowed until destroyed. NULL: CG_E_MEMORY. */
struct koji_session *koji_session_create(const struct koji_profile *profile, const struct koji_session_options *options,
                                         struct cg_error *err);

/*
 * Logs in as the profile says (KOJI_AUTH_NONE: does nothing). Temporary failures are repeated by the profile's
 * retry rules, but that nobody is reached at all only with its anon_retry. 0, or -1 with CG_E_AUTH, CG_E_UNREACHABLE,
 * CG_E_OFFLINE, CG_E_CONFIG (no way to log in), ...
 */
int koji_session_login(struct koji_session *session, struct cg_error *err);

/* Takes over a session known from a ticket, without asking the hub. For asking again what became of a call. */
int koji_session_adopt(struct koji_session *session, const struct koji_ticket *ticket, struct cg_error *err);

bool koji_session_logged_in(const struct koji_session *session);
const struct koji_profile *koji_session_profile(const struct koji_session *session);
const struct koji_session_options *koji_session_options(const struct koji_session *session);

/* Value of the Koji-Version header of the last reply, "" if none came. Borrowed. */
const char *koji_session_hub_version(const struct koji_session *session);

/*
 * Calls `method` with the array `params` (borrowed). On success *result is a new reference (json null for nil).
 * `result` may be NULL. KOJI_LOOK and KOJI_READ are repeated by the profile's retry rules. A KOJI_CHANGE takes the next
 * call number and is repeated with it and the same bytes until an answer comes; if none comes CG_E_UNKNOWN is returned.
 * A fault that a repeat was answered with says nothing about the first: see koji_session_sends().
 * An expired session is renewed once (same id, new key) and the call sent again with its number.
 * Returns 0, or -1 with the fault's code (koji/fault.h) or one of the transport's.
 */
int koji_session_call(struct koji_session *session, enum koji_effect effect, const char *method, const json_t *params,
                      json_t **result, struct cg_error *err);

/*
 * How often the last call was sent and may have been carried out: 0 when nothing reached the hub, 1 when the first try
 * was answered. A try that the hub turned away (session expired, offline) and that was then repeated does not count.
 */
unsigned koji_session_sends(const struct koji_session *session);

/*
 * Takes the next call number and tells how the call would be identified, for writing it down before it is sent.
 * Send it then with koji_session_call_as and ticket->call_number. 0, or -1 with CG_E_MEMORY.
 */
int koji_session_take_ticket(struct koji_session *session, struct koji_ticket *ticket, struct cg_error *err);
int koji_session_call_as(struct koji_session *session, uint32_t call_number, const char *method, const json_t *params,
                         json_t **result, struct cg_error *err);

/*
 * Several calls in one request, one transaction: `calls` is an array of {"methodName": s, "params": [..]}.
 * *results is an array with one [value] or {"faultCode", "faultString"} for each. `effect` is that of all together.
 */
int koji_session_multicall(struct koji_session *session, enum koji_effect effect, const json_t *calls, json_t **results,
                           struct cg_error *err);

/* A session of its own below this one, closed with it; for a thread of its own. NULL on failure. */
struct koji_session *koji_session_subsession(struct koji_session *session, struct cg_error *err);

/* Who we are; 0, or -1. Release with koji_identity_finish. name is NULL when not logged in. */
int koji_session_identity(struct koji_session *session, struct koji_identity *identity, struct cg_error *err);
/* The same from an answer of getLoggedInUser, which may be nil, without hub_version. 0, or -1 with CG_E_HUB_REPLY. */
int koji_identity_from_json(const json_t *user, struct koji_identity *identity, struct cg_error *err);
void koji_identity_finish(struct koji_identity *identity);

/* Logs out if logged in; a failure is told but the session is gone here. */
int koji_session_logout(struct koji_session *session, struct cg_error *err);

/* Forgets a logged-in session without telling the hub. NULL is allowed. */
void koji_session_destroy(struct koji_session *session);

void koji_ticket_finish(struct koji_ticket *ticket);

static inline void koji_session_auto(struct koji_session **session)
{
    koji_session_destroy(*session);
}

#endif
