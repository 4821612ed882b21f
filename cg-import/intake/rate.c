/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/rate.h"

#include "cg/auto.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct place {
    char peer[RATE_PEER_SIZE];
    uint64_t since_ms;
    unsigned count; /* 0: free */
};

struct rate {
    unsigned most;
    pthread_mutex_t lock;
    struct place places[RATE_PLACES];
};

struct rate *rate_create(unsigned most, struct cg_error *err)
{
    struct rate *rate = calloc(1, sizeof *rate);
    if (!rate) {
        cg_fail_memory(err);
        return NULL;
    }
    rate->most = most;
    pthread_mutex_init(&rate->lock, NULL);
    return rate;
}

/* The place of this address, or NULL. Windows that are over become free. */
static struct place *find(struct rate *rate, const char *peer, uint64_t now_ms)
{
    struct place *found = NULL;
    for (size_t i = 0; i < RATE_PLACES; i++) {
        struct place *place = &rate->places[i];
        if (place->count > 0 && now_ms - place->since_ms >= RATE_WINDOW_MS)
            place->count = 0;
        if (place->count > 0 && strncmp(place->peer, peer, RATE_PEER_SIZE - 1) == 0)
            found = place;
    }
    return found;
}

bool rate_admits(struct rate *rate, const char *peer, uint64_t now_ms)
{
    pthread_mutex_lock(&rate->lock);
    const struct place *place = find(rate, peer, now_ms);
    bool admitted = !place || place->count < rate->most;
    pthread_mutex_unlock(&rate->lock);
    return admitted;
}

/* A free place, or that of the address that came first. */
static struct place *take_place(struct rate *rate)
{
    struct place *oldest = &rate->places[0];
    for (size_t i = 0; i < RATE_PLACES; i++) {
        struct place *place = &rate->places[i];
        if (place->count == 0)
            return place;
        if (place->since_ms < oldest->since_ms)
            oldest = place;
    }
    return oldest;
}

void rate_count(struct rate *rate, const char *peer, uint64_t now_ms)
{
    pthread_mutex_lock(&rate->lock);
    struct place *place = find(rate, peer, now_ms);
    if (!place) {
        place = take_place(rate);
        *place = (struct place){.since_ms = now_ms};
        snprintf(place->peer, sizeof place->peer, "%s", peer);
    }
    place->count++;
    pthread_mutex_unlock(&rate->lock);
}

void rate_destroy(struct rate *rate)
{
    if (!rate)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}
