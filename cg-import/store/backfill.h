/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_BACKFILL_H
#define STORE_BACKFILL_H

/*
 * What a backfill of a hub's history needs beside store_provenance_add(): which builds need not be read again, and the
 * histories that are complete.
 */

#include "store/store.h"

#include <jansson.h>

/* A build as the hub lists it. Texts borrowed. */
struct store_listed_build {
    int64_t build_id;
    const char *nvr;
    int64_t state; /* of koji.BUILD_STATES */
    bool known;    /* set: the trail has it */
};

enum store_backfill_mode {
    STORE_BACKFILL_LOOK, /* change nothing */
    STORE_BACKFILL_TELL, /* where no record tells of known builds, this list does: with a leaf for each that changed */
};

/* Which of these builds the trail has. 0 or -1. */
int store_backfill_known(struct store *store, const char *hub, enum store_backfill_mode mode,
                         struct store_listed_build *builds, size_t count, struct cg_error *err);

/* A history that was brought in whole. NULL and 0: not bounded by that. */
struct store_backfill {
    const char *hub;
    const char *content_generator, *package;
    double since, until;
    double complete_at; /* when its listing began, seconds since 1970 */
    uint64_t builds;    /* of it that the hub has */
    const char *actor;
};

/* Writes it down, with a leaf. 0 or -1. */
int store_backfill_complete(struct store *store, const struct store_backfill *backfill, struct cg_error *err);

#endif
