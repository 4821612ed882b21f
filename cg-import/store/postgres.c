/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/postgres.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* --- parameters -------------------------------------------------------------------------------------------------- */

void pg_put_text(struct pg_params *params, const char *text)
{
    assert(params->count < PG_PARAMS_MAX);
    params->values[params->count++] = text;
}

void pg_put_int(struct pg_params *params, int64_t number)
{
    char *text = params->numbers[params->count];
    snprintf(text, sizeof params->numbers[0], "%lld", (long long)number);
    pg_put_text(params, text);
}

void pg_put_double(struct pg_params *params, double number)
{
    char *text = params->numbers[params->count];
    snprintf(text, sizeof params->numbers[0], "%.17g", number);
    pg_put_text(params, text);
}

void pg_put_json(struct pg_params *params, const json_t *json)
{
    if (!json) {
        pg_put_text(params, NULL);
        return;
    }
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        params->failed = true;
    params->owned[params->count] = text;
    pg_put_text(params, text);
}

void pg_params_finish(struct pg_params *params)
{
    for (int i = 0; i < params->count; i++)
        free(params->owned[i]);
}

/* --- statements -------------------------------------------------------------------------------------------------- */

static void tell(const struct pg_connection *connection, const char *name, const char *text)
{
    if (!connection->trouble)
        return;
    char line[1024];
    snprintf(line, sizeof line, "%s: %s", name, text);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == '\n')
        line[--length] = '\0';
    connection->trouble(connection->trouble_context, line);
}

/* What programs do about an SQLSTATE: PostgreSQL's appendix A. A row counts for all states that begin with it. */
static const struct {
    const char *state;
    enum pg_failure failure;
    enum cg_code code;
    const char *message;
} meanings[] = {
    {"40001", PG_FAILURE_AGAIN, CG_E_BUSY, "the database asks to try again"},
    {"40P01", PG_FAILURE_AGAIN, CG_E_BUSY, "the database asks to try again"},
    {"23503", PG_FAILURE_AGAIN, CG_E_BUSY, "the database asks to try again"},
    {"57P0", PG_FAILURE_LOST, CG_E_BUSY, "the database is shutting down or starting"},
    {"08", PG_FAILURE_LOST, CG_E_BUSY, "the connection to the database was lost"},
    {"53", PG_FAILURE_FINAL, CG_E_BUSY, "the database is out of disk, memory or connections"},
    {"55P03", PG_FAILURE_FINAL, CG_E_BUSY, "a lock in the database was not had in time"},
    {"57014", PG_FAILURE_FINAL, CG_E_BUSY, "the database did not answer in time"},
    {"25006", PG_FAILURE_FINAL, CG_E_BUSY, "the database is read-only now"},
    {"42P01", PG_FAILURE_FINAL, CG_E_CONFIG, "the database does not have the tables of this program"},
    {"42703", PG_FAILURE_FINAL, CG_E_CONFIG, "the database does not have the tables of this program"},
    {"42501", PG_FAILURE_FINAL, CG_E_CONFIG, "the database's user may not do what the service needs"},
    {"22021", PG_FAILURE_FINAL, CG_E_USAGE, "a text is not valid UTF-8"},
    {"22P05", PG_FAILURE_FINAL, CG_E_USAGE, "a text has a character that the database does not keep"},
};

static int refuse(struct pg_connection *connection, const char *name, const char *state, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) != 0)
            continue;
        connection->failure = meanings[i].failure;
        cg_fail(err, meanings[i].code, "%s (SQLSTATE %s)", meanings[i].message, state);
        return meanings[i].code == CG_E_CONFIG ? cg_hint(err, "run: cg-import migrate") : -1;
    }
    connection->failure = PG_FAILURE_FINAL;
    return cg_fail(err, CG_E_INTERNAL, "the database refused the statement %s (SQLSTATE %s)", name, state);
}

/* Says why `rows` is no good result. Connection first: a server that goes away may have said anything before. */
static int fail_result(struct pg_connection *connection, const char *name, const PGresult *rows, struct cg_error *err)
{
    if (connection->failure == PG_FAILURE_SILENT) {
        tell(connection, name, "no answer, not even that it took too long: does the server stand still?");
        return cg_fail(err, CG_E_BUSY, "the database does not answer");
    }
    tell(connection, name, rows ? PQresultErrorMessage(rows) : PQerrorMessage(connection->conn));
    if (PQstatus(connection->conn) == CONNECTION_BAD) {
        connection->failure = PG_FAILURE_LOST;
        return cg_fail(err, CG_E_BUSY, "the connection to the database was lost");
    }
    const char *state = rows ? PQresultErrorField(rows, PG_DIAG_SQLSTATE) : NULL;
    if (state)
        return refuse(connection, name, state, err);
    connection->failure = PG_FAILURE_FINAL;
    return cg_fail_memory(err);
}

static int prepare(struct pg_connection *connection, const struct pg_statement *statement, struct cg_error *err)
{
    for (unsigned i = 0; i < connection->prepared_count; i++)
        if (connection->prepared[i] == statement)
            return 0;
    PG_AUTO_ROWS PGresult *rows =
        pg_answer(connection, PQsendPrepare(connection->conn, statement->name, statement->sql, 0, NULL));
    if (!pg_is_good(rows))
        return fail_result(connection, statement->name, rows, err);
    assert(connection->prepared_count < PG_PREPARED_MAX);
    connection->prepared[connection->prepared_count++] = statement;
    return 0;
}

int pg_run(struct pg_connection *connection, const struct pg_statement *statement, const struct pg_params *params,
           PGresult **rows, struct cg_error *err)
{
    if (params && params->failed)
        return cg_fail_memory(err);
    if (prepare(connection, statement, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *got =
        pg_answer(connection, PQsendQueryPrepared(connection->conn, statement->name, params ? params->count : 0,
                                                  params ? params->values : NULL, NULL, NULL, 0));
    if (!pg_is_good(got))
        return fail_result(connection, statement->name, got, err);
    int count = PQresultStatus(got) == PGRES_TUPLES_OK ? PQntuples(got) : (int)strtol(PQcmdTuples(got), NULL, 10);
    if (rows)
        *rows = CG_STEAL(got);
    return count;
}

int pg_command(struct pg_connection *connection, const char *name, const char *sql, struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *got = pg_answer(connection, PQsendQuery(connection->conn, sql));
    return pg_is_good(got) ? 0 : fail_result(connection, name, got, err);
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

struct pg_row pg_row(const PGresult *rows, int row)
{
    return (struct pg_row){.rows = rows, .row = row};
}

const char *pg_get_text(struct pg_row *row)
{
    int column = row->column++;
    return PQgetisnull(row->rows, row->row, column) ? NULL : PQgetvalue(row->rows, row->row, column);
}

void pg_get_copy(struct pg_row *row, char **copy)
{
    const char *text = pg_get_text(row);
    *copy = text ? strdup(text) : NULL;
    if (text && !*copy)
        row->failed = true;
}

void pg_get_id(struct pg_row *row, char id[STORE_ID_SIZE])
{
    const char *text = pg_get_text(row);
    snprintf(id, STORE_ID_SIZE, "%s", text ? text : "");
}

int64_t pg_get_int(struct pg_row *row)
{
    const char *text = pg_get_text(row);
    return text ? strtoll(text, NULL, 10) : 0;
}

double pg_get_double(struct pg_row *row)
{
    const char *text = pg_get_text(row);
    return text ? strtod(text, NULL) : 0;
}

bool pg_get_bool(struct pg_row *row)
{
    const char *text = pg_get_text(row);
    return text && *text == 't';
}

void pg_get_json(struct pg_row *row, json_t **json)
{
    const char *text = pg_get_text(row);
    *json = text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (text && !*json)
        row->failed = true;
}

int pg_row_end(const struct pg_row *row, struct cg_error *err)
{
    return row->failed ? cg_fail_memory(err) : 0;
}
