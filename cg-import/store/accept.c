/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepting an import: the same is the same, another of the NVR is refused while one lives, all else is new. */
#include "store/import_rows.h"
#include "store/provenance_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#include <stdio.h>
#include <string.h>

struct acceptance {
    const struct store_new_import *wanted;
    const struct store_scope *scope;
    const json_t *outputs; /* rows for the statement */
    const json_t *schema;  /* members of the leaf */
    struct store_import *import;
    enum store_accepted how;
};

/* --- has it been asked before? ----------------------------------------------------------------------------------- */

static const struct pg_statement find_key = {
    "find_key", "SELECT import_id, request_sha256 FROM idempotency_keys WHERE caller = $1 AND key = $2"};
static const struct pg_statement put_key = {"put_key",
                                            "INSERT INTO idempotency_keys (caller, key, request_sha256, import_id)"
                                            " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"};

/* 1 and the import that was the answer to this key, 0 for a key that was not used, -1. */
static int answered_before(struct pg_connection *connection, struct acceptance *a, struct cg_error *err)
{
    if (!a->wanted->idempotency_key)
        return 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->wanted->caller);
    pg_put_text(&params, a->wanted->idempotency_key);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &find_key, &params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    char id[STORE_ID_SIZE];
    pg_get_id(&row, id);
    if (strcmp(pg_get_text(&row), a->wanted->request_sha256) != 0)
        return cg_fail(err, CG_E_CONFLICT, "the idempotency key was used for another request");
    return import_load(connection, id, a->import, err);
}

/* Keeps the key with its answer. PG_AGAIN when another request took the key meanwhile. */
static int keep_answer(struct pg_connection *connection, const struct acceptance *a, const char *id,
                       struct cg_error *err)
{
    if (!a->wanted->idempotency_key)
        return 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->wanted->caller);
    pg_put_text(&params, a->wanted->idempotency_key);
    pg_put_text(&params, a->wanted->request_sha256);
    pg_put_text(&params, id);
    int put = pg_run(connection, &put_key, &params, NULL, err);
    return put < 0 ? -1 : put == 0 ? PG_AGAIN : 0;
}

/* --- is it there, or another in its place? ----------------------------------------------------------------------- */

static const struct pg_statement find_same = {
    "find_same", "SELECT id FROM imports WHERE hub = $1 AND nvr = $2 AND metadata_sha256 = $3"};
static const struct pg_statement find_live = {
    "find_live", "SELECT i.id, i.state, i.metadata_sha256, " SCOPE_SQL(
                     "$3", "$4") " FROM imports i"
                                 " WHERE i.hub = $1 AND i.nvr = $2 AND i.state NOT IN " DEAD_STATES};

/* 1 and the same import, 0 if it is not there, -1. */
static int find_itself(struct pg_connection *connection, struct acceptance *a, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->wanted->hub);
    pg_put_text(&params, a->wanted->nvr);
    pg_put_text(&params, a->wanted->metadata_sha256);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &find_same, &params, &rows, err);
    if (found <= 0)
        return found;
    return import_load(connection, PQgetvalue(rows, 0, 0), a->import, err);
}

/* -1 with CG_E_CONFLICT when another import of the NVR lives; it is loaded for those who may see it. */
static int refuse_other(struct pg_connection *connection, struct acceptance *a, struct cg_error *err)
{
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->wanted->hub);
    pg_put_text(&params, a->wanted->nvr);
    if (scope_put(&params, &texts, a->scope, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &find_live, &params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    const char *id = pg_get_text(&row);
    const char *state = pg_get_text(&row);
    const char *sha256 = pg_get_text(&row);
    if (!pg_get_bool(&row))
        return cg_fail(err, CG_E_CONFLICT, "%s has an import with other metadata", a->wanted->nvr);
    if (import_load(connection, id, a->import, err) < 0)
        return -1;
    cg_fail(err, CG_E_CONFLICT, "%s has import %s, which is %s, with other metadata: sha256 %s; posted was %s",
            a->wanted->nvr, id, state, sha256, a->wanted->metadata_sha256);
    if (a->import->state == STORE_IMPORTED)
        return cg_hint(err, "what is imported stays; build again with a new release");
    return cg_hint(err, "cancel that import first, or wait until it ends");
}

/* --- a new one --------------------------------------------------------------------------------------------------- */

static const struct pg_statement put_import = {
    "put_import",
    "INSERT INTO imports (id, hub, nvr, content_generator, package, metadata_sha256, metadata_bytes, options, caller,"
    " request_id, output_bytes, state, metadata_content)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'receiving', c.sha256 FROM contents c WHERE c.sha256 = $6"};
static const struct pg_statement replace = {
    "replace", "UPDATE imports SET replaced_by = $1, updated_at = now() WHERE id = (SELECT id FROM imports"
               " WHERE hub = $2 AND nvr = $3 AND state IN " DEAD_STATES " AND replaced_by IS NULL AND id <> $1"
               " ORDER BY id DESC LIMIT 1) RETURNING id"};
static const struct pg_statement set_replaces = {"set_replaces", "UPDATE imports SET replaces = $2 WHERE id = $1"};
static const struct pg_statement put_outputs = {
    "put_outputs",
    "INSERT INTO outputs (import_id, position, path, size_bytes, checksum_type, checksum, received_bytes, sha256,"
    " content)"
    " SELECT $1, o.position, o.path, o.size_bytes, o.checksum_type, o.checksum,"
    " CASE WHEN c.sha256 IS NULL THEN 0 ELSE o.size_bytes END, c.sha256, c.sha256"
    " FROM json_to_recordset($2::json) AS o(position integer, path text, size_bytes bigint, checksum_type text,"
    " checksum text, sha256 text)"
    " LEFT JOIN contents c ON c.sha256 = o.sha256 AND c.size_bytes = o.size_bytes ON CONFLICT DO NOTHING"};
static const struct pg_statement link_known = {
    "link_known",
    "WITH linked AS (UPDATE outputs n SET received_bytes = n.size_bytes, sha256 = k.sha256, content = k.sha256 FROM"
    " (SELECT DISTINCT ON (o.position) o.position, c.sha256 FROM outputs o CROSS JOIN LATERAL"
    " (SELECT a.sha256, a.size_bytes FROM contents a WHERE o.checksum_type = 'sha256' AND a.sha256 = o.checksum"
    " UNION ALL"
    " SELECT b.sha256, b.size_bytes FROM contents b WHERE o.checksum_type = 'md5' AND b.md5 = o.checksum) c"
    " WHERE o.import_id = $1 AND o.content IS NULL AND c.size_bytes = o.size_bytes"
    " AND EXISTS (SELECT 1 FROM outputs p JOIN imports i ON i.id = p.import_id"
    " WHERE p.content = c.sha256 AND " SCOPE_SQL(
        "$2", "$3") ")) k"
                    " WHERE n.import_id = $1 AND n.position = k.position RETURNING n.size_bytes)"
                    " UPDATE imports SET known_bytes = (SELECT sum(size_bytes) FROM linked)"
                    " WHERE id = $1 AND EXISTS (SELECT 1 FROM linked)"};
static const struct pg_statement queue_complete = {
    "queue_complete", "UPDATE imports SET state = 'queued', updated_at = now() WHERE id = $1 AND NOT EXISTS"
                      " (SELECT 1 FROM outputs WHERE import_id = $1 AND content IS NULL)"};

static uint64_t output_bytes(const struct store_new_import *wanted)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < wanted->output_count; i++)
        bytes += wanted->outputs[i].size_bytes;
    return bytes;
}

static int put_row(struct pg_connection *connection, const struct store_new_import *wanted, const char *id,
                   struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    pg_put_text(&params, wanted->hub);
    pg_put_text(&params, wanted->nvr);
    pg_put_text(&params, wanted->content_generator);
    pg_put_text(&params, wanted->package);
    pg_put_text(&params, wanted->metadata_sha256);
    pg_put_int(&params, (int64_t)wanted->metadata_bytes);
    pg_put_json(&params, wanted->options);
    pg_put_text(&params, wanted->caller);
    pg_put_text(&params, wanted->request_id);
    pg_put_int(&params, (int64_t)output_bytes(wanted));
    if (!wanted->options)
        params.values[7] = "{}";
    int put = pg_run(connection, &put_import, &params, NULL, err);
    if (put == 0)
        return cg_fail(err, CG_E_USAGE, "the metadata, sha256 %s, is not recorded as a content",
                       wanted->metadata_sha256);
    return put < 0 ? -1 : 0;
}

/* Links the import to the rejected or canceled one before it. */
static int replace_dead(struct pg_connection *connection, const struct acceptance *a, const char *id,
                        struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    pg_put_text(&params, a->wanted->hub);
    pg_put_text(&params, a->wanted->nvr);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &replace, &params, &rows, err);
    if (found <= 0)
        return found;
    const char *dead = PQgetvalue(rows, 0, 0);
    PG_AUTO_PARAMS struct pg_params link = {0};
    pg_put_text(&link, id);
    pg_put_text(&link, dead);
    if (pg_run(connection, &set_replaces, &link, NULL, err) < 0)
        return -1;
    return event_put(connection, dead, "replaced", a->wanted->caller, json_pack("{s:s}", "by", id), err);
}

static int put_all_outputs(struct pg_connection *connection, const struct acceptance *a, const char *id,
                           struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    pg_put_json(&params, a->outputs);
    int put = pg_run(connection, &put_outputs, &params, NULL, err);
    if (put < 0)
        return -1;
    if ((size_t)put != a->wanted->output_count)
        return cg_fail(err, CG_E_USAGE, "two outputs have the same position");
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params known = {0};
    pg_put_text(&known, id);
    if (scope_put(&known, &texts, a->scope, err) != 0)
        return -1;
    return pg_run(connection, &link_known, &known, NULL, err) < 0 ? -1 : 0;
}

/* Moves the import to the queue when nothing is missing. */
static int queue_if_complete(struct pg_connection *connection, const struct acceptance *a, const char *id,
                             struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    int complete = pg_run(connection, &queue_complete, &params, NULL, err);
    if (complete <= 0)
        return complete;
    if (queue_put(connection, id, 0, err) != 0)
        return -1;
    return event_put(connection, id, "queued", a->wanted->caller, json_object(), err);
}

static int put_facts(struct pg_connection *connection, const struct store_new_import *wanted, const char *id,
                     struct cg_error *err)
{
    struct provenance_build build = {.import_id = id,
                                     .origin = "service",
                                     .hub = wanted->hub,
                                     .package = wanted->package,
                                     .content_generator = wanted->content_generator,
                                     .caller = wanted->caller,
                                     .metadata_sha256 = wanted->metadata_sha256};
    return provenance_put(connection, &build, wanted->facts, NULL, err);
}

static int put_new(struct pg_connection *connection, struct acceptance *a, const char *id, struct cg_error *err)
{
    char facts_sha256[65] = "";
    if (put_row(connection, a->wanted, id, err) != 0 || replace_dead(connection, a, id, err) != 0 ||
        put_all_outputs(connection, a, id, err) != 0)
        return -1;
    if (a->wanted->facts &&
        (provenance_digest(a->wanted->facts, facts_sha256, err) != 0 || put_facts(connection, a->wanted, id, err) != 0))
        return -1;
    if (event_put_with(connection, id, "accepted", a->wanted->caller,
                       json_pack("{s:s, s:s, s:I, s:s*}", "request", a->wanted->request_id, "metadata_sha256",
                                 a->wanted->metadata_sha256, "outputs", (json_int_t)a->wanted->output_count,
                                 "facts_sha256", facts_sha256[0] ? facts_sha256 : NULL),
                       a->schema, err) != 0)
        return -1;
    return queue_if_complete(connection, a, id, err);
}

static int accept_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct acceptance *a = context;
    store_import_finish(a->import);
    a->how = STORE_ACCEPTED_SAME;
    int found = answered_before(connection, a, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (nvr_lock(connection, a->wanted->hub, a->wanted->nvr, err) != 0)
        return -1;
    found = find_itself(connection, a, err);
    if (found < 0)
        return -1;
    if (found > 0)
        return keep_answer(connection, a, a->import->id, err);
    char id[STORE_ID_SIZE];
    if (refuse_other(connection, a, err) != 0 || store_new_id(id, err) != 0 || put_new(connection, a, id, err) != 0)
        return -1;
    int kept = keep_answer(connection, a, id, err);
    if (kept != 0)
        return kept;
    a->how = STORE_ACCEPTED_NEW;
    return import_load(connection, id, a->import, err) < 0 ? -1 : 0;
}

/* --- entry ------------------------------------------------------------------------------------------------------- */

static json_t *output_rows(const struct store_new_import *wanted, struct cg_error *err)
{
    CG_AUTO_JSON json_t *rows = json_array();
    for (size_t i = 0; i < wanted->output_count; i++) {
        const struct store_output *o = &wanted->outputs[i];
        json_error_t why = {0};
        json_t *row = json_pack_ex(&why, 0, "{s:I, s:s, s:I, s:s, s:s, s:s?}", "position", (json_int_t)o->position,
                                   "path", o->path, "size_bytes", (json_int_t)o->size_bytes, "checksum_type",
                                   o->checksum_type, "checksum", o->checksum, "sha256", o->sha256);
        if (!row && json_error_code(&why) == json_error_invalid_utf8) {
            cg_fail(err, CG_E_USAGE, "output %u has a text that is not valid UTF-8", o->position);
            return NULL;
        }
        if (json_array_append_new(rows, row) != 0) {
            cg_fail_memory(err);
            return NULL;
        }
    }
    if (!rows)
        cg_fail_memory(err);
    return CG_STEAL(rows);
}

int store_import_accept(struct store *store, const struct store_new_import *wanted, const struct store_scope *scope,
                        struct store_import *import, enum store_accepted *how, struct cg_error *err)
{
    *import = (struct store_import){0};
    CG_AUTO_JSON json_t *outputs = output_rows(wanted, err);
    if (!outputs)
        return -1;
    struct acceptance a = {
        .wanted = wanted, .scope = scope, .outputs = outputs, .schema = store->schema, .import = import};
    if (pg_transaction(store, PG_WRITE, accept_work, &a, err) < 0)
        return -1;
    *how = a.how;
    return 0;
}
