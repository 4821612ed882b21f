/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CIRCUIT_H
#define STORE_CIRCUIT_H

/* For this room only: may a claim for this hub be made, and is it the probe of an open circuit? */

#include "store/postgres.h"

/* 1 when the circuit is closed, or this transaction takes the one probe and keeps others away for the length of its
 * lease; 0 when it is open or another has the probe; -1. */
int circuit_pass(struct pg_connection *connection, const char *hub, unsigned lease_ms, struct cg_error *err);

#endif
