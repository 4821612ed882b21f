/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/greet.h"

#include "koji/multicall.h"

/* A hub that refuses to tell of the build, or tells something else, is asked again at its time. */
static enum import_foreknown foreknown_by(const json_t *results, size_t at)
{
    struct cg_error ignored = {0};
    return json_is_null(koji_multicall_result(results, at, "getBuild", &ignored)) ? IMPORT_WAS_ABSENT
                                                                                  : IMPORT_NOT_ASKED;
}

int import_greet(struct koji_session *session, const char *nvr, struct import_greeting *greeting, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    CG_AUTO_JSON json_t *results = NULL;
    if (koji_multicall_add(calls, "getLoggedInUser", json_array(), err) < 0 ||
        (nvr && koji_multicall_add(calls, "getBuild", json_pack("[s]", nvr), err) < 0))
        return -1;
    size_t lists_at = json_array_size(calls);
    if (koji_hub_lists_add_calls(calls, err) < 0 ||
        koji_session_multicall(session, KOJI_READ, calls, &results, err) < 0)
        return -1;

    AUTO_IMPORT_GREETING struct import_greeting made = {.foreknown = IMPORT_NOT_ASKED};
    const json_t *user = koji_multicall_result(results, 0, "getLoggedInUser", err);
    if (!user || koji_identity_from_json(user, &made.identity, err) < 0 ||
        koji_hub_lists_take(session, results, lists_at, &made.lists, err) < 0)
        return -1;
    if (nvr)
        made.foreknown = foreknown_by(results, 1);
    *greeting = CG_MOVE(made);
    return 0;
}

void import_greeting_finish(struct import_greeting *greeting)
{
    koji_hub_lists_finish(&greeting->lists);
    koji_identity_finish(&greeting->identity);
}
