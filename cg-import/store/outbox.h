/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

/*
 * The record that a hub's module keeps (docs/hub-module.md), as far as it was brought in here: one leaf of the audit
 * log for each event, and what became of each import that it tells of.
 *
 * Events, leaves and how far they reach are one transaction, which happens only where the reach is what its caller
 * took it to be: so an event is brought in once, however many follow the hub and whatever is killed when. A lease says
 * which of them asks the hub. Imports are settled afterwards, one by one: as an import of this service, or as a build
 * of the trail with origin "outbox". Does not speak to hubs: the follower does (import/follower.h).
 */

#include "store/provenance.h"

/* Events of one transaction. */
#define STORE_OUTBOX_EVENTS_MAX 500U

/* How far the record of a hub is brought in. */
struct store_outbox_reach {
    int line;         /* rises when the hub begins to tell another history */
    int64_t position; /* of the last event; 0: none */
    char digest[65];  /* of that event, "" */
};

/*
 * Takes or keeps the lease of following `hub`, and reads how far it was brought in. `owner` is unique among replicas.
 * 1; 0 another has the lease; -1 with CG_E_BUSY, ...
 */
int store_outbox_lead(struct store *store, const char *hub, const char *owner, unsigned lease_ms,
                      struct store_outbox_reach *reach, struct cg_error *err);
/* Lets another have it. 0 or -1. */
int store_outbox_let_go(struct store *store, const char *hub, const char *owner, struct cg_error *err);

/* The sha256 of what tells this event from every other: of members that no later module changes. 0; -1 with
 * CG_E_HUB_REPLY when it is no event, CG_E_MEMORY. */
int store_outbox_digest(const json_t *event, char digest[65], struct cg_error *err);

/*
 * Brings in the events (an array, at most STORE_OUTBOX_EVENTS_MAX) that follow `reach` without a gap, and moves it.
 * 0; -1 with CG_E_HUB_REPLY (no such events), CG_E_CONFLICT (another brought events in meanwhile), ...
 */
int store_outbox_put(struct store *store, const char *hub, const json_t *events, struct store_outbox_reach *reach,
                     struct cg_error *err);

/* The digest of the event that was brought in at `position`, at most reach->position. 1, 0 there is none, -1. */
int store_outbox_digest_at(struct store *store, const char *hub, int64_t position, char digest[65],
                           struct cg_error *err);

/*
 * The hub went back to `position`, its last event that is still the one brought in: another line begins behind it, with
 * a leaf that says so, and what is told of builds is what the events up to there tell. 0 or -1 as store_outbox_put().
 */
int store_outbox_went_back(struct store *store, const char *hub, int64_t position, struct store_outbox_reach *reach,
                           struct cg_error *err);

/* How the last reading went. */
enum store_outbox_state {
    STORE_OUTBOX_FOLLOWED, /* read to its end */
    STORE_OUTBOX_ABSENT,   /* the hub has no module, or its module keeps no record */
    STORE_OUTBOX_DENIED,   /* it does not let us read it */
    STORE_OUTBOX_FAILED,
};
/* Writes it down; `why` (NULL for STORE_OUTBOX_FOLLOWED) is counted where it failed. 0 or -1. */
int store_outbox_tell(struct store *store, const char *hub, enum store_outbox_state state, const struct cg_error *why,
                      struct cg_error *err);

/*
 * How following stands: [{"hub", "state", "message", "line", "position", "lag_s": since it was read to its end, null
 * before, "open": imports that are not settled, "errors"}], new reference. 0 or -1.
 */
int store_outbox_standing(struct store *store, json_t **standing, struct cg_error *err);

/* --- imports ----------------------------------------------------------------------------------------------------- */

/* An import of the record that is not settled. Release with store_outbox_import_finish. */
struct store_outbox_import {
    int line;
    int64_t position;
    int64_t build_id;
    unsigned tries;
    double age_s;  /* since it was brought in */
    double at;     /* when it happened, by the hub's clock, seconds since 1970 */
    json_t *event; /* owned */
};
/* The first that is due. 1, 0 none is, -1. */
int store_outbox_next(struct store *store, const char *hub, struct store_outbox_import *import, struct cg_error *err);
void store_outbox_import_finish(struct store_outbox_import *import);

enum store_outbox_owner {
    STORE_OUTBOX_OTHERS,   /* another client's: to be added */
    STORE_OUTBOX_KNOWN,    /* it is a build that the trail has, and is settled by that */
    STORE_OUTBOX_ON_A_WAY, /* an import of this service that has not ended: to be asked again later */
};
/* Whose import is it? An enum store_outbox_owner or -1. */
int store_outbox_match(struct store *store, const char *hub, const struct store_outbox_import *import,
                       struct cg_error *err);

/* Settles it with the build that it brought, as store_match says it is: adds that to the trail with its leaf. As
 * store_outbox_match(), STORE_OUTBOX_OTHERS meaning that it was added. */
int store_outbox_settle(struct store *store, const struct store_outbox_import *import,
                        const struct store_found_build *found, struct cg_error *err);

/* Puts it off, with the reason. 0 or -1. */
int store_outbox_put_off(struct store *store, const char *hub, const struct store_outbox_import *import,
                         unsigned delay_ms, const char *trouble, struct cg_error *err);

#endif
