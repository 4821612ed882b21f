/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/feed.h"

#include <pthread.h>
#include <stdlib.h>

/* Events of one look. More wait for the next one, which is due at once. */
#define BATCH 500U

struct feed {
    struct feed_source source;
    pthread_mutex_t lock;
    bool looking; /* one who asked is at the database */
    uint64_t due_ms, looked_ms;
    int64_t begin, last;                     /* all events behind `begin` up to `last` are kept; last < 0: not begun */
    struct store_event *events[FEED_EVENTS]; /* a ring, each owned alone */
    size_t first, count;
};

static int list_of_store(void *context, int64_t after, unsigned limit, struct store_event **events, size_t *count,
                         struct cg_error *err)
{
    return store_event_list(context, NULL, after, limit, events, count, err);
}

static int last_of_store(void *context, int64_t *event_id, struct cg_error *err)
{
    return store_event_last(context, event_id, err);
}

struct feed_source feed_source_of(struct store *store)
{
    return (struct feed_source){list_of_store, last_of_store, store};
}

struct feed *feed_create(const struct feed_source *source, struct cg_error *err)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        cg_fail_memory(err);
        return NULL;
    }
    feed->source = *source;
    feed->last = -1;
    pthread_mutex_init(&feed->lock, NULL);
    return feed;
}

/* --- looking -------------------------------------------------------------------------------------------------------
 */

static void drop_oldest(struct feed *feed)
{
    feed->begin = feed->events[feed->first]->event_id;
    store_events_free(CG_STEAL(feed->events[feed->first]), 1);
    feed->first = (feed->first + 1) % FEED_EVENTS;
    feed->count--;
}

static void begin_at(struct feed *feed, int64_t event_id)
{
    while (feed->count > 0)
        drop_oldest(feed);
    feed->begin = feed->last = event_id;
}

/* Takes over what `event` owns. An event that there is no memory for makes the feed begin behind it. */
static void keep(struct feed *feed, struct store_event *event)
{
    struct store_event *kept = malloc(sizeof *kept);
    if (!kept) {
        begin_at(feed, event->event_id);
        return;
    }
    if (feed->count == FEED_EVENTS)
        drop_oldest(feed);
    *kept = *event;
    *event = (struct store_event){0};
    feed->events[(feed->first + feed->count++) % FEED_EVENTS] = kept;
    feed->last = kept->event_id;
}

/* Begins a look, unless it is not due; what was seen last is written to *after, -1: nothing that is of use. */
static bool begin_look(struct feed *feed, uint64_t now_ms, int64_t *after)
{
    pthread_mutex_lock(&feed->lock);
    bool due = !feed->looking && now_ms >= feed->due_ms;
    if (due) {
        feed->looking = true;
        *after = now_ms - feed->looked_ms > FEED_STALE_MS ? -1 : feed->last;
        feed->looked_ms = now_ms;
        feed->due_ms = now_ms + FEED_POLL_MS;
    }
    pthread_mutex_unlock(&feed->lock);
    return due;
}

static void look(struct feed *feed, uint64_t now_ms)
{
    struct cg_error ignored = {0};
    struct store_event *events = NULL;
    size_t count = 0;
    int64_t after, last = -1;
    if (!begin_look(feed, now_ms, &after))
        return;
    int result = after < 0 ? feed->source.last(feed->source.context, &last, &ignored)
                           : feed->source.list(feed->source.context, after, BATCH, &events, &count, &ignored);
    pthread_mutex_lock(&feed->lock);
    if (result == 0 && after < 0)
        begin_at(feed, last);
    for (size_t i = 0; result == 0 && i < count; i++)
        keep(feed, &events[i]);
    if (count == BATCH)
        feed->due_ms = now_ms;
    feed->looking = false;
    pthread_mutex_unlock(&feed->lock);
    store_events_free(events, count);
}

/* --- telling -------------------------------------------------------------------------------------------------------
 */

int64_t feed_position(struct feed *feed, uint64_t now_ms)
{
    look(feed, now_ms);
    pthread_mutex_lock(&feed->lock);
    int64_t position = feed->last;
    pthread_mutex_unlock(&feed->lock);
    return position;
}

static int tell_kept(const struct feed *feed, int64_t *position, feed_listener *listener, void *context,
                     struct cg_error *err)
{
    if (feed->last < 0 || *position < feed->begin)
        return 0;
    for (size_t i = 0; i < feed->count; i++) {
        const struct store_event *event = feed->events[(feed->first + i) % FEED_EVENTS];
        if (event->event_id <= *position)
            continue;
        if (listener(context, event, err) != 0)
            return -1;
        *position = event->event_id;
    }
    return 1;
}

int feed_tell(struct feed *feed, int64_t *position, uint64_t now_ms, feed_listener *listener, void *context,
              struct cg_error *err)
{
    look(feed, now_ms);
    pthread_mutex_lock(&feed->lock);
    int told = tell_kept(feed, position, listener, context, err);
    pthread_mutex_unlock(&feed->lock);
    return told;
}

void feed_destroy(struct feed *feed)
{
    if (!feed)
        return;
    while (feed->count > 0)
        drop_oldest(feed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}
