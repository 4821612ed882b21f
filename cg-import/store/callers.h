/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CALLERS_H
#define STORE_CALLERS_H

/*
 * Who may call the service by bearer token. Tokens are random, shown once, and kept only as their sha256.
 */

#include "base/secret.h"
#include "store/imports.h"

enum store_role {
    STORE_ROLE_SUBMITTER = 1, /* may post, and see what is in its scope */
    STORE_ROLE_OPERATOR = 2,  /* may also retry, cancel, release, and see everything in its scope */
    STORE_ROLE_AUDITOR = 4,   /* may see everything, change nothing */
};

struct store_caller {
    char id[STORE_ID_SIZE];
    char *name;
    unsigned roles;                            /* STORE_ROLE_* combined */
    char **content_generators;                 /* NULL-terminated globs; NULL: all */
    char **packages;                           /* NULL-terminated globs; NULL: all */
    double created_at, expires_at, revoked_at; /* 0: not */
};

/* Makes a caller with a new token ("cgi_" and 43 characters of base64url). CG_E_CONFLICT when the name is taken. */
int store_caller_create(struct store *store, const struct store_caller *wanted, struct secret *token,
                        struct cg_error *err);

/* Whose token is this? 1 and the caller, 0 nobody's (or expired, revoked), -1. Takes the same time for any token. */
int store_caller_by_token(struct store *store, const struct secret *token, struct store_caller *caller,
                          struct cg_error *err);

int store_caller_list(struct store *store, struct store_caller **callers, size_t *count, struct cg_error *err);
/* 1 revoked, 0 no such name that is not revoked already, -1. */
int store_caller_revoke(struct store *store, const char *name, struct cg_error *err);

void store_caller_finish(struct store_caller *caller);
void store_callers_free(struct store_caller *callers, size_t count);

#endif
