/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/listen.h"

#include "base/clock.h"

#include <poll.h>

/* Takes what has arrived off the connection: true when something was told. */
static bool notified(PGconn *conn)
{
    bool any = false;
    for (PGnotify *told; (told = PQnotifies(conn)) != NULL; any = true)
        PQfreemem(told);
    return any;
}

int listen_wait(struct pg_connection *connection, const struct stop *stop, int64_t wait_ms, struct cg_error *err)
{
    uint64_t deadline = clock_monotonic_ms() + (uint64_t)wait_ms;
    for (;;) {
        if (stop_level(stop) != STOP_NONE)
            return 1;
        if (notified(connection->conn))
            return 0;
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline)
            return 0;
        struct pollfd wait[2] = {{.fd = PQsocket(connection->conn), .events = POLLIN},
                                 {.fd = stop_descriptor(stop), .events = POLLIN}};
        poll(wait, 2, (int)(deadline - now));
        if (wait[0].revents && !PQconsumeInput(connection->conn))
            return cg_fail(err, CG_E_BUSY, "the connection to the database was lost");
    }
}
