/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

/*
 * Who works at which import: claims with a lease and a fencing number.
 *
 * A claim is taken in one short transaction and the work is done outside any. The lease is extended by heartbeats; when
 * it runs out another replica may claim, with a higher fencing number, and every write under the old number is refused
 * (CG_E_CONFLICT "lease lost"), so a worker that slept cannot finish the job. What the pipeline must remember across
 * owners (the import room's journal record) is a JSON object kept with the import.
 */

#include "base/stop.h"
#include "store/imports.h"

struct store_claim {
    struct store_import import; /* with outputs */
    int64_t fence;
    char owner[80];  /* replica name, as given */
    json_t *journal; /* what earlier owners wrote; json null if none; owned */
    bool cancel_asked;
};

/*
 * Claims the import that is due: the oldest of the content generator that has waited longest for a turn (fair between
 * generators), not of a hub whose circuit is open. 1 claimed, 0 nothing due, -1 failed.
 */
int store_claim_next(struct store *store, const char *owner, unsigned lease_ms, struct store_claim *claim,
                     struct cg_error *err);

/* Extends the lease. 1 still ours (*claim->cancel_asked is fresh), 0 lost, -1 could not ask. */
int store_claim_heartbeat(struct store *store, struct store_claim *claim, unsigned lease_ms, struct cg_error *err);

/* Each is refused with CG_E_CONFLICT once the lease is lost. Durable when it returns 0. */
int store_claim_step(struct store *store, const struct store_claim *claim, const char *step, const json_t *detail,
                     struct cg_error *err);
int store_claim_journal(struct store *store, const struct store_claim *claim, const json_t *journal,
                        struct cg_error *err);
int store_claim_imported(struct store *store, const struct store_claim *claim, int64_t build_id, const char *url,
                         const json_t *detail, struct cg_error *err);
int store_claim_rejected(struct store *store, const struct store_claim *claim, const struct cg_error *why,
                         const json_t *report, struct cg_error *err);
int store_claim_canceled(struct store *store, const struct store_claim *claim, struct cg_error *err);
int store_claim_held(struct store *store, const struct store_claim *claim, enum store_held held,
                     const struct cg_error *why, struct cg_error *err);
/* Back to the queue, due again after `delay_ms`. */
int store_claim_later(struct store *store, const struct store_claim *claim, unsigned delay_ms,
                      const struct cg_error *why, struct cg_error *err);

void store_claim_finish(struct store_claim *claim);

/* Sleeps until something may be due (NOTIFY, or the next due time), at most `most_ms`. 0, 1 when stopped, -1. */
int store_queue_wait(struct store *store, const struct stop *stop, unsigned most_ms, struct cg_error *err);

/*
 * A circuit per hub, shared by all replicas: after `threshold` temporary failures in a row it opens for a while that
 * doubles; then one probe is let through. store_circuit_failed/ok are called after each attempt.
 */
int store_circuit_failed(struct store *store, const char *hub, const struct cg_error *why, struct cg_error *err);
int store_circuit_ok(struct store *store, const char *hub, struct cg_error *err);

#endif
