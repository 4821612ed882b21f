/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_TLS_REVOCATIONS_H
#define INTAKE_TLS_REVOCATIONS_H

/*
 * Client certificates that their CA has revoked: a file of CRLs (RFC 5280 section 5), read again when it changes.
 *
 * Does not verify certificates. While the file is not there or holds no CRL no certificate is good: who can be let in
 * is not known. A list that is past its next update still counts, so that a late one does not stop all builds.
 * Thread-safe.
 */

#include "base/log.h"
#include "cg/error.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_revocations;

/* `path` and `log` are borrowed; a change that cannot be read goes to the log. NULL with CG_E_IO, CG_E_CONFIG (no
 * CRL in PEM form), CG_E_MEMORY. */
struct tls_revocations *tls_revocations_open(const char *path, struct log *log, struct cg_error *err);

/* Is this certificate (DER) in none of the lists? */
bool tls_revocations_admit(struct tls_revocations *revocations, const void *der, size_t size);

/* NULL is allowed. */
void tls_revocations_close(struct tls_revocations *revocations);

#endif
