/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_TLS_PEER_H
#define INTAKE_TLS_PEER_H

/* What GnuTLS, under the HTTP library, knows of the other side. */

#include "intake/tls_revocations.h"

#include <sys/types.h>

/* The common name of the client certificate of a session (gnutls_session_t) when it was verified against the CA of the
 * listener and is not revoked (NULL: that is not asked); "" otherwise. */
void tls_peer_name(void *session, struct tls_revocations *revocations, char *name, size_t size);

/* Sends some bytes outside of the HTTP library; how many, or -1. */
ssize_t tls_peer_send(void *session, const void *data, size_t size);

#endif
