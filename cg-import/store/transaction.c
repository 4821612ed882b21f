/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/transaction.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/stop.h"

/* Rounds of a transaction that the server rolls back; under any real load the second one passes. */
#define ROUNDS_MAX 20U
#define WAIT_FIRST_MS 4U
#define WAIT_MOST_MS 250U

/* Where one run of a transaction ended. */
enum ended {
    ENDED,         /* committed, or failed for good: nothing is left to find out */
    ENDED_AGAIN,   /* not committed, may pass now */
    ENDED_LOST,    /* not committed, the connection is gone or cannot be had */
    ENDED_UNKNOWN, /* COMMIT was sent and not answered */
};

struct run {
    struct store *store;
    enum pg_mode mode;
    pg_work *work;
    void *context;
    char change[STORE_ID_SIZE];
    bool in_doubt; /* an earlier run sent its COMMIT */
    int result;    /* of the last run of the work */
};

static const struct pg_statement change_put = {"change_put",
                                               "INSERT INTO changes (id) VALUES ($1) ON CONFLICT (id) DO NOTHING"};

/* 1 when the work is to be done, 0 when an earlier run did it and committed, -1. */
static int begin(struct pg_connection *connection, const struct run *run, struct cg_error *err)
{
    if (run->mode == PG_READ)
        return pg_command(connection, "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) == 0 ? 1 : -1;
    if (pg_command(connection, "begin", "BEGIN", err) != 0)
        return -1;
    if (run->mode == PG_SET)
        return 1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, run->change);
    return pg_run(connection, &change_put, &params, NULL, err);
}

static void roll_back(struct pg_connection *connection)
{
    /* What fails here is seen by pool_give, which drops the connection. */
    struct cg_error ignored = {0};
    enum pg_failure failure = connection->failure;
    if (failure == PG_FAILURE_SILENT || PQstatus(connection->conn) == CONNECTION_BAD)
        return;
    pg_command(connection, "rollback", "ROLLBACK", &ignored);
    if (connection->failure != PG_FAILURE_SILENT)
        connection->failure = failure;
}

static enum ended why_failed(const struct pg_connection *connection, const struct run *run)
{
    /* Other connections to a server that stands still are no better, nor is a second try where it was busy: worth
     * it only for a COMMIT in doubt. That one may hold the very lock that was not had. */
    if (connection->failure == PG_FAILURE_SILENT || connection->failure == PG_FAILURE_BUSY)
        return run->in_doubt ? ENDED_LOST : ENDED;
    if (connection->failure == PG_FAILURE_LOST || PQstatus(connection->conn) == CONNECTION_BAD)
        return ENDED_LOST;
    return connection->failure == PG_FAILURE_AGAIN ? ENDED_AGAIN : ENDED;
}

static enum ended commit(struct pg_connection *connection, const struct run *run, struct cg_error *err)
{
    if (pg_command(connection, "commit", "COMMIT", err) == 0)
        return ENDED;
    enum ended ended = why_failed(connection, run);
    bool unanswered = ended == ENDED_LOST || connection->failure == PG_FAILURE_SILENT;
    return unanswered && run->mode != PG_READ ? ENDED_UNKNOWN : ended;
}

static enum ended run_on(struct pg_connection *connection, struct run *run, struct cg_error *err)
{
    int wanted = begin(connection, run, err);
    if (wanted < 0) {
        roll_back(connection);
        return why_failed(connection, run);
    }
    if (wanted == 0) {
        roll_back(connection);
        return ENDED;
    }
    int result = run->work(connection, run->context, err);
    if (result >= 0) {
        run->result = result;
        return commit(connection, run, err);
    }
    roll_back(connection);
    return result == PG_AGAIN ? ENDED_AGAIN : why_failed(connection, run);
}

static enum ended run_once(struct run *run, struct cg_error *err)
{
    struct pg_connection *connection = pool_take(run->store, err);
    /* A server that does not let us in now is worth waiting for only when there is a COMMIT to find out about. */
    if (!connection)
        return run->in_doubt ? ENDED_LOST : ENDED;
    enum ended ended = run_on(connection, run, err);
    pool_give(run->store, connection);
    return ended;
}

/* May it be run again? Without a COMMIT in doubt the caller is told soon; with one the truth is worth waiting for. */
static bool goes_on(const struct run *run, enum ended ended, unsigned rounds, uint64_t began_ms)
{
    if (run->in_doubt)
        return clock_monotonic_ms() - began_ms < run->store->options.patience_ms;
    /* All idle connections may be dead after a restart of the server: as many rounds as the pool has, and one. */
    return rounds < (ended == ENDED_LOST ? run->store->options.connections + 1 : ROUNDS_MAX);
}

int pg_transaction(struct store *store, enum pg_mode mode, pg_work *work, void *context, struct cg_error *err)
{
    struct run run = {.store = store, .mode = mode, .work = work, .context = context, .result = -1};
    if (store_new_id(run.change, err) != 0)
        return -1;
    struct backoff backoff;
    uint64_t began_ms = clock_monotonic_ms();
    backoff_init(&backoff, WAIT_FIRST_MS, WAIT_MOST_MS, began_ms ^ (uintptr_t)&run);
    for (unsigned rounds = 1;; rounds++) {
        struct cg_error failed = {0};
        enum ended ended = run_once(&run, &failed);
        if (ended == ENDED) {
            if (failed.code != CG_OK && err && err->code == CG_OK)
                *err = failed;
            return failed.code == CG_OK ? run.result : -1;
        }
        run.in_doubt |= ended == ENDED_UNKNOWN;
        if (!goes_on(&run, ended, rounds, began_ms)) {
            if (run.in_doubt)
                return cg_fail(err, CG_E_BUSY, "the database went away in the middle of a commit; ask again");
            return cg_fail(err, CG_E_BUSY, "%s", failed.code ? failed.message : "the database asks to try again");
        }
        stop_sleep(NULL, backoff_next(&backoff));
    }
}
