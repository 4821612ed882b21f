/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeping the facts of a build. Components get numbers first; all lists are then arrays of these numbers, made here and
 * sent as texts, since a build has thousands of members.
 */
#include "store/provenance_rows.h"

#include "cg/bytes.h"
#include "cg/canon.h"
#include "cg/digest.h"
#include "cg/provenance.h"
#include "store/components.h"
#include "store/transaction.h"

#include <inttypes.h>

/* A build on its way in. */
struct putting {
    struct pg_connection *connection;
    const struct provenance_build *build;
    const json_t *facts;
    int *numbers; /* of the components, by index; owned */
    size_t count;
    int64_t key;
};

/* --- the digest -------------------------------------------------------------------------------------------------- */

int provenance_digest(const json_t *facts, char digest[65], struct cg_error *err)
{
    CG_AUTO_JSON json_t *brief = json_copy((json_t *)(uintptr_t)facts);
    CG_AUTO_JSON json_t *components = json_array();
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(facts, "components"), i, entry)
    {
        json_array_append(components, json_object_get(entry, "digest"));
    }
    if (!components || json_object_set(brief, "components", components) != 0)
        return cg_fail_memory(err);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *sum = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!sum || cg_canon(brief, &text, err) != 0 || cg_digest_update(sum, text.data, text.size, err) != 0 ||
        cg_digest_read(sum, &digests, err) != 0)
        return -1;
    memcpy(digest, digests.sha256, 65);
    return 0;
}

/* --- numbers ----------------------------------------------------------------------------------------------------- */

/* "{12,7,...}" of the components at these indexes; no index twice where `once` has room for a mark at each. */
static int append_numbers(const struct putting *p, const json_t *indexes, char *once, struct cg_bytes *out,
                          struct cg_error *err)
{
    size_t i;
    const json_t *index;
    json_array_foreach(indexes, i, index)
    {
        json_int_t at = json_integer_value(index);
        if (at < 0 || (size_t)at >= p->count)
            return cg_fail(err, CG_E_SYNTAX, "facts refer to component %" JSON_INTEGER_FORMAT " of %zu", at, p->count);
        if (once && once[at]++)
            continue;
        if (cg_bytes_printf(out, err, out->size > 1 ? ",%d" : "%d", p->numbers[at]) != 0)
            return -1;
    }
    return 0;
}

/* All members of buildroots or of outputs, each once, as an array's text. */
static int union_text(const struct putting *p, const char *holders, struct cg_bytes *out, struct cg_error *err)
{
    CG_AUTO_FREE char *once = calloc(p->count + 1, 1);
    if (!once)
        return cg_fail_memory(err);
    size_t i;
    const json_t *holder;
    if (cg_bytes_append(out, "{", 1, err) != 0)
        return -1;
    json_array_foreach(json_object_get(p->facts, holders), i, holder)
    {
        if (append_numbers(p, json_object_get(holder, "components"), once, out, err) != 0)
            return -1;
    }
    return cg_bytes_append(out, "}", 1, err);
}

/* Appends {"part", "position", "ids"} for each buildroot or output. */
static int add_parts(const struct putting *p, json_t *parts, const char *holders, const char *part,
                     struct cg_error *err)
{
    size_t i;
    const json_t *holder;
    json_array_foreach(json_object_get(p->facts, holders), i, holder)
    {
        CG_AUTO_BYTES struct cg_bytes ids = {0};
        if (cg_bytes_append(&ids, "{", 1, err) != 0 ||
            append_numbers(p, json_object_get(holder, "components"), NULL, &ids, err) != 0 ||
            cg_bytes_append(&ids, "}", 1, err) != 0)
            return -1;
        if (json_array_append_new(parts, json_pack("{s:s, s:I, s:s}", "part", part, "position", (json_int_t)i, "ids",
                                                   cg_bytes_text(&ids))) != 0)
            return cg_fail_memory(err);
    }
    return 0;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

static const struct pg_statement put_build = {
    "put_provenance_build",
    "INSERT INTO provenance_builds (import_id, origin, hub, package, content_generator, caller, metadata_sha256,"
    " build_id, imported_at, facts, facts_sha256, facts_from, remark, nvr, task_id, owner, submitter, source_url,"
    " source_commit)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0),"
    " CASE WHEN $8::bigint > 0 THEN CASE WHEN $9::float8 > 0 THEN to_timestamp($9::float8) ELSE now() END END,"
    " $10::json, $11, coalesce($12, 'metadata'), $13, f.nvr, f.task_id, f.owner, f.submitter, f.source_url, "
    "f.source_commit"
    " FROM json_to_record($10::json) AS f(nvr text, task_id bigint, owner text, submitter text, source_url text,"
    " source_commit text) RETURNING build_key"};
static const struct pg_statement put_contents = {
    "put_provenance_contents",
    "INSERT INTO provenance_contents (build_key, contained, built_with) VALUES ($1, $2, $3)"};
/* In the order of their digests, so that two builds never wait for each other's lists. */
static const struct pg_statement put_lists = {
    "put_provenance_lists",
    "INSERT INTO provenance_lists (digest, component_ids) SELECT l.digest, l.ids::integer[] FROM"
    " (SELECT DISTINCT encode(sha256(p.ids::bytea), 'hex') AS digest, p.ids"
    " FROM json_to_recordset($1::json) AS p(ids text)) l"
    " WHERE NOT EXISTS (SELECT 1 FROM provenance_lists k WHERE k.digest = l.digest)"
    " ORDER BY l.digest ON CONFLICT (digest) DO NOTHING"};
static const struct pg_statement put_parts = {
    "put_provenance_parts", "INSERT INTO provenance_parts (build_key, part, position, list_id)"
                            " SELECT $1, p.part, p.position, l.list_id"
                            " FROM json_to_recordset($2::json) AS p(part text, position integer, ids text)"
                            " JOIN provenance_lists l ON l.digest = encode(sha256(p.ids::bytea), 'hex')"};
static const struct pg_statement put_keys = {
    "put_provenance_keys", "INSERT INTO provenance_keys (build_key, kind, value, output)"
                           " SELECT $1, k.kind, k.value, k.output"
                           " FROM json_to_recordset($2::json) AS k(kind text, value text, output integer)"};
static const struct pg_statement put_parents = {
    "put_provenance_parents",
    "INSERT INTO provenance_parents (build_key, kind, nvr, build_id, pullspec)"
    " SELECT $1, p.kind, p.nvr, p.build_id, p.pullspec"
    " FROM json_to_recordset($2::json) AS p(kind text, nvr text, build_id bigint, pullspec text)"};

/* The facts without components, which are kept apart. New reference, NULL without memory. */
static json_t *without_components(const json_t *facts)
{
    static const char *const holders[] = {"buildroots", "outputs"};
    CG_AUTO_JSON json_t *brief = json_copy((json_t *)(uintptr_t)facts);
    json_object_del(brief, "components");
    for (size_t h = 0; h < sizeof holders / sizeof holders[0]; h++) {
        json_t *list = json_array();
        size_t i;
        json_t *holder;
        json_array_foreach(json_object_get(facts, holders[h]), i, holder)
        {
            json_t *copy = json_copy(holder);
            json_object_del(copy, "components");
            if (json_array_append_new(list, copy) != 0) {
                json_decref(list);
                return NULL;
            }
        }
        if (json_object_set_new(brief, holders[h], list) != 0)
            return NULL;
    }
    return CG_STEAL(brief);
}

static int put_row(struct putting *p, struct cg_error *err)
{
    const struct provenance_build *b = p->build;
    char digest[65];
    CG_AUTO_JSON json_t *brief = without_components(p->facts);
    if (!brief)
        return cg_fail_memory(err);
    if (provenance_digest(p->facts, digest, err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, b->import_id);
    pg_put_text(&params, b->origin);
    pg_put_text(&params, b->hub);
    pg_put_text(&params, b->package);
    pg_put_text(&params, b->content_generator);
    pg_put_text(&params, b->caller);
    pg_put_text(&params, b->metadata_sha256);
    pg_put_int(&params, b->build_id);
    pg_put_double(&params, b->imported_at);
    pg_put_json(&params, brief);
    pg_put_text(&params, digest);
    pg_put_text(&params, b->facts_from);
    pg_put_text(&params, b->remark);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(p->connection, &put_build, &params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    p->key = pg_get_int(&row);
    return 0;
}

static int put_members(const struct putting *p, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes contained = {0};
    CG_AUTO_BYTES struct cg_bytes built_with = {0};
    if (union_text(p, "outputs", &contained, err) != 0 || union_text(p, "buildroots", &built_with, err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, p->key);
    pg_put_text(&params, cg_bytes_text(&contained));
    pg_put_text(&params, cg_bytes_text(&built_with));
    return pg_run(p->connection, &put_contents, &params, NULL, err) < 0 ? -1 : 0;
}

/* Runs a statement for the build with rows as JSON, which are stolen; NULL when they could not be made. */
static int put_rows(const struct putting *p, const struct pg_statement *statement, json_t *rows_stolen,
                    struct cg_error *err)
{
    CG_AUTO_JSON json_t *rows = rows_stolen;
    if (!rows)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, p->key);
    pg_put_json(&params, rows);
    return pg_run(p->connection, statement, &params, NULL, err) < 0 ? -1 : 0;
}

static int put_lists_and_parts(const struct putting *p, struct cg_error *err)
{
    CG_AUTO_JSON json_t *parts = json_array();
    if (!parts)
        return cg_fail_memory(err);
    if (add_parts(p, parts, "buildroots", "buildroot", err) != 0 || add_parts(p, parts, "outputs", "output", err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_json(&params, parts);
    if (pg_run(p->connection, &put_lists, &params, NULL, err) < 0)
        return -1;
    return put_rows(p, &put_parts, CG_STEAL(parts), err);
}

int provenance_put(struct pg_connection *connection, const struct provenance_build *build, const json_t *facts,
                   int64_t *key, struct cg_error *err)
{
    const json_t *components = json_object_get(facts, "components");
    if (!json_is_string(json_object_get(facts, "nvr")) || !json_is_array(components))
        return cg_fail(err, CG_E_SYNTAX, "these are no facts of a build: expected an nvr and components");
    struct putting p = {.connection = connection, .build = build, .facts = facts, .count = json_array_size(components)};
    CG_AUTO_FREE int *numbers = calloc(p.count + 1, sizeof *numbers);
    if (!numbers)
        return cg_fail_memory(err);
    p.numbers = numbers;
    if (components_put(connection, components, numbers, err) != 0 || put_row(&p, err) != 0 ||
        put_members(&p, err) != 0 || put_lists_and_parts(&p, err) != 0 ||
        put_rows(&p, &put_keys, cg_provenance_keys(facts, err), err) != 0)
        return -1;
    if (key)
        *key = p.key;
    return put_rows(&p, &put_parents, cg_provenance_parents(facts, err), err);
}
