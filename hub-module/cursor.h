/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CURSOR_H
#define CG_HUB_CURSOR_H

/*
 * The database of logic/database.h on the hub: the connection and transaction of the running request.
 *
 * A statement whose rows nobody wants changes something, so the request commits. Needs the interpreter's lock; psycopg
 * gives it away while the database works.
 */

#include "hub.h"
#include "logic/database.h"

extern const struct database hub_database;

#endif
