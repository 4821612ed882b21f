/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HUB_LISTS_H
#define CLI_HUB_LISTS_H

/*
 * What each hub has registered, kept at hand for judging posts: asked of the hubs in the background, a thread a hub.
 *
 * A hub that does not answer leaves what it said before in force. Safe to use from many threads.
 */

#include "base/log.h"
#include "cg/check.h"
#include "koji/profile.h"

#include <stddef.h>

struct hub_lists;

struct hub_lists_hub {
    const char *name;
    const struct koji_profile *profile; /* asked anonymously whatever it says; borrowed while asking */
    unsigned every_ms;
};

/* `log` is borrowed. NULL with CG_E_MEMORY. */
struct hub_lists *hub_lists_create(struct log *log, struct cg_error *err);

/*
 * These are the hubs from here on: stops asking the old ones, keeps what is known of those that stay, and asks.
 * `hubs` and their profiles must live until the next call or the end. 0, or -1 with CG_E_MEMORY, CG_E_IO.
 */
int hub_lists_set(struct hub_lists *lists, const struct hub_lists_hub *hubs, size_t count, struct cg_error *err);

/* Waits until every hub has answered once or failed to, at most `most_ms`. */
void hub_lists_wait(struct hub_lists *lists, unsigned most_ms);

/* intake_hub_facts; the answer stays until the same thread asks again. `lists` is a struct hub_lists. */
const struct cg_hub_facts *hub_lists_facts(void *lists, const char *hub);

/* Once no thread asks any more. NULL is allowed. */
void hub_lists_destroy(struct hub_lists *lists);

#endif
