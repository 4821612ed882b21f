/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_BACKFILL_H
#define IMPORT_BACKFILL_H

/*
 * Brings the builds that content generators imported into a hub in the past into the trail, with a leaf for each.
 *
 * Reads the hub's lists page by page, and of each build that the trail does not have the metadata.json that the hub
 * stored. Nothing is kept between runs but what is brought in: a run after one that was broken off passes over that, a
 * run after one that was complete finds what is new. Works beside a running service, and beside another backfill.
 */

#include "base/stop.h"
#include "koji/session.h"
#include "store/store.h"

/* Builds that may lack their metadata.json before one was read: more, and the file server is not believed. */
#define BACKFILL_ABSENT_MOST 25U

enum backfill_mode {
    BACKFILL_BRING, /* bring in */
    BACKFILL_LOOK,  /* only say what would be: nothing of it is read */
};

enum backfill_absent {
    BACKFILL_ABSENT_DOUBTED,  /* where no metadata.json at all is found, the place is taken to be wrong */
    BACKFILL_ABSENT_BELIEVED, /* builds without are taken from what the hub's tables say in any case */
};

struct backfill_counts {
    uint64_t total;       /* builds that the hub lists under the filter */
    uint64_t listed;      /* of these looked at so far */
    uint64_t known;       /* the trail had them */
    uint64_t added;       /* brought in, or to be brought in */
    uint64_t of_hub;      /* of these without their metadata, from the hub's tables */
    uint64_t passed_over; /* never imported: reserved, failed, canceled */
    uint64_t on_a_way;    /* may be imports of the service that have not ended */
    uint64_t failed;      /* could not be read now */
};

/* What became of one build. */
enum backfill_fate { BACKFILL_ADDED, BACKFILL_OF_HUB, BACKFILL_ON_A_WAY, BACKFILL_FAILED };

struct backfill_listener {
    /* Of each build that was not known. `remark`: why, or NULL. May be NULL. */
    void (*build)(void *context, enum backfill_fate fate, const char *nvr, int64_t build_id, const char *remark);
    /* After each page. May be NULL. */
    void (*page)(void *context, const char *content_generator, const struct backfill_counts *counts);
    void *context;
};

struct backfill_options {
    struct store *store;
    const char *hub;               /* as in imports */
    struct koji_session *session;  /* may be anonymous */
    const char *content_generator; /* NULL: all that the hub has */
    const char *package;           /* NULL: all */
    double since, until;           /* of completion on the hub, seconds since 1970; 0: open */
    unsigned rate;                 /* builds read a second at most; 0: no bound */
    enum backfill_mode mode;
    enum backfill_absent absent;
    const char *actor; /* who is told by the leaf of a complete history */
    const struct stop *stop;
    struct backfill_listener listener;
};

/*
 * 0: all of it is in the trail, and that is written down; 1: but for those on_a_way and failed. -1 with CG_E_USAGE (no
 * such content generator), CG_E_CONFIG (no metadata.json is where the profile says), CG_E_INTERRUPTED, CG_E_BUSY (ten
 * in a row could not be read), the session's and the store's codes; `counts` says how far it came.
 */
int backfill_run(const struct backfill_options *options, struct backfill_counts *counts, struct cg_error *err);

#endif
