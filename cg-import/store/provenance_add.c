/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds that other clients imported. */
#include "store/audit_leaf.h"
#include "store/hub_builds.h"
#include "store/import_rows.h"
#include "store/provenance_rows.h"
#include "store/transaction.h"

#include <inttypes.h>

int build_lock(struct pg_connection *connection, const char *hub, int64_t build_id, struct cg_error *err)
{
    char name[32];
    /* No NVR has this sign. */
    snprintf(name, sizeof name, "#%" PRId64, build_id);
    return nvr_lock(connection, hub, name, err);
}

/* --- taking in --------------------------------------------------------------------------------------------------- */

/* An import that was accepted before there were facts is made whole. */
static const struct pg_statement take_unread = {
    "take_unread_import", "DELETE FROM provenance_unread u USING imports i WHERE i.id = u.import_id AND i.hub = $1"
                          " AND i.build_id = $2 AND i.state = 'imported'"
                          " RETURNING i.id, i.caller, i.metadata_sha256, extract(epoch FROM i.finished_at)::float8"};

/* Puts the build down as the unread import that it is. 1, 0 it is none, -1. */
static int put_unread(struct pg_connection *connection, const struct provenance_build *build, const json_t *facts,
                      int64_t *key, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, build->hub);
    pg_put_int(&params, build->build_id);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &take_unread, &params, &rows, err);
    if (found <= 0)
        return found;
    struct provenance_build ours = *build;
    struct pg_row row = pg_row(rows, 0);
    ours.origin = "service";
    ours.import_id = pg_get_text(&row);
    ours.caller = pg_get_text(&row);
    ours.metadata_sha256 = pg_get_text(&row);
    ours.imported_at = pg_get_double(&row);
    return provenance_put(connection, &ours, facts, key, err) < 0 ? -1 : 1;
}

/* The leaf of a build that came in from outside. */
static int tell(struct pg_connection *connection, const struct store_found_build *found, const char *nvr,
                struct cg_error *err)
{
    char facts_sha256[65];
    if (provenance_digest(found->facts, facts_sha256, err) != 0)
        return -1;
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s*, s:s*, s:s*}", "origin", found->origin, "hub", found->hub,
                  "build_id", (json_int_t)found->build_id, "content_generator", found->content_generator,
                  "facts_sha256", facts_sha256, "facts_from", found->facts_from ? found->facts_from : "metadata",
                  "metadata_sha256", found->metadata_sha256, "remark", found->remark, "hub_nvr", found->nvr);
    if (!detail)
        return cg_fail_memory(err);
    struct audit_leaf leaf = {.type = "build", .actor = found->origin, .nvr = nvr, .detail = detail};
    return audit_leaf_put(connection, &leaf, err);
}

int provenance_add(struct pg_connection *connection, const struct store_found_build *found, int64_t *key,
                   struct cg_error *err)
{
    const struct provenance_build build = {.origin = found->origin,
                                           .hub = found->hub,
                                           .package = found->package,
                                           .content_generator = found->content_generator,
                                           .metadata_sha256 = found->metadata_sha256,
                                           .build_id = found->build_id,
                                           .imported_at = found->imported_at,
                                           .facts_from = found->facts_from,
                                           .remark = found->remark};
    int unread = put_unread(connection, &build, found->facts, key, err);
    if (unread != 0)
        return unread < 0 ? -1 : 0;
    if (provenance_put(connection, &build, found->facts, key, err) < 0)
        return -1;
    return tell(connection, found, json_string_value(json_object_get(found->facts, "nvr")), err);
}

/* --- what a backfill finds --------------------------------------------------------------------------------------- */

/* 1: by its id; 2: as an import of this service that is on its way and may be that very build. */
static const struct pg_statement find_known = {
    "find_known_build",
    "SELECT 1 AS how FROM provenance_builds b WHERE b.hub = $1 AND b.build_id = $2 UNION ALL"
    " SELECT 2 FROM provenance_builds b JOIN imports i ON i.id = b.import_id WHERE b.hub = $1 AND b.nvr = $3"
    " AND i.state IN ('queued', 'running', 'held') ORDER BY how LIMIT 1"};

struct adding {
    const struct store_found_build *found;
    const char *nvr;
};

static int find(struct pg_connection *connection, const char *hub, int64_t build_id, const char *nvr,
                struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, hub);
    pg_put_int(&params, build_id);
    pg_put_text(&params, nvr);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &find_known, &params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    return pg_get_int(&row) == 1 ? STORE_FOUND_KNOWN : STORE_FOUND_ON_A_WAY;
}

static int add_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct adding *a = context;
    const struct store_found_build *found = a->found;
    if (build_lock(connection, found->hub, found->build_id, err) != 0 ||
        nvr_lock(connection, found->hub, a->nvr, err) != 0)
        return -1;
    int known = find(connection, found->hub, found->build_id, a->nvr, err);
    if (known != 0)
        return known;
    if (provenance_add(connection, found, NULL, err) != 0)
        return -1;
    if (found->nvr && hub_build_seen(connection, found->hub, found->build_id, found->nvr, found->state, err) < 0)
        return -1;
    return STORE_FOUND_ADDED;
}

int store_provenance_add(struct store *store, const struct store_found_build *found, struct cg_error *err)
{
    struct adding a = {.found = found, .nvr = json_string_value(json_object_get(found->facts, "nvr"))};
    if (!a.nvr || found->build_id <= 0)
        return cg_fail(err, CG_E_SYNTAX, "these are no facts of an imported build: expected an nvr and a build id");
    return pg_transaction(store, PG_WRITE, add_work, &a, err);
}
