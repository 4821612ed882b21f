/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/callers.h"

#include "store/audit_leaf.h"
#include "store/caller_rows.h"
#include "store/token.h"
#include "store/transaction.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_PREFIX "cgi_"

/* --- rows -------------------------------------------------------------------------------------------------------- */

static json_t *globs_json(char *const *globs)
{
    json_t *list = globs ? json_array() : json_null();
    for (; list && globs && *globs; globs++) {
        if (json_array_append_new(list, json_string(*globs)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static void free_globs(char **globs)
{
    for (char **glob = globs; glob && *glob; glob++)
        free(*glob);
    free(globs);
}

static int get_globs(struct pg_row *row, char ***globs, struct cg_error *err)
{
    CG_AUTO_JSON json_t *list = NULL;
    pg_get_json(row, &list);
    if (!json_is_array(list))
        return pg_row_end(row, err);
    size_t count = json_array_size(list);
    *globs = calloc(count + 1, sizeof **globs);
    if (!*globs)
        return cg_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        (*globs)[i] = strdup(json_string_value(json_array_get(list, i)));
        if (!(*globs)[i])
            return cg_fail_memory(err);
    }
    return 0;
}

int caller_read(struct pg_row *row, struct store_caller *caller, struct cg_error *err)
{
    pg_get_id(row, caller->id);
    pg_get_copy(row, &caller->name);
    caller->roles = (unsigned)pg_get_int(row);
    if (get_globs(row, &caller->content_generators, err) != 0 || get_globs(row, &caller->packages, err) != 0)
        return -1;
    caller->created_at = pg_get_double(row);
    caller->expires_at = pg_get_double(row);
    caller->revoked_at = pg_get_double(row);
    return pg_row_end(row, err);
}

void store_caller_finish(struct store_caller *caller)
{
    free(caller->name);
    free_globs(caller->content_generators);
    free_globs(caller->packages);
    *caller = (struct store_caller){0};
}

void store_callers_free(struct store_caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_caller_finish(&callers[i]);
    free(callers);
}

/* --- making ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement put_caller = {
    "put_caller", "INSERT INTO callers (id, name, token_sha256, roles, content_generators, packages, expires_at)"
                  " VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7::float8 > 0 THEN to_timestamp($7::float8) END)"
                  " ON CONFLICT (name) DO NOTHING"};

struct making {
    const struct store_caller *wanted;
    char id[STORE_ID_SIZE];
    struct cg_digests token;
    const json_t *content_generators, *packages;
};

/* Tokens are made and revoked on the service's own machine: it knows the user that did, by number. */
static int record(struct pg_connection *connection, const char *type, const json_t *detail, struct cg_error *err)
{
    char actor[32];
    snprintf(actor, sizeof actor, "uid:%lu", (unsigned long)getuid());
    if (!detail)
        return cg_fail_memory(err);
    const struct audit_leaf leaf = {.type = type, .actor = actor, .detail = detail};
    return audit_leaf_put(connection, &leaf, err);
}

static int record_created(struct pg_connection *connection, const struct making *m, struct cg_error *err)
{
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:s, s:s, s:I, s:O, s:O, s:I}", "caller", m->id, "name", m->wanted->name, "roles",
                  (json_int_t)m->wanted->roles, "content_generators", m->content_generators, "packages", m->packages,
                  "expires_at", (json_int_t)m->wanted->expires_at);
    return record(connection, "token-created", detail, err);
}

static int create_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct making *m = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, m->id);
    pg_put_text(&params, m->wanted->name);
    pg_put_text(&params, m->token.sha256);
    pg_put_int(&params, m->wanted->roles);
    pg_put_json(&params, m->content_generators);
    pg_put_json(&params, m->packages);
    pg_put_double(&params, m->wanted->expires_at);
    int put = pg_run(connection, &put_caller, &params, NULL, err);
    if (put == 0) {
        cg_fail(err, CG_E_CONFLICT, "there is a caller \"%s\" already", m->wanted->name);
        return cg_hint(err, "names are never used again: choose another");
    }
    return put < 0 ? -1 : record_created(connection, m, err);
}

int store_caller_create(struct store *store, const struct store_caller *wanted, struct secret *token,
                        struct cg_error *err)
{
    CG_AUTO_JSON json_t *content_generators = globs_json(wanted->content_generators);
    CG_AUTO_JSON json_t *packages = globs_json(wanted->packages);
    if (!content_generators || !packages)
        return cg_fail_memory(err);
    struct making making = {.wanted = wanted, .content_generators = content_generators, .packages = packages};
    if (store_new_id(making.id, err) != 0 || token_make(TOKEN_PREFIX, token, err) != 0 ||
        token_digest(token, &making.token, err) != 0 ||
        pg_transaction(store, PG_WRITE, create_work, &making, err) != 0) {
        secret_finish(token);
        return -1;
    }
    return 0;
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement by_token = {
    "by_token", "SELECT " CALLER_COLUMNS " FROM callers c WHERE c.token_sha256 = $1 AND " CALLER_COUNTS};

struct asking {
    struct cg_digests token;
    struct store_caller *caller;
};

static int token_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct asking *a = context;
    store_caller_finish(a->caller);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, a->token.sha256);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &by_token, &params, &rows, err);
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    return caller_read(&row, a->caller, err) == 0 ? 1 : -1;
}

int store_caller_by_token(struct store *store, const struct secret *token, struct store_caller *caller,
                          struct cg_error *err)
{
    *caller = (struct store_caller){0};
    struct asking asking = {.caller = caller};
    if (token_digest(token, &asking.token, err) != 0)
        return -1;
    int found = pg_transaction(store, PG_READ, token_work, &asking, err);
    if (found <= 0)
        store_caller_finish(caller);
    return found;
}

static const struct pg_statement list_callers = {"list_callers",
                                                 "SELECT " CALLER_COLUMNS " FROM callers c ORDER BY c.name"};

struct caller_list {
    struct store_caller *callers;
    size_t count;
};

static int list_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct caller_list *list = context;
    store_callers_free(list->callers, list->count);
    *list = (struct caller_list){0};
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &list_callers, NULL, &rows, err);
    if (count <= 0)
        return count;
    list->callers = calloc((size_t)count, sizeof *list->callers);
    if (!list->callers)
        return cg_fail_memory(err);
    list->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (caller_read(&row, &list->callers[i], err) != 0)
            return -1;
    }
    return 0;
}

int store_caller_list(struct store *store, struct store_caller **callers, size_t *count, struct cg_error *err)
{
    struct caller_list list = {0};
    *callers = NULL;
    *count = 0;
    if (pg_transaction(store, PG_READ, list_work, &list, err) != 0) {
        store_callers_free(list.callers, list.count);
        return -1;
    }
    *callers = list.callers;
    *count = list.count;
    return 0;
}

/* --- revoking ---------------------------------------------------------------------------------------------------- */

static const struct pg_statement revoke = {
    "revoke", "UPDATE callers SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL"};

static int revoke_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const char *const *name = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, *name);
    int revoked = pg_run(connection, &revoke, &params, NULL, err);
    if (revoked <= 0)
        return revoked;
    CG_AUTO_JSON json_t *detail = json_pack("{s:s}", "name", *name);
    return record(connection, "token-revoked", detail, err) == 0 ? revoked : -1;
}

int store_caller_revoke(struct store *store, const char *name, struct cg_error *err)
{
    return pg_transaction(store, PG_WRITE, revoke_work, &name, err);
}
