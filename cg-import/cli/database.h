/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DATABASE_H
#define CLI_DATABASE_H

/* The database of the configuration: the one that is named there, or a private PostgreSQL in the state directory. */

#include "config.h"

#include "base/log.h"
#include "store/private_postgres.h"
#include "store/store.h"

/* Zero-initialise; release with database_close. */
struct database {
    struct private_postgres *postgres; /* NULL: a configured one, or another process runs the private one */
    struct store *store;
};

#define AUTO_DATABASE CG_AUTO(database_close)

enum database_use {
    DATABASE_SERVE, /* a private one is ours alone */
    DATABASE_VISIT, /* a private one may be run by the service: then it is used beside it */
};

/*
 * Opens it, starting a private one, whatever its schema is. `log` may be NULL. 0, or -1 with CG_E_BUSY (not reached
 * now; a private one is in use), CG_E_CONFIG, CG_E_IO, CG_E_UNSUPPORTED; then there is nothing to close.
 */
int database_connect(struct database *database, const struct config *config, enum database_use use, struct log *log,
                     struct cg_error *err);

/*
 * The same, and brings the schema up to date where it is ours to do so: a private one, or
 * `migrate` in the configuration. Also CG_E_CONFIG for a schema that is not this program's.
 */
int database_open(struct database *database, const struct config *config, enum database_use use, struct log *log,
                  struct cg_error *err);

/* Once nobody uses the store. */
void database_close(struct database *database);

#endif
