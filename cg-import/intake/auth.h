/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_AUTH_H
#define INTAKE_AUTH_H

/*
 * Who asks, and what may it do: bearer tokens of the store and sessions that they were exchanged for, Kubernetes
 * service accounts, client certificates, and the user that a front server names on the Unix socket. Not which routes
 * there are: the router knows.
 *
 * Of several that are shown, what the request says of itself counts before what a browser sends along: front server,
 * Authorization, session, certificate. A cookie that is not good (any more) is as none.
 *
 * Callers that the store does not know get roles and scope from the configured grants, by name:
 * "CN=osbs" of a certificate, "user:alice@EXAMPLE.COM" from the front server, "serviceaccount:namespace/name".
 */

#include "base/log.h"
#include "intake/server.h"

struct auth;
struct request_origin;
struct gate_head;

/* By what a caller is known. */
enum auth_way {
    AUTH_BY_TOKEN,
    AUTH_BY_SESSION, /* the cookie of one who signed in with a token */
    AUTH_BY_CERTIFICATE,
    AUTH_BY_FRONT,
    AUTH_BY_SERVICEACCOUNT,
};

/* "token", "session", ... */
const char *auth_way_name(enum auth_way way);

/* A caller that is known. */
struct auth_caller {
    char *name; /* owned; NULL: anonymous */
    enum auth_way way;
    double expires_at;       /* of a session that is not used again, seconds since 1970; 0: of none */
    char session_sha256[65]; /* by which the store knows the session, "": none */
    unsigned roles;
    struct store_scope scope;   /* borrowed from `stored` or the grants */
    struct store_caller stored; /* owned, of a token or session */
};

/* `options` is borrowed; its grants are those of the beginning. NULL with CG_E_MEMORY, CG_E_CONFIG. */
struct auth *auth_create(const struct intake_options *options, struct cg_error *err);

enum auth_result {
    AUTH_KNOWN,     /* *caller is filled in; release it with auth_caller_finish */
    AUTH_ANONYMOUS, /* nothing was shown */
    AUTH_REFUSED,   /* what was shown is not good: 401 */
    AUTH_FAILED,    /* it cannot be judged now; the error says why */
};
enum auth_result auth_identify(struct auth *auth, const struct gate_head *head, const struct request_origin *origin,
                               struct auth_caller *caller, struct cg_error *err);

/*
 * A token of ours is exchanged for the key of a new session; `before`, one that the same browser had (unset: none),
 * ends. 1 and *key, *caller; 0 the token is not good, or tokens are not taken; -1.
 */
int auth_sign_in(struct auth *auth, const struct secret *token, const struct secret *before, struct secret *key,
                 struct auth_caller *caller, struct cg_error *err);

/* Would the caller be known still? For answers that go on for long; what cannot be asked now counts as yes. */
bool auth_still_known(struct auth *auth, const struct auth_caller *caller);

void auth_caller_finish(struct auth_caller *caller);

/* Other grants from here on, borrowed; requests under way may still look at those of before. */
void auth_set_grants(struct auth *auth, const struct intake_grant *grants, size_t count);

/* NULL is allowed. */
void auth_destroy(struct auth *auth);

#endif
