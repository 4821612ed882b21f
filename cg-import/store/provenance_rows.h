/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_PROVENANCE_ROWS_H
#define STORE_PROVENANCE_ROWS_H

/* For this room only: facts of builds as rows. */

#include "store/postgres.h"
#include "store/provenance.h"

/* What is said of a build besides its facts. Texts borrowed, NULL: not known. */
struct provenance_build {
    const char *import_id; /* NULL: not an import of this service */
    const char *origin;
    const char *hub, *package, *content_generator, *caller, *metadata_sha256;
    int64_t build_id;       /* 0: not imported yet */
    double imported_at;     /* 0: now, where build_id is set */
    const char *facts_from; /* as in struct store_found_build; NULL: "metadata" */
    const char *remark;
};

/* Keeps the facts of a build, and its components that are new; *key (may be NULL) is its build_key. 0, or -1 with
 * CG_E_SYNTAX (not facts). */
int provenance_put(struct pg_connection *connection, const struct provenance_build *build, const json_t *facts,
                   int64_t *key, struct cg_error *err);

/* Takes in a build that another client imported, with its leaf, or as the import that was accepted before there were
 * facts. The caller holds build_lock() and knows that the trail does not have it. 0 or -1. */
int provenance_add(struct pg_connection *connection, const struct store_found_build *found, int64_t *key,
                   struct cg_error *err);

/* Locks a build of a hub against coming in otherwise until the transaction ends. 0 or -1. */
int build_lock(struct pg_connection *connection, const char *hub, int64_t build_id, struct cg_error *err);

/* The sha256 of the canonical facts, with digests in the place of components, as hexadecimal digits. 0 or -1. */
int provenance_digest(const json_t *facts, char digest[65], struct cg_error *err);

/* Has the statements of this transaction planned for their very parameters: one text serves many questions. 0 or -1. */
int provenance_plan(struct pg_connection *connection, struct cg_error *err);

/* Adds "complete_for". 0 or -1. */
int provenance_complete(struct pg_connection *connection, json_t *answer, struct cg_error *err);

/* The build that `name` means, as one row: build_key, hub, JSON for answers, facts. 1, 0 none, -1. */
int provenance_name(struct pg_connection *connection, const char *name, const char *hub,
                    const struct store_scope *scope, PGresult **row, struct cg_error *err);

#endif
