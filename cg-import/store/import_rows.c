/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/import_rows.h"

int import_read(struct pg_row *row, struct store_import *import, struct cg_error *err)
{
    pg_get_id(row, import->id);
    pg_get_id(row, import->replaces);
    pg_get_id(row, import->replaced_by);
    int state = store_state_from_name(pg_get_text(row));
    const char *held_name = pg_get_text(row);
    int held = store_held_from_name(held_name ? held_name : "");
    pg_get_copy(row, &import->step);
    pg_get_copy(row, &import->hub);
    pg_get_copy(row, &import->nvr);
    pg_get_copy(row, &import->content_generator);
    pg_get_copy(row, &import->package);
    pg_get_copy(row, &import->metadata_sha256);
    import->metadata_bytes = (uint64_t)pg_get_int(row);
    pg_get_json(row, &import->options);
    pg_get_copy(row, &import->caller);
    pg_get_copy(row, &import->request_id);
    import->attempts = (unsigned)pg_get_int(row);
    import->build_id = pg_get_int(row);
    pg_get_copy(row, &import->url);
    pg_get_copy(row, &import->error_name);
    pg_get_copy(row, &import->error_message);
    pg_get_copy(row, &import->error_hint);
    pg_get_json(row, &import->report);
    import->created_at = pg_get_double(row);
    import->updated_at = pg_get_double(row);
    import->finished_at = pg_get_double(row);
    import->next_attempt_at = pg_get_double(row);
    if (state < 0 || held < 0)
        return cg_fail(err, CG_E_INTERNAL, "import %s has a state that this program does not know", import->id);
    import->state = (enum store_state)state;
    import->held = (enum store_held)held;
    return pg_row_end(row, err);
}

static const struct pg_statement import_by_id = {"import_by_id",
                                                 "SELECT " IMPORT_COLUMNS " FROM imports i WHERE i.id = $1"};
static const struct pg_statement outputs_by_id = {
    "outputs_by_id", "SELECT position, path, size_bytes, checksum_type, checksum, sha256, received_bytes FROM outputs"
                     " WHERE import_id = $1 ORDER BY position"};

static int read_output(struct pg_row *row, struct store_output *output, struct cg_error *err)
{
    output->position = (unsigned)pg_get_int(row);
    pg_get_copy(row, &output->path);
    output->size_bytes = (uint64_t)pg_get_int(row);
    pg_get_copy(row, &output->checksum_type);
    pg_get_copy(row, &output->checksum);
    pg_get_copy(row, &output->sha256);
    output->received_bytes = (uint64_t)pg_get_int(row);
    return pg_row_end(row, err);
}

static int load_outputs(struct pg_connection *connection, const struct pg_params *id, struct store_import *import,
                        struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &outputs_by_id, id, &rows, err);
    if (count <= 0)
        return count;
    import->outputs = calloc((size_t)count, sizeof *import->outputs);
    if (!import->outputs)
        return cg_fail_memory(err);
    import->output_count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (read_output(&row, &import->outputs[i], err) != 0)
            return -1;
    }
    return 0;
}

int import_load(struct pg_connection *connection, const char *id, struct store_import *import, struct cg_error *err)
{
    store_import_finish(import);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &import_by_id, &params, &rows, err);
    if (count <= 0)
        return count;
    struct pg_row row = pg_row(rows, 0);
    if (import_read(&row, import, err) != 0 || load_outputs(connection, &params, import, err) != 0)
        return -1;
    return 1;
}

static void finish_output(struct store_output *output)
{
    free(output->path);
    free(output->checksum_type);
    free(output->checksum);
    free(output->sha256);
}

void store_import_finish(struct store_import *import)
{
    free(import->step);
    free(import->hub);
    free(import->nvr);
    free(import->content_generator);
    free(import->package);
    free(import->metadata_sha256);
    json_decref(import->options);
    free(import->caller);
    free(import->request_id);
    free(import->url);
    free(import->error_name);
    free(import->error_message);
    free(import->error_hint);
    json_decref(import->report);
    for (size_t i = 0; i < import->output_count; i++)
        finish_output(&import->outputs[i]);
    free(import->outputs);
    *import = (struct store_import){0};
}

void store_imports_free(struct store_import *imports, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_import_finish(&imports[i]);
    free(imports);
}

static const struct pg_statement notify = {"notify", "SELECT pg_notify('cg_import_queue', '')"};

int queue_notify(struct pg_connection *connection, struct cg_error *err)
{
    return pg_run(connection, &notify, NULL, NULL, err) < 0 ? -1 : 0;
}

static const struct pg_statement put_queue = {
    "put_queue", "INSERT INTO queue (import_id, content_generator, hub, due_at)"
                 " SELECT id, content_generator, hub, clock_timestamp() + $2::float8 * interval '1 ms' FROM imports"
                 " WHERE id = $1"};
static const struct pg_statement put_turn = {
    "put_turn", "INSERT INTO turns (content_generator, hub) SELECT i.content_generator, i.hub FROM imports i"
                " WHERE i.id = $1 AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.content_generator ="
                " i.content_generator AND t.hub = i.hub) ON CONFLICT DO NOTHING"};

int queue_put(struct pg_connection *connection, const char *id, unsigned delay_ms, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    if (pg_run(connection, &put_turn, &params, NULL, err) < 0)
        return -1;
    pg_put_int(&params, delay_ms);
    if (pg_run(connection, &put_queue, &params, NULL, err) < 0)
        return -1;
    return queue_notify(connection, err);
}

static const struct pg_statement lock_nvr = {
    "lock_nvr", "SELECT pg_advisory_xact_lock(hashtextextended($1::text || chr(10) || $2::text, 7164110298514371950))"};

int nvr_lock(struct pg_connection *connection, const char *hub, const char *nvr, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, hub);
    pg_put_text(&params, nvr);
    return pg_run(connection, &lock_nvr, &params, NULL, err) < 0 ? -1 : 0;
}

/* A row that another holds is being used, too. */
static const struct pg_statement touch_contents = {
    "touch_contents", "UPDATE contents SET used_at = now() WHERE sha256 IN (SELECT c.sha256 FROM contents c"
                      " WHERE c.sha256 IN (SELECT content FROM outputs WHERE import_id = $1 UNION"
                      " SELECT metadata_content FROM imports WHERE id = $1) FOR NO KEY UPDATE SKIP LOCKED)"};

int contents_touch(struct pg_connection *connection, const char *id, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    return pg_run(connection, &touch_contents, &params, NULL, err) < 0 ? -1 : 0;
}
