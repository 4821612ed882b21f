/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_WORK_METRICS_H
#define INTAKE_WORK_METRICS_H

/* The part of /metrics about the worker that runs in this process (base/work_counters.h). */

#include "base/work_counters.h"
#include "cg/bytes.h"

/* Appends it. 0, or -1. */
int work_metrics_write(struct work_counters *counters, struct cg_bytes *text, struct cg_error *err);

#endif
