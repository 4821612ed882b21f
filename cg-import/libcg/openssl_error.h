/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_OPENSSL_ERROR_H
#define LIBCG_OPENSSL_ERROR_H

/* What OpenSSL failed of: its queue of errors is looked through for a failed allocation, and emptied. */

#include "cg/error.h"

/* CG_E_MEMORY if an allocation failed, otherwise `code` with "openssl cannot WHAT". Returns -1. */
int cg_fail_openssl(struct cg_error *err, enum cg_code code, const char *what);

/* Did an allocation fail? Empties the queue. */
bool cg_openssl_lacks_memory(void);

#endif
