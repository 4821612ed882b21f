/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_POSTGRES_H
#define TESTS_POSTGRES_H

/*
 * A PostgreSQL of the test program's own: in a directory below TMPDIR, on a Unix socket only, stopped by its pid.
 *
 * Without the server's programs nothing can be tested: postgres_there() is false, and each test says so and skips.
 * Started by root it runs as the system user "postgres". fsync is off: no test pulls the plug. So is autovacuum, whose
 * connections and locks would come and go beside those of the tests.
 */

#include <stdbool.h>

/* A cmocka setup and teardown of a group. The setup succeeds without a server, too. */
int postgres_start(void **state);
int postgres_stop(void **state);

bool postgres_there(void);

/* Makes an empty database and returns its connection string, valid until eight more calls. */
const char *postgres_database(void);

/* The first column of the first row, or what a failed statement said, in a buffer that the next call overwrites. */
const char *postgres_sql(const char *conninfo, const char *sql);

/* Waits until the statement, which is asked again and again, gives `expected` as postgres_sql() does. */
void postgres_await(const char *conninfo, const char *sql, const char *expected);

/* Kills the server as a crash does (SIGKILL to its first process) and returns when all of it is gone; starts it again
 * and returns when it takes connections. */
void postgres_crash(void);
void postgres_restart(void);

/* Kills one process of the server, chosen by `pick`: it crashes as a whole and recovers by itself. Returns when it
 * takes connections again. */
void postgres_kill_one(unsigned pick);

/* The directory of the server's programs, NULL if there is none; and the system user it runs as, NULL: this one. */
const char *postgres_programs(void);
const char *postgres_user(void);

#endif
