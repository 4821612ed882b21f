/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for what the server answers, but not for ever. */
#include "store/postgres.h"

#include "base/clock.h"

#include <poll.h>

bool pg_is_good(const PGresult *rows)
{
    ExecStatusType status = PQresultStatus(rows);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* How long poll may wait, milliseconds; -1 for ever, 0 the time is over. */
static int time_left(const struct pg_connection *connection, uint64_t began_ms)
{
    uint64_t spent = clock_monotonic_ms() - began_ms;
    if (connection->patience_ms == 0)
        return -1;
    return spent >= connection->patience_ms ? 0 : (int)(connection->patience_ms - spent);
}

/* Sends what is left to send and reads until the next result is whole, or the connection broke: PQgetResult tells.
 * False: the time is over. */
static bool await_result(const struct pg_connection *connection, uint64_t began_ms)
{
    PGconn *conn = connection->conn;
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0 || (unsent == 0 && !PQisBusy(conn)))
            return true;
        int left_ms = time_left(connection, began_ms);
        if (left_ms == 0)
            return false;
        struct pollfd wait = {.fd = PQsocket(conn), .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
        poll(&wait, 1, left_ms);
        if ((wait.revents & ~POLLOUT) && !PQconsumeInput(conn))
            return true;
    }
}

PGresult *pg_answer(struct pg_connection *connection, int sent)
{
    PGresult *kept = NULL, *next;
    uint64_t began_ms = clock_monotonic_ms();
    if (!sent)
        return NULL;
    for (;;) {
        if (!await_result(connection, began_ms)) {
            PQclear(kept);
            connection->failure = PG_FAILURE_SILENT;
            return NULL;
        }
        next = PQgetResult(connection->conn);
        if (!next)
            return kept;
        if (kept && !pg_is_good(kept)) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
    }
}
