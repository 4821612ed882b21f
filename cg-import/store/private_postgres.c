/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* realpath() is of the XSI part of POSIX. */
#define _XOPEN_SOURCE 700
#include "store/private_postgres.h"

#include "base/clock.h"
#include "base/stop.h"
#include "store/postgres_directory.h"

#include "cg/auto.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

/* How long recovery after a crash may take, a fast shutdown, and one without ceremony, milliseconds. */
#define START_TIMEOUT_MS 600000U
#define FAST_TIMEOUT_MS 60000U
#define QUIT_TIMEOUT_MS 10000U
#define POLL_MS 20U
/* How long processes of a server that was killed may take to end, and how often it is tried meanwhile, milliseconds. */
#define REMAINS_TIMEOUT_MS 10000U
#define REMAINS_POLL_MS 100U

struct private_postgres {
    struct postgres_directory directory;
    pid_t pid; /* 0: ended, and its end was seen */
    char conninfo[PATH_MAX + 64];
};

/* --- what an earlier service left -------------------------------------------------------------------------------- */

/* We hold the lock, so a server that runs on the data has lost its service: it is ended in good order, and ours goes on
 * from there. */
static int end_orphan(const struct postgres_directory *directory, struct cg_error *err)
{
    uint64_t deadline = clock_monotonic_ms() + FAST_TIMEOUT_MS;
    bool asked = false;
    for (pid_t pid; (pid = postgres_directory_server(directory)) != 0; stop_sleep(NULL, POLL_MS)) {
        if (!asked && kill(pid, SIGINT) != 0)
            return cg_fail_errno(err, "stop", "the PostgreSQL of an earlier run");
        asked = true;
        if (clock_monotonic_ms() >= deadline)
            return cg_fail(err, CG_E_BUSY, "the PostgreSQL of an earlier run, process %ld, does not end", (long)pid);
    }
    return 0;
}

/* --- starting ---------------------------------------------------------------------------------------------------- */

static int launch(struct private_postgres *postgres, struct cg_error *err)
{
    const struct postgres_directory *directory = &postgres->directory;
    char program[PATH_MAX], socket[PATH_MAX + 64];
    snprintf(program, sizeof program, "%s/postgres", directory->bin);
    snprintf(socket, sizeof socket, "unix_socket_directories=\"%s/socket\"", directory->path);
    const char *const argv[] = {program,
                                "-D",
                                "data",
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "port=5432",
                                "-c",
                                socket,
                                "-c",
                                "unix_socket_permissions=0700",
                                "-c",
                                "fsync=on",
                                "-c",
                                "full_page_writes=on",
                                "-c",
                                "synchronous_commit=on",
                                "-c",
                                "logging_collector=off",
                                "-c",
                                "cluster_name=cg-import",
                                NULL};
    pid_t pid = process_start(&directory->account, directory->path, "log", argv, err);
    if (pid < 0)
        return -1;
    postgres->pid = pid;
    return 0;
}

static int await(struct private_postgres *postgres, const char *conninfo, struct cg_error *err)
{
    uint64_t deadline = clock_monotonic_ms() + START_TIMEOUT_MS;
    while (PQping(conninfo) != PQPING_OK) {
        if (!private_postgres_alive(postgres)) {
            cg_fail(err, CG_E_IO, "the private PostgreSQL ended while it was starting");
            return cg_hint(err, "it says why in %s/log", postgres->directory.path);
        }
        if (clock_monotonic_ms() >= deadline)
            return cg_fail(err, CG_E_BUSY, "the private PostgreSQL does not answer after %u s",
                           START_TIMEOUT_MS / 1000);
        stop_sleep(NULL, POLL_MS);
    }
    return 0;
}

/* A server does not start while processes of one that was killed before it are still ending. */
static int launch_and_await(struct private_postgres *postgres, const char *conninfo, struct cg_error *err)
{
    uint64_t deadline = clock_monotonic_ms() + REMAINS_TIMEOUT_MS;
    bool crashed = postgres_directory_crashed(&postgres->directory);
    for (;;) {
        if (launch(postgres, err) != 0)
            return -1;
        if (await(postgres, conninfo, err) == 0)
            return 0;
        bool ended = postgres->pid == 0;
        if (!crashed || !ended || clock_monotonic_ms() >= deadline)
            return -1;
        cg_error_clear(err);
        stop_sleep(NULL, REMAINS_POLL_MS);
    }
}

static void finish_connection(PGconn **conn)
{
    PQfinish(*conn);
}

static void clear_result(PGresult **result)
{
    PQclear(*result);
}

/* Makes the database unless an earlier run did. */
static int make_database(const char *conninfo, struct cg_error *err)
{
    CG_AUTO(finish_connection) PGconn *conn = PQconnectdb(conninfo);
    CG_AUTO(clear_result)
    PGresult *there = PQexec(conn, "SELECT 1 FROM pg_database WHERE datname = 'cg_import'");
    if (PQresultStatus(there) != PGRES_TUPLES_OK)
        return cg_fail(err, CG_E_BUSY, "the private PostgreSQL does not let the service in");
    if (PQntuples(there) == 1)
        return 0;
    CG_AUTO(clear_result) PGresult *made = PQexec(conn, "CREATE DATABASE cg_import");
    if (PQresultStatus(made) == PGRES_COMMAND_OK)
        return 0;
    return cg_fail(err, CG_E_IO, "the private PostgreSQL could not make its database");
}

/* The connection string of one of its databases. */
static int write_conninfo(char *conninfo, size_t size, const char *directory, const char *database,
                          struct cg_error *err)
{
    int length = snprintf(conninfo, size,
                          "host='%s/socket' port=5432 user=cg_import dbname=%s sslmode=disable gssencmode=disable",
                          directory, database);
    if (length < 0 || (size_t)length >= size)
        return cg_fail(err, CG_E_CONFIG, "the path %s is too long", directory);
    return 0;
}

static int start(struct private_postgres *postgres, const struct private_postgres_options *options,
                 struct cg_error *err)
{
    if (postgres_directory_open(&postgres->directory, options->directory, options->user, options->bin, err) != 0 ||
        end_orphan(&postgres->directory, err) != 0)
        return -1;
    char first[PATH_MAX + 64];
    const char *path = postgres->directory.path;
    if (write_conninfo(first, sizeof first, path, "postgres", err) != 0 ||
        write_conninfo(postgres->conninfo, sizeof postgres->conninfo, path, "cg_import", err) != 0)
        return -1;
    return launch_and_await(postgres, first, err) != 0 ? -1 : make_database(first, err);
}

struct private_postgres *private_postgres_start(const struct private_postgres_options *options, struct cg_error *err)
{
    struct private_postgres *postgres = calloc(1, sizeof *postgres);
    if (!postgres) {
        cg_fail_memory(err);
        return NULL;
    }
    if (start(postgres, options, err) == 0)
        return postgres;
    struct cg_error second = {0};
    private_postgres_stop(postgres, &second);
    return NULL;
}

const char *private_postgres_conninfo(const struct private_postgres *postgres)
{
    return postgres->conninfo;
}

int private_postgres_visit(const char *directory, char *conninfo, size_t size, struct cg_error *err)
{
    char path[PATH_MAX];
    if (!realpath(directory, path))
        return cg_fail_errno(err, "find", directory);
    return write_conninfo(conninfo, size, path, "cg_import", err);
}

int private_postgres_alive(struct private_postgres *postgres)
{
    int status;
    if (postgres->pid != 0 && process_wait(postgres->pid, 0, &status) != 0)
        postgres->pid = 0;
    return postgres->pid != 0;
}

/* --- stopping ---------------------------------------------------------------------------------------------------- */

/* Sends each signal in turn and waits for the end. 0 when the first was enough. */
static int end_server(struct private_postgres *postgres, struct cg_error *err)
{
    static const struct {
        int signal;
        unsigned timeout_ms;
    } ways[] = {{SIGINT, FAST_TIMEOUT_MS}, {SIGQUIT, QUIT_TIMEOUT_MS}, {SIGKILL, QUIT_TIMEOUT_MS}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        int status = 0;
        kill(postgres->pid, ways[i].signal);
        if (process_wait(postgres->pid, ways[i].timeout_ms, &status) == 0)
            continue;
        postgres->pid = 0;
        return i == 0 ? 0 : cg_fail(err, CG_E_IO, "the private PostgreSQL had to be killed; it recovers when started");
    }
    return cg_fail(err, CG_E_IO, "the private PostgreSQL, process %ld, cannot be ended", (long)postgres->pid);
}

int private_postgres_stop(struct private_postgres *postgres, struct cg_error *err)
{
    if (!postgres)
        return 0;
    int result = private_postgres_alive(postgres) ? end_server(postgres, err) : 0;
    postgres_directory_close(&postgres->directory);
    free(postgres);
    return result;
}
