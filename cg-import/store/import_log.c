/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/import_log.h"

#include "store/transaction.h"

#include <string.h>

/* --- adding ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement put_lines = {
    "put_log_lines",
    "INSERT INTO import_lines (import_id, at, level, text)"
    " SELECT l.import_id, to_timestamp(l.at), l.level, l.text FROM ROWS FROM (json_to_recordset($1::json)"
    " AS (import_id uuid, at float8, level text, text text)) WITH ORDINALITY AS l(import_id, at, level, text, position)"
    " JOIN imports i ON i.id = l.import_id ORDER BY l.position"};
static const struct pg_statement drop_lines = {
    "drop_log_lines",
    "WITH dropped AS (DELETE FROM import_lines d USING"
    " (SELECT DISTINCT import_id FROM json_to_recordset($1::json) AS l(import_id uuid)) t"
    " WHERE d.import_id = t.import_id AND d.line_id <= (SELECT line_id FROM import_lines o"
    " WHERE o.import_id = t.import_id ORDER BY line_id DESC OFFSET $2 LIMIT 1) RETURNING d.import_id)"
    " INSERT INTO import_lines_dropped AS n (import_id, lines) SELECT import_id, count(*) FROM dropped GROUP BY 1"
    " ORDER BY 1 ON CONFLICT (import_id) DO UPDATE SET lines = n.lines + excluded.lines"};
static const struct pg_statement count_lost = {
    "count_log_lost", "INSERT INTO import_lines_dropped AS n (import_id, lines) SELECT i.id, l.value::bigint FROM "
                      "json_each_text($1::json) l"
                      " JOIN imports i ON i.id = l.key::uuid ORDER BY 1"
                      " ON CONFLICT (import_id) DO UPDATE SET lines = n.lines + excluded.lines"};

struct adding {
    const json_t *lines, *lost;
};

static int add_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct adding *adding = context;
    PG_AUTO_PARAMS struct pg_params params = {0}, lost = {0};
    pg_put_json(&params, adding->lines);
    if (pg_run(connection, &put_lines, &params, NULL, err) < 0)
        return -1;
    pg_put_int(&params, STORE_LOG_LINES_MAX);
    if (pg_run(connection, &drop_lines, &params, NULL, err) < 0)
        return -1;
    if (json_object_size(adding->lost) == 0)
        return 0;
    pg_put_json(&lost, adding->lost);
    return pg_run(connection, &count_lost, &lost, NULL, err) < 0 ? -1 : 0;
}

/* Bytes of the text that are kept: not the half of a character. */
static size_t kept_size(const char *text)
{
    size_t size = strlen(text);
    if (size <= STORE_LOG_TEXT_MAX)
        return size;
    size = STORE_LOG_TEXT_MAX;
    while (size > 0 && ((unsigned char)text[size] & 0xC0U) == 0x80U)
        size--;
    return size;
}

static json_t *make_rows(const struct store_log_line *lines, size_t count, struct cg_error *err)
{
    CG_AUTO_JSON json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_pack("{s:s, s:f, s:s, s:s%}", "import_id", lines[i].import_id, "at", lines[i].at, "level",
                                lines[i].level, "text", lines[i].text, kept_size(lines[i].text));
        if (json_array_append_new(rows, row) != 0) {
            cg_fail_memory(err);
            return NULL;
        }
    }
    return CG_STEAL(rows);
}

int store_log_add(struct store *store, const struct store_log_line *lines, size_t count, const json_t *lost,
                  struct cg_error *err)
{
    CG_AUTO_JSON json_t *rows = make_rows(lines, count, err);
    struct adding adding = {.lines = rows, .lost = lost};
    return !rows || pg_transaction(store, PG_WRITE, add_work, &adding, err) < 0 ? -1 : 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static const struct pg_statement get_lines = {
    "get_log_lines", "SELECT json_build_object('lines', (SELECT coalesce(json_agg(json_build_object('at', "
                     "rfc3339(l.at), 'level', l.level,"
                     " 'text', l.text) ORDER BY l.line_id), '[]') FROM (SELECT * FROM import_lines WHERE import_id = $1"
                     " ORDER BY line_id DESC LIMIT $2) l),"
                     " 'dropped', coalesce((SELECT lines FROM import_lines_dropped WHERE import_id = $1), 0))"};

struct reading {
    const char *id;
    json_t *log;
};

static int get_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct reading *reading = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    PG_AUTO_ROWS PGresult *rows = NULL;
    json_decref(reading->log);
    reading->log = NULL;
    pg_put_text(&params, reading->id);
    pg_put_int(&params, STORE_LOG_LINES_MAX);
    if (pg_run(connection, &get_lines, &params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    pg_get_json(&row, &reading->log);
    return pg_row_end(&row, err);
}

int store_log_get(struct store *store, const char *id, json_t **log, struct cg_error *err)
{
    struct reading reading = {.id = id};
    int result = pg_transaction(store, PG_READ, get_work, &reading, err);
    *log = result == 0 ? CG_STEAL(reading.log) : NULL;
    json_decref(reading.log);
    return result < 0 ? -1 : 0;
}
