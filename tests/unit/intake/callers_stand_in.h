/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_CALLERS_STAND_IN_H
#define TESTS_CALLERS_STAND_IN_H

/*
 * Callers and sessions without a database: linked instead of store/callers.c and store/sessions.c.
 *
 * Three tokens, and the session "cgs_good" of whom "cgi_good" is; where one ends with "_down" the database fails.
 */

#include "unit.h"

#include "store/callers.h"
#include "store/sessions.h"

#include <stdlib.h>

static const char *const stand_in_generators[] = {"osbs", NULL};

static const struct {
    const char *token, *name;
    unsigned roles;
    const char *const *content_generators;
} stand_in_callers[] = {{"cgi_good", "osbs-prod", STORE_ROLE_SUBMITTER, stand_in_generators},
                        {"cgi_submitter", "submitter", STORE_ROLE_SUBMITTER, NULL},
                        {"cgi_auditor", "auditor", STORE_ROLE_AUDITOR, NULL}};

int store_caller_by_token(struct store *store, const struct secret *token, struct store_caller *caller,
                          struct cg_error *err)
{
    (void)store;
    const char *text = secret_reveal(token);
    if (strcmp(text, "cgi_down") == 0)
        return cg_fail(err, CG_E_BUSY, "connection to server at /var/run/secret-place failed");
    for (size_t i = 0; i < sizeof stand_in_callers / sizeof stand_in_callers[0]; i++) {
        if (strcmp(text, stand_in_callers[i].token) != 0)
            continue;
        *caller =
            (struct store_caller){.name = strdup(stand_in_callers[i].name),
                                  .roles = stand_in_callers[i].roles,
                                  .content_generators = (char **)(uintptr_t)stand_in_callers[i].content_generators};
        return 1;
    }
    return 0;
}

void store_caller_finish(struct store_caller *caller)
{
    free(caller->name);
    *caller = (struct store_caller){0};
}

int store_session_by_key(struct store *store, const struct secret *key, const struct store_session_limits *limits,
                         struct store_session *session, struct cg_error *err)
{
    AUTO_SECRET struct secret token = {0};
    *session = (struct store_session){.expires_at = 1700000000 + limits->idle_s};
    if (strcmp(secret_reveal(key), "cgs_down") == 0)
        return cg_fail(err, CG_E_BUSY, "no connection to the database");
    if (strcmp(secret_reveal(key), "cgs_good") != 0)
        return 0;
    assert_int_equal(secret_set(&token, "cgi_good", err), 0);
    return store_caller_by_token(store, &token, &session->caller, err);
}

int store_session_stands(struct store *store, const char *caller_id, const char *key_sha256, struct cg_error *err)
{
    (void)store, (void)caller_id, (void)key_sha256, (void)err;
    return 1;
}

int store_session_begin(struct store *store, const struct secret *token, const struct secret *before,
                        const struct store_session_limits *limits, struct secret *key, struct store_session *session,
                        struct cg_error *err)
{
    (void)before;
    *session = (struct store_session){.expires_at = 1700000000 + limits->idle_s};
    if (secret_set(key, "cgs_good", err) != 0)
        return -1;
    return store_caller_by_token(store, token, &session->caller, err);
}

#endif
