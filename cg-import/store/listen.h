/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_LISTEN_H
#define STORE_LISTEN_H

/* For this room only: sleeping on a connection that listens, until it is told something. */

#include "base/stop.h"
#include "store/postgres.h"

/* 0 when something was told or the time is over, 1 stopped, -1 with CG_E_BUSY when the connection broke. */
int listen_wait(struct pg_connection *connection, const struct stop *stop, int64_t wait_ms, struct cg_error *err);

#endif
