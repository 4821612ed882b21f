/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_OUTBOX_METRICS_H
#define INTAKE_OUTBOX_METRICS_H

/* For /metrics: how the records of hubs are followed. */

#include "cg/bytes.h"

#include <jansson.h>

/* Appends what `standing`, an answer of store_outbox_standing(), says. 0, or -1 with CG_E_MEMORY. */
int outbox_metrics_write(const json_t *standing, struct cg_bytes *text, struct cg_error *err);

#endif
