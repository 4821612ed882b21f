/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_LISTS_H
#define CG_HUB_LISTS_H

/*
 * What this hub has registered, gathered name by name for cg_check (cg/check.h, struct cg_hub_facts).
 */

#include "cg/check.h"

struct name_list {
    char **names; /* owned, NULL-terminated once something was added */
    size_t count;
    size_t capacity;
};

/* Zero-initialise; release with hub_lists_finish. */
struct hub_lists {
    struct name_list content_generators;
    struct name_list btypes;
    struct name_list extensions;
};

#define CG_AUTO_HUB_LISTS CG_AUTO(hub_lists_finish)

/* Adds a copy. Returns 0, or -1 with CG_E_MEMORY. */
int hub_lists_add(struct name_list *list, const char *name, struct cg_error *err);

/* Adds each of the names of Koji's column archivetypes.extensions: "tar tar.gz  tgz". 0, or -1 with CG_E_MEMORY. */
int hub_lists_add_words(struct name_list *list, const char *words, struct cg_error *err);

/* The lists as cg_check wants them, borrowed; a list without names counts as empty, not as not asked. */
struct cg_hub_facts hub_lists_facts(const struct hub_lists *lists);

void hub_lists_finish(struct hub_lists *lists);

#endif
