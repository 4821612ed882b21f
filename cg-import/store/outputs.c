/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outputs arriving, until the import is complete. */
#include "store/import_rows.h"
#include "store/transaction.h"

#include <string.h>

struct arrival {
    const char *id;
    unsigned position;
    uint64_t received_bytes;
    const char *sha256;
    const char *actor;
    bool complete;
};

/* --- bytes ------------------------------------------------------------------------------------------------------- */

static const struct pg_statement set_progress = {
    "set_progress", "UPDATE outputs SET received_bytes = least($3::bigint, size_bytes) WHERE import_id = $1"
                    " AND position = $2 AND content IS NULL"};

static int progress_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct arrival *a = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->id);
    pg_put_int(&params, a->position);
    pg_put_int(&params, (int64_t)a->received_bytes);
    return pg_run(connection, &set_progress, &params, NULL, err);
}

int store_output_progress(struct store *store, const char *id, unsigned position, uint64_t received_bytes,
                          struct cg_error *err)
{
    struct arrival arrival = {.id = id, .position = position, .received_bytes = received_bytes};
    return store_is_id(id) ? pg_transaction(store, PG_SET, progress_work, &arrival, err) : 0;
}

/* --- a whole output ---------------------------------------------------------------------------------------------- */

static const struct pg_statement lock_receiving = {"lock_receiving",
                                                   "SELECT state FROM imports WHERE id = $1 FOR UPDATE"};
static const struct pg_statement compare = {
    "compare", "SELECT o.content IS NOT NULL, c.sha256 IS NOT NULL, c.size_bytes = o.size_bytes AND"
               " o.checksum = CASE o.checksum_type WHEN 'sha256' THEN c.sha256 WHEN 'md5' THEN c.md5"
               " WHEN 'adler32' THEN c.adler32 END, o.path, o.checksum_type, o.checksum,"
               " o.size_bytes FROM outputs o LEFT JOIN contents c ON c.sha256 = $3"
               " WHERE o.import_id = $1 AND o.position = $2"};
static const struct pg_statement link_content = {
    "link_content", "UPDATE outputs SET content = $3, sha256 = $3, received_bytes = size_bytes WHERE import_id = $1"
                    " AND position = $2"};
static const struct pg_statement queue_received = {
    "queue_received", "UPDATE imports SET state = 'queued', updated_at = now() WHERE id = $1 AND NOT EXISTS"
                      " (SELECT 1 FROM outputs WHERE import_id = $1 AND content IS NULL)"};

static int refuse_content(const struct arrival *a, struct pg_row *row, bool recorded, struct cg_error *err)
{
    if (!recorded)
        return cg_fail(err, CG_E_USAGE, "the content with sha256 %s is not recorded", a->sha256);
    const char *path = pg_get_text(row);
    const char *kind = pg_get_text(row);
    const char *checksum = pg_get_text(row);
    return cg_fail(err, CG_E_MISMATCH, "output %u, %s, is not what the metadata says: expected %s %s and %s bytes",
                   a->position, path, kind, checksum, pg_get_text(row));
}

/* 1 when the content is the output's and is to be linked, 2 when one is linked already, 0 no such output, -1. */
static int compare_content(struct pg_connection *connection, const struct arrival *a, const struct pg_params *params,
                           struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &compare, params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    if (pg_get_bool(&row))
        return 2;
    bool recorded = pg_get_bool(&row);
    return pg_get_bool(&row) ? 1 : refuse_content(a, &row, recorded, err);
}

static int link_and_queue(struct pg_connection *connection, struct arrival *a, const struct pg_params *params,
                          struct cg_error *err)
{
    if (pg_run(connection, &link_content, params, NULL, err) < 0)
        return -1;
    json_t *detail = json_pack("{s:I, s:s}", "position", (json_int_t)a->position, "sha256", a->sha256);
    if (event_put(connection, a->id, "content", a->actor, detail, err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params id = {0};
    pg_put_text(&id, a->id);
    int complete = pg_run(connection, &queue_received, &id, NULL, err);
    if (complete < 0)
        return -1;
    a->complete = complete > 0;
    if (!a->complete)
        return 1;
    if (queue_put(connection, a->id, 0, err) != 0 ||
        event_put(connection, a->id, "queued", a->actor, json_object(), err) != 0)
        return -1;
    return 1;
}

static int received_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct arrival *a = context;
    a->complete = false;
    PG_AUTO_PARAMS struct pg_params id = {0};
    pg_put_text(&id, a->id);
    PG_AUTO_ROWS PGresult *state = NULL;
    int found = pg_run(connection, &lock_receiving, &id, &state, err);
    if (found <= 0)
        return found;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->id);
    pg_put_int(&params, a->position);
    pg_put_text(&params, a->sha256);
    int wanted = compare_content(connection, a, &params, err);
    if (wanted <= 0 || wanted == 2)
        return wanted < 0 ? -1 : wanted / 2;
    if (strcmp(PQgetvalue(state, 0, 0), "receiving") != 0)
        return cg_fail(err, CG_E_CONFLICT, "import %s is %s; outputs are taken while it is receiving", a->id,
                       PQgetvalue(state, 0, 0));
    return link_and_queue(connection, a, &params, err);
}

int store_output_received(struct store *store, const char *id, unsigned position, const char *sha256, const char *actor,
                          bool *complete, struct cg_error *err)
{
    struct arrival arrival = {.id = id, .position = position, .sha256 = sha256, .actor = actor};
    *complete = false;
    int done = store_is_id(id) ? pg_transaction(store, PG_WRITE, received_work, &arrival, err) : 0;
    *complete = done > 0 && arrival.complete;
    return done;
}
