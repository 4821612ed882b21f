/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_EVENTS_H
#define CLI_SERVICE_EVENTS_H

/*
 * The events of an import as they happen: server-sent events, taken up again where they broke off.
 */

#include "service_client.h"

/* Told of each event, {"id", "type", "at", "actor", "detail"}, borrowed. Anything but 0 ends the watching. */
typedef int service_event_told(void *context, const json_t *event);

/* Watches those after *after, which is moved along, until `told` ends it or the service says there is no more to come.
 * 0, or -1 with the client's errors. */
int service_events_watch(struct service_client *client, const struct stop *stop, const char *id, int64_t *after,
                         service_event_told *told, void *context, struct cg_error *err);

/* All events so far, oldest first. 0, or -1 as above. */
int service_events_list(struct service_client *client, const char *id, service_event_told *told, void *context,
                        struct cg_error *err);

#endif
