/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

/*
 * For this room only: one connection to PostgreSQL, its prepared statements, their parameters and rows.
 *
 * The only face of libpq together with connect.c, listen.c, queue_wait.c and private_postgres.c. Statements are
 * constants with parameters; no SQL text is ever put together at run time, and none gets into a message: what libpq
 * says goes to the store's listener (store_options.trouble), callers get a sentence and the SQLSTATE.
 */

#include "store/store.h"

#include <jansson.h>
#include <libpq-fe.h>

/* Parameters of one statement; the widest insert has nineteen. */
#define PG_PARAMS_MAX 24
/* Statements that one connection keeps prepared: all of this room's, with room to grow. */
#define PG_PREPARED_MAX 256

struct pg_statement {
    const char *name; /* of the prepared statement, and in messages */
    const char *sql;
};

/* What a failure means for the transaction it happened in. */
enum pg_failure {
    PG_FAILURE_NONE,   /* the database did not fail */
    PG_FAILURE_AGAIN,  /* rolled back by the server for a reason that passes: serialization, deadlock */
    PG_FAILURE_LOST,   /* the connection is gone */
    PG_FAILURE_SILENT, /* no answer in time: nothing more may be sent, the connection is only good for closing */
    PG_FAILURE_FINAL,
};

struct pg_connection {
    PGconn *conn; /* NULL: not connected */
    const struct pg_statement *prepared[PG_PREPARED_MAX];
    unsigned prepared_count;
    unsigned patience_ms;    /* for one answer, more than the server's own timeouts; 0: as long as it takes */
    enum pg_failure failure; /* of the last statement that failed since pg_connection_clear */
    store_trouble *trouble;
    void *trouble_context;
};

/* Zero-initialise. Texts are borrowed. A parameter that could not be made fails pg_run with CG_E_MEMORY. */
struct pg_params {
    int count;
    const char *values[PG_PARAMS_MAX];
    char numbers[PG_PARAMS_MAX][32];
    char *owned[PG_PARAMS_MAX];
    bool failed;
};
#define PG_AUTO_PARAMS CG_AUTO(pg_params_finish)

void pg_put_text(struct pg_params *params, const char *text); /* NULL: null */
void pg_put_int(struct pg_params *params, int64_t number);
void pg_put_double(struct pg_params *params, double number);
void pg_put_json(struct pg_params *params, const json_t *json); /* NULL: null */
void pg_params_finish(struct pg_params *params);

#define PG_AUTO_ROWS CG_AUTO(pg_rows_auto)

static inline void pg_rows_auto(PGresult **rows)
{
    PQclear(*rows);
}

/*
 * Runs a statement, preparing it first where this connection has not. *rows (may be NULL) is the caller's to clear.
 * Number of rows returned or, without any, of rows touched; -1 with CG_E_BUSY, CG_E_CONFIG (no such table),
 * CG_E_USAGE (text that is no UTF-8), CG_E_INTERNAL, CG_E_MEMORY.
 */
int pg_run(struct pg_connection *connection, const struct pg_statement *statement, const struct pg_params *params,
           PGresult **rows, struct cg_error *err);

/* A command without parameters and rows: BEGIN, COMMIT, a migration. 0 or -1 as above. */
int pg_command(struct pg_connection *connection, const char *name, const char *sql, struct cg_error *err);

/* Reads the columns of one row from left to right. A copy that fails is remembered: see pg_row_end. */
struct pg_row {
    const PGresult *rows;
    int row, column;
    bool failed;
};
struct pg_row pg_row(const PGresult *rows, int row);
const char *pg_get_text(struct pg_row *row); /* borrowed; NULL for null */
void pg_get_copy(struct pg_row *row, char **copy);
void pg_get_id(struct pg_row *row, char id[STORE_ID_SIZE]); /* "" for null */
int64_t pg_get_int(struct pg_row *row);                     /* 0 for null */
double pg_get_double(struct pg_row *row);                   /* 0 for null */
bool pg_get_bool(struct pg_row *row);
void pg_get_json(struct pg_row *row, json_t **json); /* NULL for null */
int pg_row_end(const struct pg_row *row, struct cg_error *err);

/* Connects within the time; sets the session's timeouts. 0, or -1 with CG_E_CONFIG, CG_E_BUSY, CG_E_UNSUPPORTED. */
int pg_connect(struct pg_connection *connection, const struct store_options *options, struct cg_error *err);
void pg_disconnect(struct pg_connection *connection);

/* What pg_connect sets as patience. */
unsigned pg_patience_ms(const struct store_options *options);

/*
 * The answer to what PQsend... just sent (`sent` is what it returned): the last result, or the first that failed. NULL
 * where libpq has none, or with failure PG_FAILURE_SILENT. The timeouts that the server is told are kept by its own
 * process: one that stands still (frozen, or waiting for its disk) keeps none, and would keep every thread.
 */
PGresult *pg_answer(struct pg_connection *connection, int sent);
bool pg_is_good(const PGresult *rows);

#endif
