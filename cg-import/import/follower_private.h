/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_FOLLOWER_PRIVATE_H
#define IMPORT_FOLLOWER_PRIVATE_H

/* What the files of the follower share: one hub being followed. */

#include "import/follower.h"

#include "base/stop.h"
#include "koji/session.h"
#include "store/outbox.h"

#include <pthread.h>

/* Longest wait for one answer, seconds. Should a lease end meanwhile, another may bring in the same events, and one of
 * the two finds that they are in. */
#define FOLLOW_TIMEOUT_S 60

struct follow {
    struct follower_hub hub;
    struct koji_profile profile; /* of the hub, repeating calls less; what is in it is borrowed */
    struct store *store;
    struct log *log;
    const char *replica;
    unsigned lease_ms;
    const struct stop *stop;
    struct koji_session *session; /* logged in; NULL: none now */
    struct store_outbox_reach reach;
    unsigned back_seen; /* readings in a row that did not find the event brought in last */
    bool stood_before;  /* `stood` is what was said last */
    enum store_outbox_state stood;
    uint64_t said_ms;
    unsigned failures; /* in a row */
    pthread_t thread;
    bool runs;
};

/* follow_record.c: brings in what the hub's record has more, while we lead. 0: all that there is; 1: another leads; -1
 * with the codes of hub and store. */
int follow_record(struct follow *follow, struct cg_error *err);

/* follow_imports.c: settles the imports that are due. 0; -1 when hub or store fail as such. */
int follow_imports(struct follow *follow, struct cg_error *err);

#endif
