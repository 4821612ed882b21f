/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hub's record read from where we stand to its end, or from the last event in common when the hub went back. */
#include "import/follower_private.h"

#include "koji/hub_module.h"

#include <inttypes.h>
#include <string.h>

/* Events of one request. */
#define PAGE 200U
/* Readings in a row that must miss the event brought in last before the hub is believed to have gone back. */
#define BACK_BELIEVED 3U

static void text_of(char text[24], int64_t number)
{
    snprintf(text, 24, "%" PRId64, number);
}

/* --- another history ---------------------------------------------------------------------------------------------- */

/* Has the hub the event that was brought in at `position`? 1, 0, -1. */
static int has_same(struct follow *follow, int64_t position, struct cg_error *err)
{
    CG_AUTO_JSON json_t *events = NULL;
    char ours[65], theirs[65];
    int known = store_outbox_digest_at(follow->store, follow->hub.name, position, ours, err);
    if (known <= 0)
        return known;
    if (koji_module_events(follow->session, position - 1, 1, &events, err) < 0)
        return -1;
    if (json_array_size(events) == 0)
        return 0;
    if (store_outbox_digest(json_array_get(events, 0), theirs, err) != 0)
        return -1;
    return strcmp(ours, theirs) == 0;
}

/* What was in common stays so up to some position, and nothing is behind it. */
static int find_common(struct follow *follow, int64_t *common, struct cg_error *err)
{
    int64_t low = 0, high = follow->reach.position;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        int same = has_same(follow, middle, err);
        if (same < 0)
            return -1;
        if (same)
            low = middle;
        else
            high = middle - 1;
    }
    *common = low;
    return 0;
}

/* 1: gone back, read on; 0: not believed yet. */
static int go_back(struct follow *follow, struct cg_error *err)
{
    char from[24], to[24];
    int64_t common = 0;
    if (++follow->back_seen < BACK_BELIEVED)
        return 0;
    if (find_common(follow, &common, err) != 0)
        return -1;
    text_of(from, follow->reach.position);
    text_of(to, common);
    if (store_outbox_went_back(follow->store, follow->hub.name, common, &follow->reach, err) != 0)
        return -1;
    follow->back_seen = 0;
    log_line(follow->log, LOG_ERROR,
             "the hub's record of imports went back: it was restored from a backup, or made anew; the audit log tells"
             " both histories",
             "hub", follow->hub.name, "was_at", from, "goes_on_after", to, NULL);
    return 1;
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

/* Does the page begin with the event that was brought in last? It is taken out. */
static int begins_right(struct follow *follow, json_t *events, struct cg_error *err)
{
    char digest[65];
    if (follow->reach.position == 0)
        return 1;
    if (json_array_size(events) == 0)
        return 0;
    if (store_outbox_digest(json_array_get(events, 0), digest, err) != 0)
        return -1;
    if (strcmp(digest, follow->reach.digest) != 0)
        return 0;
    return json_array_remove(events, 0) == 0 ? 1 : cg_fail(err, CG_E_INTERNAL, "an event cannot be taken out");
}

/* The number of events brought in; -1. *read_on: there may be more. */
static int read_page(struct follow *follow, bool *read_on, struct cg_error *err)
{
    int64_t after = follow->reach.position > 0 ? follow->reach.position - 1 : 0;
    CG_AUTO_JSON json_t *events = NULL;
    *read_on = false;
    if (koji_module_events(follow->session, after, PAGE + 1, &events, err) < 0)
        return -1;
    bool full = json_array_size(events) > PAGE;
    int right = begins_right(follow, events, err);
    if (right < 0)
        return -1;
    if (right == 0) {
        int went = go_back(follow, err);
        *read_on = went > 0;
        return went < 0 ? -1 : 0;
    }
    follow->back_seen = 0;
    if (json_array_size(events) > 0 &&
        store_outbox_put(follow->store, follow->hub.name, events, &follow->reach, err) != 0)
        return -1;
    *read_on = full;
    return (int)json_array_size(events);
}

int follow_record(struct follow *follow, struct cg_error *err)
{
    uint64_t count = 0;
    for (bool read_on = true; read_on;) {
        if (stop_level(follow->stop) != STOP_NONE)
            return cg_fail(err, CG_E_INTERRUPTED, "stopped while the record was read");
        int leads =
            store_outbox_lead(follow->store, follow->hub.name, follow->replica, follow->lease_ms, &follow->reach, err);
        if (leads <= 0)
            return leads < 0 ? -1 : 1;
        int read = read_page(follow, &read_on, err);
        if (read < 0)
            return -1;
        count += (uint64_t)read;
    }
    char brought[24], position[24];
    text_of(brought, (int64_t)count);
    text_of(position, follow->reach.position);
    if (count > 0)
        log_line(follow->log, LOG_INFO, "events of the hub's record brought in", "hub", follow->hub.name, "events",
                 brought, "position", position, NULL);
    return 0;
}
