/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_PRIVATE_POSTGRES_H
#define STORE_PRIVATE_POSTGRES_H

/*
 * The embedded default: a PostgreSQL of our own in the state directory, for a service without a configured database.
 *
 * initdb, then postgres as a child process with a Unix socket only (in a directory of mode 0700), fsync on. Started by
 * root it runs as an unprivileged user that owns the directory. A data directory of another major version, or one that
 * another service uses, is refused and never touched. A server left by a service that was killed is shut down in good
 * order and started anew; one that was killed is recovered from when the last of its processes has ended. Stopped with
 * a fast shutdown. The main thread keeps SIGCHLD as it is by default.
 */

#include "cg/error.h"

#include <stddef.h>

struct private_postgres;

struct private_postgres_options {
    const char *directory; /* below the state directory; made if missing, mode 0700 */
    const char *user;      /* system user it runs as when we are root, not root or nobody; NULL: "postgres" */
    const char *bin;       /* directory of initdb and postgres; NULL: where packages put them, of the data's version
                            * or the newest */
};

/* Starts it (initialising first if it is new) and waits until it answers. NULL with CG_E_CONFIG, CG_E_IO, CG_E_BUSY. */
struct private_postgres *private_postgres_start(const struct private_postgres_options *options, struct cg_error *err);

/* libpq connection string of its database, borrowed. */
const char *private_postgres_conninfo(const struct private_postgres *postgres);

/*
 * libpq connection string of the one that another process runs in `directory`, for a visit: root and the service's own
 * user are let in. `conninfo` has room for `size` bytes. 0, or -1 with CG_E_CONFIG (too long), CG_E_IO (not there).
 */
int private_postgres_visit(const char *directory, char *conninfo, size_t size, struct cg_error *err);

/* Has the child ended by itself? */
int private_postgres_alive(struct private_postgres *postgres);

/* Fast shutdown, waits for the end; frees. 0, or -1 with CG_E_IO when it had to be killed. NULL is allowed. */
int private_postgres_stop(struct private_postgres *postgres, struct cg_error *err);

#endif
