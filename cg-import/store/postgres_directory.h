/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_POSTGRES_DIRECTORY_H
#define STORE_POSTGRES_DIRECTORY_H

/*
 * For private_postgres.c only: the directory of a private PostgreSQL.
 *
 *     lock      held (flock) by the service whose server this is
 *     data/     PostgreSQL's own; data.new/ while it is made
 *     socket/   its socket, mode 0700
 *     log       what the server and initdb said
 */

#include "store/postgres_process.h"

#include <limits.h>
#include <stdbool.h>

struct postgres_directory {
    char path[PATH_MAX]; /* absolute */
    int lock;            /* descriptor, -1 */
    struct account account;
    char bin[PATH_MAX - 64]; /* where the programs are */
};

/*
 * Makes what is missing, takes the lock, finds the programs of the version that the data is of, and initialises new
 * data. -1 with CG_E_CONFIG (no programs, another version's data, not ours, a path too long for a socket), CG_E_BUSY
 * (in use), CG_E_IO. Release in every case.
 */
int postgres_directory_open(struct postgres_directory *directory, const char *path, const char *user, const char *bin,
                            struct cg_error *err);

/* The process of a server that runs on the data, 0 if there is none. */
pid_t postgres_directory_server(const struct postgres_directory *directory);

/* Has a server left the data without shutting down, and none is at it now? */
bool postgres_directory_crashed(const struct postgres_directory *directory);

void postgres_directory_close(struct postgres_directory *directory);

#endif
