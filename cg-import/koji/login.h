/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_LOGIN_H
#define KOJI_LOGIN_H

/*
 * One try of logging in: by certificate, Kerberos or password, for the first time or to renew an expired session.
 *
 * Implements koji/__init__.py ssl_login, gssapi_login and login, and cli/koji_cli/lib.py activate_session for the
 * choice among them. Does not repeat: session.c does.
 */

#include "koji/credential.h"
#include "koji/http.h"

/* The way that the profile's KOJI_AUTH_ANY comes down to; any other authtype is its own answer. */
enum koji_auth koji_login_choose(const struct koji_profile *profile);

/*
 * The hub's URL for a session logged in that way: certificates and Kerberos force https, as the koji command does.
 * NULL with CG_E_MEMORY.
 */
char *koji_login_base_url(const struct koji_profile *profile, enum koji_auth auth, struct cg_error *err);

/* One try. Everything is borrowed. */
struct koji_login {
    const struct koji_profile *profile;
    enum koji_auth auth; /* SSL, KERBEROS or PASSWORD */
    const char *base_url;
    const struct koji_ticket *renew; /* the session to renew, NULL for a new one */
    const struct stop *stop;
    enum stop_level abort_from;
};

/*
 * Points Kerberos at the profile's keytab and cache. They are variables of the process (KRB5_CLIENT_KTNAME,
 * KRB5CCNAME): who logs in from several threads calls it before they begin, and all their profiles must have the same
 * tickets. 0, or -1 with CG_E_MEMORY.
 */
int koji_login_set_tickets(const struct koji_profile *profile, struct cg_error *err);

/* Would both profiles log in by Kerberos with the same variables? */
bool koji_login_same_tickets(const struct koji_profile *one, const struct koji_profile *other);

/*
 * Says what is missing before anything is sent: CG_E_CONFIG for a certificate or keytab that cannot be read, a user
 * without password. Sets the profile's tickets. 0 or -1.
 */
int koji_login_prepare(const struct koji_profile *profile, enum koji_auth auth, struct cg_error *err);

/*
 * GSSAPI logs in as whomever the credential cache, or the first entry of the keytab, is of. Is `user`, the answer to
 * getLoggedInUser, who the profile's principal is? 0, or -1 with CG_E_AUTH.
 */
int koji_login_check_principal(const struct koji_profile *profile, const json_t *user, struct cg_error *err);

/* 0: *answer is the hub's, a new reference. -1 as koji_http_send and koji_answer_read; `reply` is filled in. */
int koji_login_send(const struct koji_login *login, struct koji_http *http, struct koji_http_reply *reply,
                    json_t **answer, struct cg_error *err);

#endif
