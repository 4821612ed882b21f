/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_FLOW_H
#define INTAKE_FLOW_H

/*
 * The way of one request: gate, route, caller, limits, handler, then its log line and its counters.
 *
 * Knows no HTTP library: server.c calls flow_head once, flow_data for each piece of the body, flow_end when all of it
 * is here, flow_finish when the request is over, however it ended. After each call request_is_answered() tells whether
 * there is an answer to send; then flow_data and flow_end are not called any more.
 */

#include "intake/request_private.h"

struct flow_start {
    const struct request_origin *origin;
    char *head; /* in the form of gate.h; taken over */
    size_t size;
    uint64_t now_ms;
};

/* A request whose head is here; gate, route, caller and the handler's begin. NULL when out of memory. */
struct intake_request *flow_head(struct request_server *server, const struct flow_start *start);

void flow_data(struct intake_request *request, const char *data, size_t size);
void flow_end(struct intake_request *request);

/* Logs, counts, and frees the request. */
void flow_finish(struct intake_request *request, uint64_t now_ms);

#endif
