/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_AUDIT_METRICS_H
#define INTAKE_AUDIT_METRICS_H

/* Figures of the audit log for /metrics: what waits, what is signed, what is published. */

#include "cg/bytes.h"
#include "intake/server.h"

/* Appends the lines. Without a database or a published log those that come from it are left out. 0, or -1 with
 * CG_E_MEMORY. */
int audit_metrics_write(const struct intake_options *options, struct cg_bytes *text, struct cg_error *err);

#endif
