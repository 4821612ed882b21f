/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_HUB_LISTS_H
#define KOJI_HUB_LISTS_H

/* What a hub has registered and can do, asked for at once: listCGs, listBTypes, getArchiveTypes, getKojiVersion,
 * and system.methodHelp of the hub module. */

#include "cg/check.h"
#include "koji/hub_module.h"
#include "koji/session.h"

/* What the hub has registered, for cg_check(); owned arrays behind `facts`. Release with koji_hub_lists_finish. */
struct koji_hub_lists {
    struct cg_hub_facts facts;
    char **content_generators;
    char **btypes;
    char **archive_extensions;
    char *version;   /* behind facts.version */
    json_t *cgs;     /* listCGs: {name: {id, users: [..]}}, owned */
    unsigned module; /* what the hub module can do: enum koji_module_ability (hub_module.h), 0 where there is none */
};

/* One request, and one more where the hub has the module; an anonymous session will do. 0, or -1 with CG_E_HUB_REPLY,
 * CG_E_MEMORY or the session's codes. */
int koji_hub_lists_read(struct koji_session *session, struct koji_hub_lists *lists, struct cg_error *err);

/*
 * The same as a part of a request with other calls: adds the calls, and takes the lists from the results, where `first`
 * is the index of the first of them. 0 or -1 in the same way.
 */
int koji_hub_lists_add_calls(json_t *calls, struct cg_error *err);
int koji_hub_lists_take(struct koji_session *session, const json_t *results, size_t first, struct koji_hub_lists *lists,
                        struct cg_error *err);

void koji_hub_lists_finish(struct koji_hub_lists *lists);

#endif
