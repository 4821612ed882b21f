/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/sessions.h"

#include "store/caller_rows.h"
#include "store/token.h"
#include "store/transaction.h"

#include <string.h>

#define KEY_PREFIX "cgs_"
/* Use is written down when it moves the end by more than this part of the idle time: not by every request. */
#define WRITTEN_PART 20

/* Both clauses of an end: $2 idle, in seconds. */
#define LATER(most) "least(now() + $2::float8 * interval '1 s', " most ")"

struct beginning {
    const struct store_session_limits *limits;
    struct cg_digests token, before, key;
    bool has_before;
    struct store_session *session;
};

static int read_session(PGresult *rows, struct store_session *session, bool *is_stale, struct cg_error *err)
{
    struct pg_row row = pg_row(rows, 0);
    if (caller_read(&row, &session->caller, err) != 0)
        return -1;
    session->expires_at = pg_get_double(&row);
    *is_stale = pg_get_bool(&row);
    return pg_row_end(&row, err);
}

/* --- beginning --------------------------------------------------------------------------------------------------- */

static const struct pg_statement put_session = {
    "put_session",
    "WITH c AS (SELECT * FROM callers c WHERE c.token_sha256 = $1 AND " CALLER_COUNTS
    "), most AS (SELECT least(now() + $3::float8 * interval '1 s', c.expires_at) AS ends_at FROM c),"
    " s AS (INSERT INTO sessions (key_sha256, caller_id, expires_at, ends_at) SELECT $4, c.id, " LATER(
        "most.ends_at") ","
                        " most.ends_at FROM c, most RETURNING expires_at)"
                        " SELECT " CALLER_COLUMNS ", extract(epoch FROM s.expires_at)::float8, false FROM c, s"};
static const struct pg_statement drop_session = {"drop_session", "DELETE FROM sessions WHERE key_sha256 = $1"};
static const struct pg_statement drop_oldest = {
    "drop_oldest_sessions", "DELETE FROM sessions WHERE key_sha256 IN (SELECT key_sha256 FROM sessions"
                            " WHERE caller_id = $1 ORDER BY began_at DESC OFFSET $2)"};

static int drop(struct pg_connection *connection, const struct cg_digests *key, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, key->sha256);
    return pg_run(connection, &drop_session, &params, NULL, err);
}

static int keep_few(struct pg_connection *connection, const char *caller_id, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, caller_id);
    pg_put_int(&params, STORE_SESSIONS_MAX);
    return pg_run(connection, &drop_oldest, &params, NULL, err);
}

static int begin_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct beginning *b = context;
    bool is_stale;
    store_session_finish(b->session);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, b->token.sha256);
    pg_put_double(&params, b->limits->idle_s);
    pg_put_double(&params, b->limits->most_s);
    pg_put_text(&params, b->key.sha256);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &put_session, &params, &rows, err);
    if (found <= 0)
        return found;
    if (read_session(rows, b->session, &is_stale, err) != 0 ||
        (b->has_before && drop(connection, &b->before, err) < 0) ||
        keep_few(connection, b->session->caller.id, err) < 0)
        return -1;
    return 1;
}

int store_session_begin(struct store *store, const struct secret *token, const struct secret *before,
                        const struct store_session_limits *limits, struct secret *key, struct store_session *session,
                        struct cg_error *err)
{
    struct beginning beginning = {.limits = limits, .has_before = secret_is_set(before), .session = session};
    *session = (struct store_session){0};
    if (token_digest(token, &beginning.token, err) != 0 || token_digest(before, &beginning.before, err) != 0 ||
        token_make(KEY_PREFIX, key, err) != 0 || token_digest(key, &beginning.key, err) != 0)
        return -1;
    int found = pg_transaction(store, PG_WRITE, begin_work, &beginning, err);
    if (found <= 0) {
        secret_finish(key);
        store_session_finish(session);
    } else {
        memcpy(session->key_sha256, beginning.key.sha256, sizeof session->key_sha256);
    }
    return found;
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement session_by_key = {
    "session_by_key", "SELECT " CALLER_COLUMNS ", extract(epoch FROM " LATER("s.ends_at") ")::float8, " LATER(
                          "s.ends_at") " - s.expires_at > $2::float8 * interval '1 s' / $3::float8"
                                       " FROM sessions s JOIN callers c ON c.id = s.caller_id"
                                       " WHERE s.key_sha256 = $1 AND s.expires_at > now() AND " CALLER_COUNTS};
static const struct pg_statement use_session = {
    "use_session", "UPDATE sessions s SET expires_at = " LATER("s.ends_at") " WHERE s.key_sha256 = $1"
                                                                            " AND s.expires_at > now()"};

struct asking {
    const struct store_session_limits *limits;
    struct cg_digests key;
    struct store_session *session;
    bool is_stale; /* its use is to be written down */
};

static int ask_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct asking *a = context;
    store_session_finish(a->session);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->key.sha256);
    pg_put_double(&params, a->limits->idle_s);
    pg_put_double(&params, WRITTEN_PART);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &session_by_key, &params, &rows, err);
    if (found <= 0)
        return found;
    return read_session(rows, a->session, &a->is_stale, err) == 0 ? 1 : -1;
}

static int use_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct asking *a = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->key.sha256);
    pg_put_double(&params, a->limits->idle_s);
    return pg_run(connection, &use_session, &params, NULL, err);
}

int store_session_by_key(struct store *store, const struct secret *key, const struct store_session_limits *limits,
                         struct store_session *session, struct cg_error *err)
{
    struct asking asking = {.limits = limits, .session = session};
    *session = (struct store_session){0};
    if (token_digest(key, &asking.key, err) != 0)
        return -1;
    int found = pg_transaction(store, PG_READ, ask_work, &asking, err);
    if (found > 0 && asking.is_stale && pg_transaction(store, PG_SET, use_work, &asking, err) < 0)
        found = -1;
    if (found <= 0)
        store_session_finish(session);
    else
        memcpy(session->key_sha256, asking.key.sha256, sizeof session->key_sha256);
    return found;
}

static const struct pg_statement session_stands = {
    "session_stands", "SELECT 1 FROM callers c WHERE c.id = $1 AND " CALLER_COUNTS " AND ($2::text IS NULL OR EXISTS"
                      " (SELECT 1 FROM sessions s WHERE s.key_sha256 = $2 AND s.caller_id = c.id"
                      " AND s.expires_at > now()))"};

struct standing {
    const char *caller_id, *key_sha256;
};

static int stands_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct standing *standing = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, standing->caller_id);
    pg_put_text(&params, standing->key_sha256);
    return pg_run(connection, &session_stands, &params, NULL, err);
}

int store_session_stands(struct store *store, const char *caller_id, const char *key_sha256, struct cg_error *err)
{
    struct standing standing = {caller_id, key_sha256};
    return pg_transaction(store, PG_READ, stands_work, &standing, err);
}

/* --- ending ------------------------------------------------------------------------------------------------------ */

static int end_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    return drop(connection, context, err);
}

int store_session_end(struct store *store, const struct secret *key, struct cg_error *err)
{
    struct cg_digests digests;
    if (token_digest(key, &digests, err) != 0)
        return -1;
    return pg_transaction(store, PG_WRITE, end_work, &digests, err);
}

void store_session_finish(struct store_session *session)
{
    store_caller_finish(&session->caller);
    *session = (struct store_session){0};
}
