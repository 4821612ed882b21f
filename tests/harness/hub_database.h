/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_HUB_DATABASE_H
#define TESTS_HUB_DATABASE_H

/*
 * A hub's database for the logic of the hub module: a real PostgreSQL with the tables of Koji that the module reads,
 * prepared by schema/hub-sql/install.sql, and used as the role "koji", which owns nothing.
 *
 * Wants postgres_start (postgres.h) before; a connection belongs to one thread.
 */

#include "logic/database.h"

struct hub_connection;

/* A new database, prepared; its connection string is valid as that of postgres_database(). */
const char *hub_database_create(void);
/* The same without schema/hub-sql. */
const char *hub_database_create_bare(void);

/* A connection as the hub's role, in a transaction, as the hub has it. */
struct hub_connection *hub_connect(const char *conninfo);
/* What the logic is given. Borrowed from the connection. */
const struct database *hub_connection_database(struct hub_connection *connection);
/* End the transaction and begin the next. commit: what the database said, "" when it went well. */
const char *hub_commit(struct hub_connection *connection);
void hub_rollback(struct hub_connection *connection);
void hub_disconnect(struct hub_connection *connection);

#endif
