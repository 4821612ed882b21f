/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_METRICS_H
#define INTAKE_METRICS_H

/*
 * What /metrics tells, in the Prometheus text format 0.0.4: requests by route and status counted here, the queue as the
 * store counts it.
 */

#include "intake/request.h"

struct metrics;

/* NULL with CG_E_MEMORY. */
struct metrics *metrics_create(struct cg_error *err);

void metrics_add(struct metrics *metrics, enum intake_counter counter, uint64_t amount);

/* A request ended. `route` is a pattern of a route table, or NULL for requests that found none. */
struct metrics_request {
    const char *method, *route;
    unsigned status;
    uint64_t received_bytes;
    uint64_t duration_ms;
};
void metrics_request(struct metrics *metrics, const struct metrics_request *request);

/* Connections that were shut down for being too slow, or idle when their place was needed. */
void metrics_dropped(struct metrics *metrics, unsigned count);

/* What the server holds at this moment. */
struct metrics_held {
    uint64_t connections;
    uint64_t metadata_bytes; /* of documents that are received or judged (budget.h) */
};

/* Writes all of it; `statistics` of store_statistics() may be NULL. */
int metrics_write(struct metrics *metrics, const json_t *statistics, const struct metrics_held *held,
                  struct cg_bytes *text, struct cg_error *err);

/* For those who write families of their own: the lines before a family, and one of its samples. 0, or -1 with
 * CG_E_MEMORY. */
int metrics_head(struct cg_bytes *text, const char *name, const char *kind, const char *help, struct cg_error *err);
int metrics_sample(struct cg_bytes *text, const char *name, const char *label, const char *value, double number,
                   struct cg_error *err);

void metrics_destroy(struct metrics *metrics);

extern const struct intake_handler metrics_handler;

#endif
