/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_SESSION_PRIVATE_H
#define KOJI_SESSION_PRIVATE_H

/* What lanes (upload.c) share with sessions: a second connection of one login, and single unrepeated requests on it. */

#include "koji/credential.h"
#include "koji/http.h"

/*
 * Another connection with the identity of `session`, for a thread of its own; `session` outlives it. A renewal by one
 * is seen by all. NULL with CG_E_MEMORY.
 */
struct koji_session *koji_session_twin(struct koji_session *session, struct cg_error *err);

/* One request and what became of it. Zero-initialise; release with koji_exchange_finish. */
struct koji_exchange {
    const char *method;            /* for messages; borrowed */
    const char *query;             /* of the URL, NULL: none; borrowed */
    uint32_t call_number;          /* or KOJI_UNNUMBERED */
    struct koji_http_request http; /* body, type and limits; identity and stop are filled in */
    enum stop_level abort_from;
    struct koji_http_reply reply; /* what came back */
    struct koji_ticket used;      /* the identity it was sent with */
};

#define AUTO_KOJI_EXCHANGE CG_AUTO(koji_exchange_finish)

/* Sends it once. 0: *value is a new reference. -1 as koji_http_post and koji_answer_read. */
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
