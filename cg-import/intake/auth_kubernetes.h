/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_AUTH_KUBERNETES_H
#define INTAKE_AUTH_KUBERNETES_H

/*
 * Asks a Kubernetes API server whose token this is: TokenReview of authentication.k8s.io/v1.
 *
 * Answers are remembered for AUTH_KUBERNETES_CACHE_MS under the sha256 of the token, so that a build that sends many
 * outputs costs one review, and a token that was revoked works no longer than that. Thread-safe.
 */

#include "base/secret.h"
#include "intake/server.h"

#define AUTH_KUBERNETES_CACHE_MS 30000U
#define AUTH_KUBERNETES_CACHE_ENTRIES 256U
#define AUTH_KUBERNETES_NAME_SIZE 400 /* "serviceaccount:", a name space of 63 and a name of 253 characters */

struct auth_kubernetes;

/* `trust` is borrowed. NULL with CG_E_MEMORY. */
struct auth_kubernetes *auth_kubernetes_create(const struct intake_trust *trust, struct cg_error *err);

/* 1 and "serviceaccount:NAMESPACE/NAME", 0 for a token that is nobody's here, -1 with CG_E_UNREACHABLE, CG_E_BUSY,
 * CG_E_CONFIG when the API server does not tell. */
int auth_kubernetes_review(struct auth_kubernetes *kubernetes, const char *token, uint64_t now_ms, char *name,
                           struct cg_error *err);

/* NULL is allowed. */
void auth_kubernetes_destroy(struct auth_kubernetes *kubernetes);

#endif
