/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_COOKIE_H
#define INTAKE_COOKIE_H

/*
 * The cookie that holds the key of a session (RFC 6265).
 *
 * Where pages come by TLS it is Secure and has the prefix __Host-, so that no other host of the domain and no plain
 * answer can put one in its place (draft-ietf-httpbis-rfc6265bis section 4.1.3.2).
 */

#include "base/secret.h"
#include "intake/gate.h"

enum cookie_kind {
    COOKIE_PLAIN,  /* cg_import_session */
    COOKIE_SECURE, /* __Host-cg_import_session */
};

/* By the URL that the service is reached by, or where that is not known (NULL) by whether this connection has TLS. */
enum cookie_kind cookie_kind_of(const char *public_url, bool tls);

#define COOKIE_HEADER_SIZE 256

/* Takes the key from the request's cookie into `key`. 1; 0 there is none, or more than one; -1 with CG_E_MEMORY. */
int cookie_key(const struct gate_head *head, enum cookie_kind kind, struct secret *key, struct cg_error *err);

/* Set-Cookie that gives the key for `seconds`, or with NULL takes it away. `value` holds a secret: wipe it. */
void cookie_set(enum cookie_kind kind, const struct secret *key, unsigned seconds, char value[COOKIE_HEADER_SIZE]);

#endif
