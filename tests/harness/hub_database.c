/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_database.h"

#include "cg/bytes.h"
#include "postgres.h"
#include "unit.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

struct hub_connection {
    PGconn *conn;
    struct database database;
    char said[512];
};

/* Where the tests lie. */
static const char *source_top(void)
{
    const char *top = getenv("CG_TOP");
    return top ? top : ".";
}

const char *hub_database_create_bare(void)
{
    char command[600];
    const char *conninfo = postgres_database();
    snprintf(command, sizeof command, "\\i %s/tests/data/hub-tables.sql", source_top());
    assert_string_equal(postgres_sql(conninfo, command), "");
    return conninfo;
}

const char *hub_database_create(void)
{
    char command[600];
    const char *conninfo = hub_database_create_bare();
    snprintf(command, sizeof command, "\\i %s/schema/hub-sql/install.sql", source_top());
    assert_string_equal(postgres_sql(conninfo, command), "the database is ready for the hub module");
    return conninfo;
}

/* "%s" as "$1", "$2" ... */
static void number_placeholders(const char *sql, struct cg_bytes *numbered)
{
    unsigned number = 0;
    for (const char *found; (found = strstr(sql, "%s")); sql = found + 2) {
        assert_int_equal(cg_bytes_append(numbered, sql, (size_t)(found - sql), NULL), 0);
        assert_int_equal(cg_bytes_printf(numbered, NULL, "$%u", ++number), 0);
    }
    assert_int_equal(cg_bytes_append_text(numbered, sql, NULL), 0);
}

static void copy_rows(const PGresult *result, struct database_rows *rows)
{
    rows->count = (size_t)PQntuples(result);
    rows->columns = (size_t)PQnfields(result);
    rows->cells = calloc(rows->count * rows->columns + 1, sizeof *rows->cells);
    assert_non_null(rows->cells);
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++) {
            /* A hub's driver gives other types as other objects: the logic asks for text. */
            assert_int_equal(PQftype(result, column), 25);
            if (PQgetisnull(result, row, column))
                continue;
            char *cell = strdup(PQgetvalue(result, row, column));
            assert_non_null(cell);
            rows->cells[(size_t)row * rows->columns + (size_t)column] = cell;
        }
}

static int run(void *context, const char *sql, const char *const *values, size_t count, struct database_rows *rows,
               struct cg_error *err)
{
    struct hub_connection *connection = context;
    CG_AUTO_BYTES struct cg_bytes numbered = {0};
    Oid types[16] = {0};
    number_placeholders(sql, &numbered);
    for (size_t i = 0; i < count; i++)
        types[i] = 25; /* text: as the hub's driver writes a value into the statement */
    PGresult *result = PQexecParams(connection->conn, numbered.data, (int)count, types, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        cg_fail(err, CG_E_HUB_FAULT, "the hub's database: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
        PQclear(result);
        return -1;
    }
    if (rows)
        copy_rows(result, rows);
    PQclear(result);
    return 0;
}

static void execute(struct hub_connection *connection, const char *sql)
{
    PGresult *result = PQexec(connection->conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection->conn));
    PQclear(result);
}

struct hub_connection *hub_connect(const char *conninfo)
{
    struct hub_connection *connection = calloc(1, sizeof *connection);
    assert_non_null(connection);
    connection->conn = PQconnectdb(conninfo);
    connection->database = (struct database){run, connection};
    assert_int_equal(PQstatus(connection->conn), CONNECTION_OK);
    execute(connection, "SET ROLE koji");
    execute(connection, "BEGIN");
    return connection;
}

const struct database *hub_connection_database(struct hub_connection *connection)
{
    return &connection->database;
}

const char *hub_commit(struct hub_connection *connection)
{
    PGresult *result = PQexec(connection->conn, "COMMIT");
    const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    snprintf(connection->said, sizeof connection->said, "%s", done ? "" : said ? said : PQcmdStatus(result));
    PQclear(result);
    execute(connection, "BEGIN");
    return connection->said;
}

void hub_rollback(struct hub_connection *connection)
{
    execute(connection, "ROLLBACK");
    execute(connection, "BEGIN");
}

void hub_disconnect(struct hub_connection *connection)
{
    PQfinish(connection->conn);
    free(connection);
}
