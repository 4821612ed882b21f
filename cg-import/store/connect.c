/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a connection to PostgreSQL: in bounded time, with a reason that can be told without its conninfo. */
#include "store/postgres.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 10U
#define STATEMENT_TIMEOUT_MS 30000U
#define LOCK_TIMEOUT_MS 10000U
/* Oldest server with all that the statements use. */
#define SERVER_VERSION_MIN 130000

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* Begins to connect. The conninfo comes after our defaults and so may set others; with PQERRORS_SQLSTATE a refusal by
 * the server is told by its code, which is the same in every language. */
static PGconn *begin(const char *conninfo)
{
    static const char *const names[] = {"application_name",
                                        "keepalives_idle",
                                        "tcp_user_timeout",
                                        "target_session_attrs",
                                        "client_encoding",
                                        "dbname",
                                        NULL};
    const char *const values[] = {"cg-import", "30", "30000", "read-write", "UTF8", conninfo, NULL};
    PGconn *conn = PQconnectStartParams(names, values, 1);
    if (conn) {
        PQsetErrorVerbosity(conn, PQERRORS_SQLSTATE);
        PQsetNoticeReceiver(conn, ignore_notice, NULL);
    }
    return conn;
}

/* Drives the connection until it stands, is refused or the time is over. */
static PostgresPollingStatusType drive(PGconn *conn, uint64_t deadline_ms)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline_ms)
            return next;
        struct pollfd wait = {.fd = PQsocket(conn), .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int ready = poll(&wait, 1, (int)(deadline_ms - now));
        if (ready < 0 && errno != EINTR)
            return PGRES_POLLING_FAILED;
        if (ready > 0)
            next = PQconnectPoll(conn);
    }
    return next;
}

/* The SQLSTATE that ends libpq's message ("... failed: FATAL:  28P01"), "" if none does. */
static void last_state(const char *message, char state[6])
{
    size_t length = strlen(message);
    while (length > 0 && isspace((unsigned char)message[length - 1]))
        length--;
    state[0] = '\0';
    if (length < 6 || message[length - 6] != ' ')
        return;
    for (size_t i = length - 5; i < length; i++)
        if (!isdigit((unsigned char)message[i]) && !isupper((unsigned char)message[i]))
            return;
    snprintf(state, 6, "%.5s", message + length - 5);
}

static int fail_connect(const struct pg_connection *connection, PostgresPollingStatusType how, struct cg_error *err)
{
    if (how != PGRES_POLLING_FAILED)
        return cg_fail(err, CG_E_BUSY, "the database did not answer in time");
    const char *message = PQerrorMessage(connection->conn);
    if (connection->trouble)
        connection->trouble(connection->trouble_context, message);
    char state[6];
    last_state(message, state);
    if (strncmp(state, "28", 2) == 0 || strcmp(state, "42501") == 0) {
        cg_fail(err, CG_E_CONFIG, "the database does not let the service in (SQLSTATE %s)", state);
        return cg_hint(err, "look at the user, the password and pg_hba.conf");
    }
    if (strcmp(state, "3D000") == 0) {
        cg_fail(err, CG_E_CONFIG, "the database does not exist (SQLSTATE 3D000)");
        return cg_hint(err, "an administrator creates it: createdb -O USER NAME");
    }
    return cg_fail(err, CG_E_BUSY, "the database cannot be reached%s%s", *state ? ", SQLSTATE " : "", state);
}

/* Timeouts of every statement, and texts and times in the one form that is read here. No statement is compiled: none
 * reads so much that it would pay, and where one is thought to, compiling takes seconds. */
static int set_up(struct pg_connection *connection, const struct store_options *options, struct cg_error *err)
{
    int version = PQserverVersion(connection->conn);
    if (version < SERVER_VERSION_MIN)
        return cg_fail(err, CG_E_UNSUPPORTED, "the database is PostgreSQL %d; expected 13 or later", version / 10000);
    /* From here on a result has its SQLSTATE beside the text, and the text is for the log. */
    PQsetErrorVerbosity(connection->conn, PQERRORS_TERSE);
    char sql[400];
    snprintf(sql, sizeof sql,
             "SET statement_timeout = %u; SET lock_timeout = %u; SET idle_in_transaction_session_timeout = 60000; "
             "SET default_transaction_isolation = 'read committed'; SET timezone = 'UTC'; SET extra_float_digits = 1; "
             "SET client_min_messages = 'warning'; SET jit = off",
             options->statement_timeout_ms ? options->statement_timeout_ms : STATEMENT_TIMEOUT_MS,
             options->lock_timeout_ms ? options->lock_timeout_ms : LOCK_TIMEOUT_MS);
    return pg_command(connection, "set up", sql, err);
}

/* A statement may take its timeout; half as much again and a second are for a busy network and a busy server. */
unsigned pg_patience_ms(const struct store_options *options)
{
    unsigned timeout_ms = options->statement_timeout_ms ? options->statement_timeout_ms : STATEMENT_TIMEOUT_MS;
    return timeout_ms + timeout_ms / 2 + 1000;
}

int pg_connect(struct pg_connection *connection, const struct store_options *options, struct cg_error *err)
{
    /* libpq quotes what it does not understand, and that may be a password: its message is not passed on. */
    char *message = NULL;
    PQconninfoOption *parsed = PQconninfoParse(options->conninfo, &message);
    bool understood = parsed != NULL, wrong = message != NULL;
    PQfreemem(message);
    PQconninfoFree(parsed);
    if (!understood)
        return wrong ? cg_fail(err, CG_E_CONFIG, "the connection string of the database cannot be understood")
                     : cg_fail_memory(err);
    unsigned seconds = options->connect_timeout_s ? options->connect_timeout_s : CONNECT_TIMEOUT_S;
    connection->trouble = options->trouble;
    connection->trouble_context = options->trouble_context;
    connection->prepared_count = 0;
    connection->failure = PG_FAILURE_NONE;
    connection->patience_ms = pg_patience_ms(options);
    connection->conn = begin(options->conninfo);
    if (!connection->conn)
        return cg_fail_memory(err);
    PostgresPollingStatusType how = PQstatus(connection->conn) == CONNECTION_BAD
                                        ? PGRES_POLLING_FAILED
                                        : drive(connection->conn, clock_monotonic_ms() + seconds * 1000U);
    /* pg_answer waits where libpq would. */
    if (how == PGRES_POLLING_OK && PQsetnonblocking(connection->conn, 1) != 0)
        how = PGRES_POLLING_FAILED;
    int result = how == PGRES_POLLING_OK ? set_up(connection, options, err) : fail_connect(connection, how, err);
    if (result != 0)
        pg_disconnect(connection);
    return result;
}

void pg_disconnect(struct pg_connection *connection)
{
    PQfinish(connection->conn);
    connection->conn = NULL;
    connection->prepared_count = 0;
}
