/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a build was made from, and what was made from it, step by step along parent images and kojifile components. */
#include "store/provenance_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#include <stdio.h>

/*
 * The build of the same hub that a parent is: by NVR, or by its build id where no NVR is told. A build that the scope
 * may not see is not found, and so nothing behind it is. SQL, a clause a line.
 */
/* clang-format off */
#define PARENT_BUILD \
    " LEFT JOIN LATERAL (SELECT i.build_key FROM provenance_builds i WHERE i.hub = $5" \
    " AND (i.nvr = p.nvr OR (p.nvr IS NULL AND i.build_id = p.build_id)) AND " SCOPE_SQL("$1", "$2") \
    " ORDER BY i.imported_at IS NULL, i.build_key DESC LIMIT 1) r ON true"

/* UNION and not UNION ALL: builds that have a parent in common lead to it once a step. */
static const struct pg_statement ancestors = {
    "provenance_ancestors",
    "WITH RECURSIVE walk(depth, child, kind, nvr, build_id, pullspec, build_key) AS ("
    " SELECT 1, p.build_key, p.kind, p.nvr, p.build_id, p.pullspec, r.build_key"
    " FROM provenance_parents p" PARENT_BUILD
    " WHERE p.build_key = $3::integer"
    " UNION SELECT w.depth + 1, p.build_key, p.kind, p.nvr, p.build_id, p.pullspec, r.build_key"
    " FROM walk w JOIN provenance_parents p ON p.build_key = w.build_key" PARENT_BUILD
    " WHERE w.depth < $4::integer)"
    " SELECT w.build_key, json_build_object('depth', w.depth, 'kind', w.kind, 'from', f.nvr,"
    " 'nvr', coalesce(w.nvr, i.nvr), 'build_id', coalesce(w.build_id, i.build_id), 'pullspec', w.pullspec,"
    " 'build', a.build)"
    " FROM (SELECT * FROM walk LIMIT $6) w JOIN provenance_builds f ON f.build_key = w.child"
    " LEFT JOIN provenance_builds i ON i.build_key = w.build_key"
    " LEFT JOIN provenance_answers a ON a.build_key = w.build_key"
    " ORDER BY w.depth, w.build_key DESC NULLS LAST, w.nvr"};

/* Builds that name the build of row b as a parent, of the hub and in the scope. */
#define CHILDREN_OF(b) \
    " JOIN provenance_parents p ON (p.nvr = " b ".nvr OR (p.nvr IS NULL AND p.build_id = " b ".build_id))" \
    " JOIN provenance_builds i ON i.build_key = p.build_key AND i.hub = $5 AND " SCOPE_SQL("$1", "$2")

static const struct pg_statement descendants = {
    "provenance_descendants",
    "WITH RECURSIVE walk(depth, parent, kind, pullspec, build_key, nvr, build_id) AS ("
    " SELECT 1, s.build_key, p.kind, p.pullspec, i.build_key, i.nvr, i.build_id FROM provenance_builds s"
    CHILDREN_OF("s")
    " WHERE s.build_key = $3::integer"
    " UNION SELECT w.depth + 1, w.build_key, p.kind, p.pullspec, i.build_key, i.nvr, i.build_id FROM walk w"
    CHILDREN_OF("w")
    " WHERE w.depth < $4::integer)"
    " SELECT w.build_key, json_build_object('depth', w.depth, 'kind', w.kind, 'from', f.nvr, 'nvr', w.nvr,"
    " 'build_id', w.build_id, 'pullspec', w.pullspec, 'build', a.build)"
    " FROM (SELECT * FROM walk LIMIT $6) w JOIN provenance_builds f ON f.build_key = w.parent"
    " JOIN provenance_answers a ON a.build_key = w.build_key"
    " ORDER BY w.depth, w.build_key DESC"};
/* clang-format on */

struct walking {
    const char *name, *hub;
    enum store_provenance_way way;
    unsigned depth;
    const struct store_scope *scope;
    json_t *answer;
};

static int query(struct pg_connection *connection, const struct walking *w, const char *key, const char *hub,
                 PGresult **rows, struct cg_error *err)
{
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    if (scope_put(&params, &texts, w->scope, err) != 0)
        return -1;
    pg_put_text(&params, key);
    pg_put_int(&params, w->depth);
    pg_put_text(&params, hub);
    pg_put_int(&params, STORE_PROVENANCE_RELATED_MAX + 1);
    return pg_run(connection, w->way == STORE_PROVENANCE_ANCESTORS ? &ancestors : &descendants, &params, rows, err);
}

/* Each build once, where it is nearest; what the trail does not know is listed as it is named. */
static int take_rows(const PGresult *rows, int count, json_t *related, struct cg_error *err)
{
    CG_AUTO_JSON json_t *seen = json_object();
    for (int i = 0; i < count && i < (int)STORE_PROVENANCE_RELATED_MAX; i++) {
        struct pg_row row = pg_row(rows, i);
        const char *key = pg_get_text(&row);
        json_t *entry = NULL;
        if (key && json_object_get(seen, key))
            continue;
        if (key && json_object_set_new(seen, key, json_true()) != 0)
            return cg_fail_memory(err);
        pg_get_json(&row, &entry);
        if (json_array_append_new(related, entry) != 0)
            return cg_fail_memory(err);
    }
    return 0;
}

static int walk_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct walking *w = context;
    json_decref(w->answer);
    w->answer = NULL;
    PG_AUTO_ROWS PGresult *named = NULL;
    int found = provenance_plan(connection, err);
    if (found == 0)
        found = provenance_name(connection, w->name, w->hub, w->scope, &named, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(named, 0);
    const char *key = pg_get_text(&row), *hub = pg_get_text(&row);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = query(connection, w, key, hub, &rows, err);
    if (count < 0)
        return -1;
    json_t *build = NULL, *related = json_array();
    pg_get_json(&row, &build);
    w->answer = json_pack("{s:o, s:o, s:b}", "build", build, "related", related, "truncated",
                          count > (int)STORE_PROVENANCE_RELATED_MAX);
    if (!w->answer)
        return cg_fail_memory(err);
    if (take_rows(rows, count, related, err) != 0 || provenance_complete(connection, w->answer, err) != 0)
        return -1;
    return 1;
}

int store_provenance_related(struct store *store, const char *name, const char *hub, enum store_provenance_way way,
                             unsigned depth, const struct store_scope *scope, json_t **answer, struct cg_error *err)
{
    struct walking w = {.name = name, .hub = hub, .way = way, .scope = scope};
    w.depth = depth < 1 ? 1 : depth > STORE_PROVENANCE_DEPTH_MAX ? STORE_PROVENANCE_DEPTH_MAX : depth;
    int found = pg_transaction(store, PG_READ, walk_work, &w, err);
    if (found <= 0) {
        json_decref(w.answer);
        w.answer = NULL;
    }
    *answer = w.answer;
    return found;
}
