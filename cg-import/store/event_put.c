/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event that goes with every change of an import, and the leaf of the audit log that goes with every event. */
#include "store/audit_leaf.h"
#include "store/import_rows.h"

#include <string.h>

/* Whoever writes events of an import has its row, so what is read of it here is what the transaction made of it. */
static const struct pg_statement put_event = {
    "put_event",
    "WITH e AS (INSERT INTO events (import_id, type, actor, detail) VALUES ($1, $2, $3, $4) RETURNING event_id, at)"
    " SELECT e.event_id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), i.nvr, i.hub,"
    " i.content_generator, i.metadata_sha256, i.metadata_bytes, i.build_id FROM e, imports i WHERE i.id = $1"};
static const struct pg_statement leaf_outputs = {
    "leaf_outputs", "SELECT o.path, o.size_bytes, o.checksum_type, o.checksum, coalesce(c.sha256, o.sha256), c.md5"
                    " FROM outputs o LEFT JOIN contents c ON c.sha256 = o.content WHERE o.import_id = $1"
                    " AND ($2::integer IS NULL OR o.position = $2) ORDER BY o.position"};

/* What the metadata says of the output, and the digests of what came for it. */
static json_t *leaf_output(const PGresult *rows, int i)
{
    struct pg_row row = pg_row(rows, i);
    const char *path = pg_get_text(&row);
    int64_t size_bytes = pg_get_int(&row);
    const char *kind = pg_get_text(&row);
    const char *checksum = pg_get_text(&row);
    const char *sha256 = pg_get_text(&row);
    const char *md5 = pg_get_text(&row);
    CG_AUTO_JSON json_t *output =
        json_pack("{s:s, s:I, s:s}", "name", path, "size", (json_int_t)size_bytes, kind, checksum);
    if (!output || (sha256 && json_object_set_new(output, "sha256", json_string(sha256)) != 0) ||
        (md5 && json_object_set_new(output, "md5", json_string(md5)) != 0))
        return NULL;
    return CG_STEAL(output);
}

/* The outputs that a leaf of this type tells: all when they are promised and when they are on the hub, one when it
 * came. *outputs stays NULL for the others. */
static int read_outputs(struct pg_connection *connection, const char *id, const char *type, const json_t *detail,
                        json_t **outputs, struct cg_error *err)
{
    const json_t *position = strcmp(type, "content") == 0 ? json_object_get(detail, "position") : NULL;
    if (!position && strcmp(type, "accepted") != 0 && strcmp(type, "imported") != 0)
        return 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    if (position)
        pg_put_int(&params, json_integer_value(position));
    else
        pg_put_text(&params, NULL);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &leaf_outputs, &params, &rows, err);
    if (count < 0)
        return -1;
    *outputs = json_array();
    for (int i = 0; i < count; i++)
        if (json_array_append_new(*outputs, leaf_output(rows, i)) != 0)
            return cg_fail_memory(err);
    return *outputs ? 0 : cg_fail_memory(err);
}

/* What the leaf says of the import, from the columns that come next. */
static json_t *leaf_members(struct pg_row *row, const json_t *more, struct cg_error *err)
{
    const char *hub = pg_get_text(row);
    const char *generator = pg_get_text(row);
    const char *sha256 = pg_get_text(row);
    int64_t size_bytes = pg_get_int(row), build_id = pg_get_int(row);
    CG_AUTO_JSON json_t *members = json_pack("{s:s, s:I, s:{s:s, s:s}}", "metadata_sha256", sha256, "metadata_size",
                                             (json_int_t)size_bytes, "koji", "cg", generator, "hub", hub);
    if (!members ||
        (build_id && json_object_set_new(json_object_get(members, "koji"), "build_id", json_integer(build_id)) != 0) ||
        (more && json_object_update(members, (json_t *)(uintptr_t)more) != 0)) {
        cg_fail_memory(err);
        return NULL;
    }
    return CG_STEAL(members);
}

int event_put_with(struct pg_connection *connection, const char *id, const char *type, const char *actor,
                   json_t *detail, const json_t *more, struct cg_error *err)
{
    CG_AUTO_JSON json_t *owned = detail;
    CG_AUTO_JSON json_t *outputs = NULL;
    if (!owned)
        return cg_fail_memory(err);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    pg_put_text(&params, type);
    pg_put_text(&params, actor);
    pg_put_json(&params, owned);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int put = pg_run(connection, &put_event, &params, &rows, err);
    if (put <= 0)
        return put < 0 ? -1 : cg_fail(err, CG_E_INTERNAL, "there is no import %s", id);
    struct pg_row row = pg_row(rows, 0);
    struct audit_leaf leaf = {.type = type, .actor = actor, .import_id = id, .detail = owned};
    leaf.event_id = pg_get_int(&row);
    leaf.time = pg_get_text(&row);
    leaf.nvr = pg_get_text(&row);
    CG_AUTO_JSON json_t *members = leaf_members(&row, more, err);
    if (!members || read_outputs(connection, id, type, owned, &outputs, err) != 0)
        return -1;
    leaf.members = members;
    leaf.outputs = outputs;
    return audit_leaf_put(connection, &leaf, err);
}

int event_put(struct pg_connection *connection, const char *id, const char *type, const char *actor, json_t *detail,
              struct cg_error *err)
{
    return event_put_with(connection, id, type, actor, detail, NULL, err);
}
