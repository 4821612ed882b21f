/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "database.h"
#include "state_directory.h"

#include <limits.h>
#include <sys/stat.h>

/* A connection string with a path in it. */
#define CONNINFO_SIZE (PATH_MAX + 256)

static void trouble(void *log, const char *text)
{
    log_line(log, LOG_WARNING, "PostgreSQL", "said", text, NULL);
}

static int open_store(struct database *database, const struct config *config, const char *conninfo, struct log *log,
                      struct cg_error *err)
{
    const struct config_database *given = &config->database;
    struct store_options options = {.conninfo = conninfo,
                                    .connections = (unsigned)given->connections,
                                    .statement_timeout_ms = (unsigned)given->statement_timeout_ms,
                                    .lock_timeout_ms = (unsigned)given->lock_timeout_ms,
                                    .connect_timeout_s = (unsigned)((given->connect_timeout_ms + 999) / 1000),
                                    .trouble = log ? trouble : NULL,
                                    .trouble_context = log};
    database->store = store_open(&options, err);
    return database->store ? 0 : -1;
}

/* The private one's user must get through a state directory that root made for itself. */
static int make_state_directory(const char *path, struct cg_error *err)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return 0;
    if (state_directory_make(path, err) < 0)
        return -1;
    if (geteuid() == 0 && chmod(path, S_IRWXU | S_IXGRP | S_IXOTH) != 0)
        return cg_fail_errno(err, "set the mode of", path);
    return 0;
}

static int open_private(struct database *database, const struct config *config, enum database_use use, struct log *log,
                        struct cg_error *err)
{
    const char *state = config->service.state_directory;
    CG_AUTO_BYTES struct cg_bytes directory = {0};
    if (make_state_directory(state, err) < 0 || cg_bytes_printf(&directory, err, "%s/postgres", state) < 0)
        return -1;
    struct private_postgres_options options = {.directory = cg_bytes_text(&directory),
                                               .user = config->database.private_user,
                                               .bin = config->database.private_programs};
    struct cg_error why = {0};
    database->postgres = private_postgres_start(&options, &why);
    if (database->postgres)
        return open_store(database, config, private_postgres_conninfo(database->postgres), log, err);
    if (why.code != CG_E_BUSY || use != DATABASE_VISIT) {
        cg_fail(err, why.code, "%s", why.message);
        return cg_hint(err, "%s", why.hint);
    }
    char conninfo[CONNINFO_SIZE];
    if (private_postgres_visit(cg_bytes_text(&directory), conninfo, sizeof conninfo, err) < 0)
        return -1;
    return open_store(database, config, conninfo, log, err);
}

int database_connect(struct database *database, const struct config *config, enum database_use use, struct log *log,
                     struct cg_error *err)
{
    const struct secret *conninfo = &config->database.conninfo;
    int result = secret_is_set(conninfo) ? open_store(database, config, secret_reveal(conninfo), log, err)
                                         : open_private(database, config, use, log, err);
    if (result < 0)
        database_close(database);
    return result;
}

int database_open(struct database *database, const struct config *config, enum database_use use, struct log *log,
                  struct cg_error *err)
{
    unsigned applied = 0;
    if (database_connect(database, config, use, log, err) < 0)
        return -1;
    int result = 0;
    if (database->postgres || config->database.migrate)
        result = store_migrate(database->store, &applied, err);
    if (result == 0)
        result = store_ready(database->store, err);
    if (result < 0)
        database_close(database);
    return result;
}

void database_close(struct database *database)
{
    /* What it does when it had to be killed, it says when it is started again. */
    struct cg_error err = {0};
    store_close(database->store);
    private_postgres_stop(database->postgres, &err);
    *database = (struct database){0};
}
