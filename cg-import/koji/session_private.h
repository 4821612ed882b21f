/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_SESSION_PRIVATE_H
#define KOJI_SESSION_PRIVATE_H

/*
 * What the files behind session.h and upload.h share: the session itself, a second connection of one login, and single
 * unrepeated requests on it.
 */

#include "koji/credential.h"
#include "koji/http.h"

/* koji/__init__.py: LockError, SequenceError, ServerOffline. */
enum { KOJI_FAULT_LOCK = 1001, KOJI_FAULT_SEQUENCE = 1008, KOJI_FAULT_SERVER_OFFLINE = 1014 };

struct koji_session {
    const struct koji_profile *profile; /* borrowed */
    struct koji_session_options options;
    enum koji_auth auth;
    char *base_url; /* owned */
    struct koji_http *http;
    struct koji_credential *credential; /* own_credential, or that of the session this is a twin of */
    struct koji_credential own_credential;
    int64_t ticket_session_id; /* whose number the last ticket took; 0: none */
    unsigned sends;
    char hub_version[32];
};

/* The session expired, was closed or is unknown. A sequence error is about the number, not the session. */
bool koji_session_lost(const struct cg_error *error);

/* Did the request fail in a way that may be over at the next try? A fault is an answer and is not. */
bool koji_session_passing(const struct cg_error *error, const struct koji_http_reply *reply);

/* Repeats an error where a caller's is wanted. Returns -1, always. */
int koji_session_pass_on(const struct cg_error *from, struct cg_error *err);

/*
 * Another connection with the identity of `session`, for a thread of its own; `session` outlives it. A renewal by one
 * is seen by all. NULL with CG_E_MEMORY.
 */
struct koji_session *koji_session_twin(struct koji_session *session, struct cg_error *err);

/* As whom a request goes out. */
enum koji_identification { KOJI_AS_SESSION, KOJI_AS_NOBODY };

/* One request and what became of it. Zero-initialise; release with koji_exchange_finish. */
struct koji_exchange {
    const char *method; /* for messages; borrowed */
    const char *query;  /* of the URL, NULL: none; borrowed */
    enum koji_identification as;
    uint32_t call_number;          /* or KOJI_UNNUMBERED */
    struct koji_http_request http; /* body, type and limits; identity and stop are filled in */
    enum stop_level abort_from;
    struct koji_http_reply reply; /* what came back */
    struct koji_ticket used;      /* the identity it was sent with */
};

#define AUTO_KOJI_EXCHANGE CG_AUTO(koji_exchange_finish)

/* Sends it once. 0: *value is a new reference. -1 as koji_http_send and koji_answer_read. */
int koji_session_exchange(struct koji_session *session, struct koji_exchange *exchange, json_t **value,
                          struct cg_error *err);
void koji_exchange_finish(struct koji_exchange *exchange);

/*
 * Replaces the expired session `used`: renews it or, for KOJI_READ, logs in anew; nothing if another thread did so
 * meanwhile. 0, or -1 with CG_E_SESSION, CG_E_AUTH, ...
 */
int koji_session_renew(struct koji_session *session, const struct koji_ticket *used, enum koji_effect effect,
                       struct cg_error *err);

/* Tells the session's listener. */
void koji_session_note(const struct koji_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
