/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/feed.h"

#include <stdlib.h>
#include <string.h>

/* A store with events 1 to `last`. */
struct source {
    int64_t last;
    unsigned lists, lasts; /* how often it was asked */
    int broken;
};

static int list(void *context, int64_t after, unsigned limit, struct store_event **events, size_t *count,
                struct cg_error *err)
{
    struct source *source = context;
    source->lists++;
    *events = NULL;
    *count = 0;
    if (source->broken)
        return cg_fail(err, CG_E_BUSY, "away");
    size_t most = source->last > after ? (size_t)(source->last - after) : 0;
    *count = most < limit ? most : limit;
    *events = calloc(*count + 1, sizeof **events);
    for (size_t i = 0; i < *count; i++) {
        (*events)[i].event_id = after + 1 + (int64_t)i;
        (*events)[i].type = strdup("test");
    }
    return 0;
}

static int last(void *context, int64_t *event_id, struct cg_error *err)
{
    struct source *source = context;
    source->lasts++;
    *event_id = source->last;
    return source->broken ? cg_fail(err, CG_E_BUSY, "away") : 0;
}

static struct feed *feed_of(struct source *source)
{
    const struct feed_source given = {list, last, source};
    struct feed *feed = feed_create(&given, NULL);
    assert_non_null(feed);
    return feed;
}

/* Sums up the ids it is told. */
static int add_up(void *context, const struct store_event *event, struct cg_error *err)
{
    (void)err;
    *(int64_t *)context += event->event_id;
    return 0;
}

static int refuse(void *context, const struct store_event *event, struct cg_error *err)
{
    (void)context, (void)event;
    return cg_fail_memory(err);
}

static void tells_what_comes_after_it_began(void **state)
{
    (void)state;
    struct source source = {.last = 40};
    struct feed *feed = feed_of(&source);
    int64_t position = feed_position(feed, 1000), sum = 0;
    assert_int_equal(position, 40);
    source.last = 42;
    assert_int_equal(feed_tell(feed, &position, 1000 + FEED_POLL_MS, add_up, &sum, NULL), 1);
    assert_int_equal(sum, 41 + 42);
    assert_int_equal(position, 42);
    assert_int_equal(feed_tell(feed, &position, 1000 + 2 * FEED_POLL_MS, add_up, &sum, NULL), 1);
    assert_int_equal(sum, 41 + 42);
    feed_destroy(feed);
}

static void asks_once_for_a_thousand_readers(void **state)
{
    (void)state;
    struct source source = {.last = 40};
    struct feed *feed = feed_of(&source);
    int64_t start = feed_position(feed, 1000), sum = 0;
    for (uint64_t now_ms = 1000; now_ms < 1000 + 10 * FEED_POLL_MS; now_ms += FEED_POLL_MS / 2) {
        source.last++;
        for (int reader = 0; reader < 1000; reader++) {
            int64_t position = start;
            assert_int_equal(feed_tell(feed, &position, now_ms, add_up, &sum, NULL), 1);
        }
    }
    assert_int_equal(source.lasts, 1);
    assert_int_equal(source.lists, 9);
    feed_destroy(feed);
}

static void sends_back_to_the_store_who_is_too_far_behind(void **state)
{
    (void)state;
    struct source source = {.last = 40};
    struct feed *feed = feed_of(&source);
    int64_t before = 39, behind = 40, ahead = 41, sum = 0;
    feed_position(feed, 1000);
    assert_int_equal(feed_tell(feed, &before, 1000, add_up, &sum, NULL), 0);
    assert_int_equal(before, 39);
    /* More than is read at once, and one more than is kept: no pause between the looks. */
    source.last = 41 + FEED_EVENTS;
    for (int look = 0; look < 4; look++)
        feed_position(feed, 1000 + FEED_POLL_MS);
    assert_int_equal(source.lists, 3);
    assert_int_equal(feed_tell(feed, &behind, 1000 + FEED_POLL_MS, add_up, &sum, NULL), 0);
    assert_int_equal(feed_tell(feed, &ahead, 1000 + FEED_POLL_MS, add_up, &sum, NULL), 1);
    assert_int_equal(ahead, 41 + FEED_EVENTS);
    assert_int_equal(sum, (42 + 41 + (int64_t)FEED_EVENTS) * FEED_EVENTS / 2);
    feed_destroy(feed);
}

static void begins_anew_when_nobody_asked_for_long(void **state)
{
    (void)state;
    struct source source = {.last = 40};
    struct feed *feed = feed_of(&source);
    int64_t position = feed_position(feed, 1000), sum = 0;
    source.last = 4000000;
    assert_int_equal(feed_tell(feed, &position, 1001 + FEED_STALE_MS, add_up, &sum, NULL), 0);
    assert_int_equal(source.lists, 0);
    assert_int_equal(feed_position(feed, 1001 + FEED_STALE_MS), 4000000);
    feed_destroy(feed);
}

static void outlives_a_database_that_is_away(void **state)
{
    (void)state;
    struct source source = {.last = 40, .broken = 1};
    struct feed *feed = feed_of(&source);
    int64_t position = feed_position(feed, 1000), sum = 0;
    assert_int_equal(position, -1);
    assert_int_equal(feed_tell(feed, &position, 1000, add_up, &sum, NULL), 0);
    source.broken = 0;
    position = feed_position(feed, 1000 + FEED_POLL_MS);
    assert_int_equal(position, 40);
    source.broken = 1;
    assert_int_equal(feed_tell(feed, &position, 1000 + 2 * FEED_POLL_MS, add_up, &sum, NULL), 1);
    source.broken = 0;
    source.last = 41;
    assert_int_equal(feed_tell(feed, &position, 1000 + 3 * FEED_POLL_MS, add_up, &sum, NULL), 1);
    assert_int_equal(sum, 41);
    feed_destroy(feed);
}

static void stops_where_a_reader_failed(void **state)
{
    (void)state;
    struct source source = {.last = 40};
    struct feed *feed = feed_of(&source);
    struct cg_error err = {0};
    int64_t position = feed_position(feed, 1000);
    source.last = 41;
    assert_int_equal(feed_tell(feed, &position, 1000 + FEED_POLL_MS, refuse, NULL, &err), -1);
    assert_int_equal(err.code, CG_E_MEMORY);
    assert_int_equal(position, 40);
    feed_destroy(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_comes_after_it_began),
        cmocka_unit_test(asks_once_for_a_thousand_readers),
        cmocka_unit_test(sends_back_to_the_store_who_is_too_far_behind),
        cmocka_unit_test(begins_anew_when_nobody_asked_for_long),
        cmocka_unit_test(outlives_a_database_that_is_away),
        cmocka_unit_test(stops_where_a_reader_failed),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
