/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HUBS_H
#define CLI_HUBS_H

/* The hubs of the configuration, each with its profile, in the forms in which the floors below want them. */

#include "config.h"
#include "hub_lists.h"

#include "import/follower.h"
#include "import/worker.h"

struct hubs {
    struct koji_profile **profiles; /* owned */
    struct worker_hub *for_worker;
    struct hub_lists_hub *for_lists;
    struct follower_hub *for_follower;
    size_t count;
};

/* Loads the profiles; `config` is borrowed as long. NULL with CG_E_CONFIG (naming the hub), CG_E_IO, CG_E_MEMORY. */
struct hubs *hubs_create(const struct config *config, struct cg_error *err);

/* NULL is allowed. */
void hubs_destroy(struct hubs *hubs);

#endif
