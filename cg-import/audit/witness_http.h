/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_WITNESS_HTTP_H
#define AUDIT_WITNESS_HTTP_H

/*
 * The transport of witness_client.h over HTTP: the one place in this room that knows libcurl.
 *
 * http and https only, no redirects, connections kept between calls. One thread at a time.
 */

#include "audit/witness_client.h"

struct audit_witness_http;

#define AUTO_AUDIT_WITNESS_HTTP CG_AUTO(audit_witness_http_auto)

/* `ca_file` (NULL: the system's) holds the certificates that are trusted. NULL with CG_E_MEMORY, CG_E_CONFIG. */
struct audit_witness_http *audit_witness_http_create(const char *ca_file, struct cg_error *err);
/* Valid as long as `http`. */
struct audit_witness_transport audit_witness_http_transport(struct audit_witness_http *http);
/* NULL is allowed. */
void audit_witness_http_destroy(struct audit_witness_http *http);

static inline void audit_witness_http_auto(struct audit_witness_http **http)
{
    audit_witness_http_destroy(*http);
}

#endif
