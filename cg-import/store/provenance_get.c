/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One build with its facts, put together again from their rows. */
#include "store/provenance_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#include <string.h>

/* --- what all answers need --------------------------------------------------------------------------------------- */

/* Without statistics of its own a new database would have every table read from end to end. What a plan then seems to
 * cost is no reason to compile it. */
#define PLAN_SQL "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"

int provenance_plan(struct pg_connection *connection, struct cg_error *err)
{
    return pg_command(connection, "provenance plan", PLAN_SQL, err);
}

/* clang-format off */
#define UTC(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
#define BOUND(column) "CASE WHEN isfinite(" column ") THEN " UTC(column) " END"
/* Of builds that others imported: how far the record of each hub is brought in, and which histories. */
#define HUBS \
    "(SELECT coalesce(json_agg(json_build_object('hub', h.hub, 'outbox', (SELECT json_build_object('line', f.line," \
    " 'position', f.position, 'at', " UTC("f.current_at") ", 'open', (SELECT count(*) FROM hub_imports o" \
    " WHERE o.hub = f.hub AND o.build_key IS NULL)) FROM followed_hubs f WHERE f.hub = h.hub" \
    " AND (f.position > 0 OR f.state = 'followed')), 'backfills', (SELECT coalesce(json_agg(json_build_object(" \
    "'content_generator', nullif(b.content_generator, ''), 'package', nullif(b.package, '')," \
    " 'since', " BOUND("b.since") ", 'until', " BOUND("b.until") ", 'at', " UTC("b.complete_at") \
    ", 'builds', b.builds) ORDER BY b.complete_at DESC), '[]') FROM (SELECT * FROM backfills c WHERE c.hub = h.hub" \
    " ORDER BY c.complete_at DESC LIMIT 20) b)) ORDER BY h.hub), '[]') FROM (SELECT hub FROM followed_hubs" \
    " WHERE position > 0 OR state = 'followed' UNION SELECT hub FROM backfills) h)"
/* clang-format on */

/*
 * Facts come in with the transaction that puts the leaf which tells of them, so the builds of all signed entries are
 * there: the log up to that size, in this very snapshot. "pending" leaves have no index yet; their builds are there,
 * too.
 */
static const struct pg_statement complete = {
    "provenance_complete", "SELECT json_build_object('log_size', coalesce((SELECT max(size) FROM audit_checkpoint), 0),"
                           " 'log_root', (SELECT encode(root, 'hex') FROM audit_checkpoint ORDER BY size DESC LIMIT 1),"
                           " 'pending', (SELECT count(*) FROM (SELECT 1 FROM audit_pending LIMIT 10000) p),"
                           " 'builds', (SELECT coalesce(max(build_key), 0) FROM provenance_builds),"
                           " 'imports_without_facts', (SELECT count(*) FROM provenance_unread), 'hubs', " HUBS ")"};

int provenance_complete(struct pg_connection *connection, json_t *answer, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &complete, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    json_t *range = NULL;
    pg_get_json(&row, &range);
    return json_object_set_new(answer, "complete_for", range) == 0 ? 0 : cg_fail_memory(err);
}

/* --- which build is meant ---------------------------------------------------------------------------------------- */

static const struct pg_statement name_build = {
    "name_provenance",
    "SELECT i.build_key, i.hub, a.build, i.facts FROM provenance_builds i"
    " JOIN provenance_answers a ON a.build_key = i.build_key"
    " WHERE (i.nvr = $3 OR i.build_id = $4::bigint OR i.import_id = $5::uuid OR i.build_key = ANY (ARRAY("
    "SELECT b.build_key FROM hub_builds h JOIN provenance_builds b ON b.hub = h.hub AND b.build_id = h.build_id"
    " WHERE h.nvr = $3))) AND ($6::text IS NULL OR i.hub = $6) AND " SCOPE_SQL(
        "$1", "$2") " ORDER BY i.imported_at IS NULL, coalesce(a.build -> 'on_hub' ->> 'nvr', $3) <> $3,"
                    " i.build_key DESC LIMIT 1"};

int provenance_name(struct pg_connection *connection, const char *name, const char *hub,
                    const struct store_scope *scope, PGresult **row, struct cg_error *err)
{
    size_t digits = strspn(name, "0123456789");
    bool is_number = digits > 0 && digits < 19 && !name[digits];
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    if (scope_put(&params, &texts, scope, err) != 0)
        return -1;
    pg_put_text(&params, name);
    pg_put_text(&params, is_number ? name : NULL);
    pg_put_text(&params, store_is_id(name) ? name : NULL);
    pg_put_text(&params, hub);
    return pg_run(connection, &name_build, &params, row, err);
}

/* --- putting together -------------------------------------------------------------------------------------------- */

static const struct pg_statement parts_of = {
    "provenance_parts", "SELECT p.part, p.position, array_to_json(l.component_ids) FROM provenance_parts p"
                        " JOIN provenance_lists l ON l.list_id = p.list_id WHERE p.build_key = $1"
                        " ORDER BY p.part, p.position"};
static const struct pg_statement components_of = {
    "provenance_components", "SELECT k.component_id, k.digest, k.component FROM components k WHERE k.component_id = ANY"
                             " (ARRAY(SELECT unnest(c.contained || c.built_with) FROM provenance_contents c"
                             " WHERE c.build_key = $1))"};

/* What the service computed of the files that were posted. */
static const struct pg_statement sums_of = {
    "provenance_sums", "SELECT coalesce(json_object_agg(o.position, o.sha256), '{}') FROM outputs o"
                       " JOIN provenance_builds b ON b.import_id = o.import_id"
                       " WHERE b.build_key = $1 AND o.sha256 IS NOT NULL"};

struct getting {
    const char *name, *hub;
    const struct store_scope *scope;
    json_t *answer;
};

/* Facts as they are put together. */
struct assembly {
    json_t *facts;
    json_t *by_number; /* number of a component to {"digest", "component"}, owned */
    json_t *indexes;   /* number of a component to its index in `components`, owned */
    json_t *components;
};

static int read_components(struct pg_connection *connection, const struct pg_params *key, struct assembly *a,
                           struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &components_of, key, &rows, err);
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        const char *number = pg_get_text(&row), *digest = pg_get_text(&row);
        json_t *component = NULL;
        pg_get_json(&row, &component);
        if (json_object_set_new(a->by_number, number,
                                json_pack("{s:s, s:o}", "digest", digest, "component", component)) != 0)
            return cg_fail_memory(err);
    }
    return count < 0 ? -1 : 0;
}

/* The index of the component with this number, which is given at its first appearance. NULL without memory. */
static json_t *index_of(struct assembly *a, json_int_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, number);
    json_t *index = json_object_get(a->indexes, text);
    if (index)
        return json_integer(json_integer_value(index));
    index = json_integer((json_int_t)json_array_size(a->components));
    if (json_array_append(a->components, json_object_get(a->by_number, text)) != 0 ||
        json_object_set(a->indexes, text, index) != 0) {
        json_decref(index);
        return NULL;
    }
    json_decref(index);
    return json_integer(json_integer_value(index));
}

static int read_part(struct pg_row *row, struct assembly *a, struct cg_error *err)
{
    const char *holders = strcmp(pg_get_text(row), "output") == 0 ? "outputs" : "buildroots";
    size_t position = (size_t)pg_get_int(row);
    CG_AUTO_JSON json_t *numbers = NULL;
    pg_get_json(row, &numbers);
    json_t *list = json_array();
    if (json_object_set_new(json_array_get(json_object_get(a->facts, holders), position), "components", list) != 0)
        return cg_fail_memory(err);
    size_t i;
    const json_t *number;
    json_array_foreach(numbers, i, number)
    {
        if (json_array_append_new(list, index_of(a, json_integer_value(number))) != 0)
            return cg_fail_memory(err);
    }
    return pg_row_end(row, err);
}

/* Buildroots sort before outputs, which is the order in which facts count components. */
static int assemble(struct pg_connection *connection, int64_t key, json_t *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *by_number = json_object();
    CG_AUTO_JSON json_t *indexes = json_object();
    struct assembly a = {.facts = facts, .by_number = by_number, .indexes = indexes, .components = json_array()};
    if (json_object_set_new(facts, "components", a.components) != 0 || !by_number || !indexes)
        return cg_fail_memory(err);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, key);
    if (read_components(connection, &params, &a, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &parts_of, &params, &rows, err);
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (read_part(&row, &a, err) != 0)
            return -1;
    }
    return count < 0 ? -1 : 0;
}

/* Names that the build has or had: in its metadata, and on its hub. */
#define NAMES_SQL                                                                                                      \
    "SELECT b.origin, b.build_id, b.nvr FROM provenance_builds b WHERE b.build_key = $1 UNION SELECT b.origin,"        \
    " b.build_id, e.event ->> 'nvr' FROM provenance_builds b JOIN hub_events e ON e.hub = b.hub"                       \
    " AND e.build_id = b.build_id WHERE b.build_key = $1 UNION SELECT b.origin, b.build_id, h.nvr"                     \
    " FROM provenance_builds b JOIN hub_builds h ON h.hub = b.hub AND h.build_id = b.build_id WHERE b.build_key = $1"

/* Where the log tells of the build. */
static const struct pg_statement entries_of = {
    "provenance_entries",
    "SELECT coalesce(json_agg(json_build_object('index', e.idx, 'type', e.type, 'leaf_hash', encode(e.leaf_hash, "
    "'hex'))"
    " ORDER BY e.idx), '[]') FROM (SELECT e.idx, e.type, e.leaf_hash FROM provenance_builds b JOIN audit_entry e"
    " ON e.import_id = b.import_id WHERE b.build_key = $1 AND e.type IN ('accepted', 'imported')"
    " UNION ALL SELECT e.idx, e.type, e.leaf_hash FROM (" NAMES_SQL ") n JOIN audit_entry e ON e.nvr = n.nvr"
    " WHERE (n.origin <> 'service' AND e.type IN ('build', 'build-seen')"
    " AND convert_from(e.leaf, 'UTF8')::json #>> '{detail,build_id}' = n.build_id::text) OR (e.type LIKE 'hub-%'"
    " AND convert_from(e.leaf, 'UTF8')::json #>> '{koji,build_id}' = n.build_id::text)) e"};

/* What the hub's record told of it, last first. */
static const struct pg_statement events_of = {
    "provenance_hub_events",
    "SELECT coalesce(json_agg(json_build_object('position', e.position, 'time', e.event ->> 'time', 'kind',"
    " e.event ->> 'kind', 'nvr', e.event ->> 'nvr', 'user', e.event ->> 'user_name', 'detail',"
    " e.event -> 'detail') ORDER BY e.position DESC), '[]') FROM (SELECT DISTINCT ON (e.position) e.position, e.event"
    " FROM provenance_builds b JOIN followed_hubs f ON f.hub = b.hub JOIN hub_events e ON e.hub = b.hub"
    " AND e.build_id = b.build_id AND e.position <= f.position WHERE b.build_key = $1"
    " ORDER BY e.position DESC, e.line DESC LIMIT 100) e"};

/* Runs a statement that makes one JSON value about the build, and adds that. 0 or -1. */
static int add_value(struct pg_connection *connection, const struct pg_statement *statement, int64_t key,
                     const char *name, json_t *answer, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, key);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, statement, &params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    json_t *value = NULL;
    pg_get_json(&row, &value);
    return json_object_set_new(answer, name, value) == 0 ? 0 : cg_fail_memory(err);
}

static int get_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct getting *g = context;
    json_decref(g->answer);
    g->answer = NULL;
    PG_AUTO_ROWS PGresult *named = NULL;
    int found = provenance_plan(connection, err);
    if (found == 0)
        found = provenance_name(connection, g->name, g->hub, g->scope, &named, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(named, 0);
    int64_t key = pg_get_int(&row);
    row.column = 2;
    json_t *build = NULL, *facts = NULL;
    pg_get_json(&row, &build);
    pg_get_json(&row, &facts);
    g->answer = json_pack("{s:o, s:o}", "build", build, "facts", facts);
    if (!g->answer)
        return cg_fail_memory(err);
    if (assemble(connection, key, facts, err) != 0 ||
        add_value(connection, &sums_of, key, "outputs_sha256", g->answer, err) != 0 ||
        add_value(connection, &entries_of, key, "log", g->answer, err) != 0 ||
        add_value(connection, &events_of, key, "hub_events", g->answer, err) != 0 ||
        provenance_complete(connection, g->answer, err) != 0)
        return -1;
    return 1;
}

int store_provenance_get(struct store *store, const char *name, const char *hub, const struct store_scope *scope,
                         json_t **answer, struct cg_error *err)
{
    struct getting g = {.name = name, .hub = hub, .scope = scope};
    int found = pg_transaction(store, PG_READ, get_work, &g, err);
    if (found <= 0) {
        json_decref(g.answer);
        g.answer = NULL;
    }
    *answer = g.answer;
    return found;
}
