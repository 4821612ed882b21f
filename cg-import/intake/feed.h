/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_FEED_H
#define INTAKE_FEED_H

/*
 * What happens to all imports, read once for every stream of this process.
 *
 * Who asks when the last look is FEED_POLL_MS old looks for all: one query in that time however many streams there are,
 * and none without streams. The events that were read last lie in memory. Who begins further back, or fell behind,
 * reads from the store until it has caught up. Thread-safe.
 */

#include "store/imports.h"

/* Between looks into the database, ms. */
#define FEED_POLL_MS 500U
/* Events that are kept for readers. */
#define FEED_EVENTS 1024U
/* A feed that nobody asked for this long, ms, begins anew instead of reading all that nobody wants. */
#define FEED_STALE_MS 10000U

/* Where events come from: store_event_list of all imports, and store_event_last. */
struct feed_source {
    int (*list)(void *context, int64_t after, unsigned limit, struct store_event **events, size_t *count,
                struct cg_error *err);
    int (*last)(void *context, int64_t *event_id, struct cg_error *err);
    void *context;
};

/* The source that a store is; borrowed. */
struct feed_source feed_source_of(struct store *store);

struct feed;

/* NULL with CG_E_MEMORY. */
struct feed *feed_create(const struct feed_source *source, struct cg_error *err);

/* A position such that everything behind it will be told by feed_tell: take it before reading from the store. Looks
 * into the database when that is due. A database that fails is asked again later. */
int64_t feed_position(struct feed *feed, uint64_t now_ms);

/* Told about each event, which is borrowed; 0 or -1. Must not call the feed. */
typedef int feed_listener(void *context, const struct store_event *event, struct cg_error *err);

/*
 * Tells what is known behind *position and moves it. 1 told, 0 *position is further back than what is kept: read on
 * from the store, -1 the listener failed.
 */
int feed_tell(struct feed *feed, int64_t *position, uint64_t now_ms, feed_listener *listener, void *context,
              struct cg_error *err);

/* NULL is allowed. */
void feed_destroy(struct feed *feed);

#endif
