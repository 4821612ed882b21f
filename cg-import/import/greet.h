/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_GREET_H
#define IMPORT_GREET_H

/* What is asked of a hub before an import, in one request: what it has registered, who we are, whether it has the
 * build. */

#include "import/pipeline.h"

/* Zero-initialise; release with import_greeting_finish. */
struct import_greeting {
    struct koji_hub_lists lists;
    struct koji_identity identity; /* without hub_version; name is NULL when not logged in */
    enum import_foreknown foreknown;
};

#define AUTO_IMPORT_GREETING CG_AUTO(import_greeting_finish)

/*
 * Asks over a logged-in session; `nvr` may be NULL: then of no build. One request, and one more where the hub has the
 * module. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY or the session's codes.
 */
int import_greet(struct koji_session *session, const char *nvr, struct import_greeting *greeting, struct cg_error *err);

void import_greeting_finish(struct import_greeting *greeting);

#endif
