/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What operators do to imports: retry, release, cancel. */
#include "store/import_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#include <string.h>

struct verb {
    const char *id;
    const char *actor;
    const struct store_scope *scope;
    const json_t *detail;
    int (*act)(struct pg_connection *connection, const struct verb *verb, enum store_state state, struct cg_error *err);
};

/* The queue's row first, as all do who take both. */
static const struct pg_statement lock_queue = {"lock_queue", "SELECT 1 FROM queue WHERE import_id = $1 FOR UPDATE"};
static const struct pg_statement lock_import = {
    "lock_import", "SELECT i.state FROM imports i WHERE i.id = $1 AND " SCOPE_SQL("$2", "$3") " FOR UPDATE"};

/* 1 and the state of the locked import, 0 when `scope` sees none, -1. */
static int lock(struct pg_connection *connection, const struct verb *verb, enum store_state *state,
                struct cg_error *err)
{
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, verb->id);
    if (pg_run(connection, &lock_queue, &params, NULL, err) < 0 || scope_put(&params, &texts, verb->scope, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &lock_import, &params, &rows, err);
    if (found <= 0)
        return found;
    *state = (enum store_state)store_state_from_name(PQgetvalue(rows, 0, 0));
    return 1;
}

static int verb_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct verb *verb = context;
    enum store_state state;
    int found = lock(connection, verb, &state, err);
    if (found <= 0)
        return found;
    return verb->act(connection, verb, state, err) == 0 ? 1 : -1;
}

static int run(struct store *store, struct verb *verb, struct cg_error *err)
{
    return store_is_id(verb->id) ? pg_transaction(store, PG_WRITE, verb_work, verb, err) : 0;
}

static int refuse(const struct verb *verb, enum store_state state, const char *what, const char *which,
                  struct cg_error *err)
{
    return cg_fail(err, CG_E_CONFLICT, "import %s is %s; %s is for imports that are %s", verb->id,
                   store_state_name(state), what, which);
}

static int run_with_id(struct pg_connection *connection, const struct pg_statement *statement, const char *id,
                       struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    return pg_run(connection, statement, &params, NULL, err);
}

/* --- retry ------------------------------------------------------------------------------------------------------- */

static const struct pg_statement hub_and_nvr = {"hub_and_nvr", "SELECT hub, nvr FROM imports WHERE id = $1"};
static const struct pg_statement other_live = {
    "other_live", "SELECT o.id FROM imports i JOIN imports o ON o.hub = i.hub AND o.nvr = i.nvr AND o.id <> i.id"
                  " AND o.state NOT IN " DEAD_STATES " WHERE i.id = $1"};
static const struct pg_statement find_metadata = {"find_metadata",
                                                  "UPDATE imports i SET metadata_content = c.sha256 FROM contents c"
                                                  " WHERE i.id = $1 AND c.sha256 = i.metadata_sha256"};
static const struct pg_statement forget_gone = {
    "forget_gone", "UPDATE outputs SET sha256 = NULL, received_bytes = 0 WHERE import_id = $1 AND content IS NULL"};
static const struct pg_statement reopen = {
    "reopen", "UPDATE imports SET held = NULL, finished_at = NULL, updated_at = now(), state = CASE WHEN EXISTS"
              " (SELECT 1 FROM outputs WHERE import_id = $1 AND content IS NULL) THEN 'receiving' ELSE 'queued' END"
              " WHERE id = $1 RETURNING state"};

/* A dead import comes to life only when no other of its NVR lives. */
static int refuse_second(struct pg_connection *connection, const char *id, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    PG_AUTO_ROWS PGresult *key = NULL;
    if (pg_run(connection, &hub_and_nvr, &params, &key, err) < 0 ||
        nvr_lock(connection, PQgetvalue(key, 0, 0), PQgetvalue(key, 0, 1), err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *other = NULL;
    int found = pg_run(connection, &other_live, &params, &other, err);
    if (found <= 0)
        return found;
    return cg_fail(err, CG_E_CONFLICT, "%s has a newer import, %s, in the place of import %s", PQgetvalue(key, 0, 1),
                   PQgetvalue(other, 0, 0), id);
}

/* Back to the queue, or to receiving what was let go meanwhile. */
static int put_back(struct pg_connection *connection, const struct verb *verb, const char *event, json_t *detail,
                    struct cg_error *err)
{
    CG_AUTO_JSON json_t *told = detail;
    int kept = run_with_id(connection, &find_metadata, verb->id, err);
    if (kept == 0) {
        cg_fail(err, CG_E_CONFLICT, "the metadata of import %s is no longer kept", verb->id);
        return cg_hint(err, "post the same metadata again, then retry");
    }
    if (kept < 0 || run_with_id(connection, &forget_gone, verb->id, err) < 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, verb->id);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &reopen, &params, &rows, err) < 0)
        return -1;
    bool queued = strcmp(PQgetvalue(rows, 0, 0), "queued") == 0;
    if (queued && queue_put(connection, verb->id, 0, err) != 0)
        return -1;
    if (event_put(connection, verb->id, event, verb->actor, CG_STEAL(told), err) != 0)
        return -1;
    return queued ? event_put(connection, verb->id, "queued", verb->actor, json_object(), err) : 0;
}

static int retry(struct pg_connection *connection, const struct verb *verb, enum store_state state,
                 struct cg_error *err)
{
    if (state != STORE_HELD && state != STORE_REJECTED && state != STORE_CANCELED)
        return refuse(verb, state, "retry", "held, rejected or canceled", err);
    if (refuse_second(connection, verb->id, err) != 0)
        return -1;
    return put_back(connection, verb, "retried", json_pack("{s:s}", "from", store_state_name(state)), err);
}

int store_import_retry(struct store *store, const char *id, const char *actor, const struct store_scope *scope,
                       struct cg_error *err)
{
    struct verb verb = {.id = id, .actor = actor, .scope = scope, .act = retry};
    return run(store, &verb, err);
}

/* --- release ----------------------------------------------------------------------------------------------------- */

static int release(struct pg_connection *connection, const struct verb *verb, enum store_state state,
                   struct cg_error *err)
{
    if (state != STORE_HELD)
        return refuse(verb, state, "release", "held", err);
    return put_back(connection, verb, "released", verb->detail ? json_deep_copy(verb->detail) : json_object(), err);
}

int store_import_release(struct store *store, const char *id, const char *actor, const json_t *detail,
                         const struct store_scope *scope, struct cg_error *err)
{
    struct verb verb = {.id = id, .actor = actor, .scope = scope, .detail = detail, .act = release};
    return run(store, &verb, err);
}

/* --- cancel ------------------------------------------------------------------------------------------------------ */

/* The build is on the hub: "canceled" would deny it. */
static const struct pg_statement is_imported = {"is_imported", "SELECT 1 FROM imports WHERE id = $1 AND held = 'tag'"};
/* One that is held may have left something on the hub, which its journal knows: it goes through a worker once more. */
static const struct pg_statement wake_held = {
    "wake_held", "UPDATE imports SET state = 'queued', held = NULL, updated_at = now() WHERE id = $1"
                 " AND state = 'held' AND journal IS NOT NULL"};
/* One that was at the hub may have left something there: its worker is asked, at once. */
static const struct pg_statement ask_cancel = {
    "ask_cancel", "UPDATE queue q SET cancel_asked = true,"
                  " due_at = CASE WHEN q.owner IS NULL THEN clock_timestamp() ELSE q.due_at END"
                  " FROM imports i WHERE q.import_id = $1 AND i.id = q.import_id"
                  " AND (i.state = 'running' OR i.journal IS NOT NULL)"};
static const struct pg_statement drop_queued = {"drop_queued", "DELETE FROM queue WHERE import_id = $1"};
static const struct pg_statement cancel_now = {
    "cancel_now", "UPDATE imports SET state = 'canceled', held = NULL, journal = NULL, finished_at = now(),"
                  " updated_at = now() WHERE id = $1"};

static int cancel(struct pg_connection *connection, const struct verb *verb, enum store_state state,
                  struct cg_error *err)
{
    if (state == STORE_IMPORTED || state == STORE_REJECTED || state == STORE_CANCELED)
        return refuse(verb, state, "cancel", "receiving, queued, running or held", err);
    int imported = run_with_id(connection, &is_imported, verb->id, err);
    if (imported > 0) {
        cg_fail(err, CG_E_CONFLICT, "import %s is held because of its tag: its build is on the hub already", verb->id);
        return cg_hint(err, "release it, once the tag is mended or with the action mark-imported");
    }
    int woken = imported < 0 ? -1 : run_with_id(connection, &wake_held, verb->id, err);
    if (woken < 0 || (woken > 0 && queue_put(connection, verb->id, 0, err) != 0))
        return -1;
    int asked = run_with_id(connection, &ask_cancel, verb->id, err);
    if (asked > 0 && queue_notify(connection, err) == 0)
        return event_put(connection, verb->id, "cancel-asked", verb->actor, json_object(), err);
    if (asked != 0 || run_with_id(connection, &drop_queued, verb->id, err) < 0 ||
        run_with_id(connection, &cancel_now, verb->id, err) < 0 || contents_touch(connection, verb->id, err) != 0)
        return -1;
    return event_put(connection, verb->id, "canceled", verb->actor, json_pack("{s:s}", "from", store_state_name(state)),
                     err);
}

int store_import_cancel(struct store *store, const char *id, const char *actor, const struct store_scope *scope,
                        struct cg_error *err)
{
    struct verb verb = {.id = id, .actor = actor, .scope = scope, .act = cancel};
    return run(store, &verb, err);
}
