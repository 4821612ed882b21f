/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at imports and their events, within a scope. */
#include "store/import_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#define LIST_LIMIT_MAX 500U

/* --- one --------------------------------------------------------------------------------------------------------- */

static const struct pg_statement may_see = {"may_see",
                                            "SELECT 1 FROM imports i WHERE i.id = $1 AND " SCOPE_SQL("$2", "$3")};

struct getting {
    const char *id;
    const struct store_scope *scope;
    struct store_import *import;
};

static int get_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct getting *g = context;
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, g->id);
    if (scope_put(&params, &texts, g->scope, err) != 0)
        return -1;
    int visible = pg_run(connection, &may_see, &params, NULL, err);
    return visible <= 0 ? visible : import_load(connection, g->id, g->import, err);
}

int store_import_get(struct store *store, const char *id, const struct store_scope *scope, struct store_import *import,
                     struct cg_error *err)
{
    *import = (struct store_import){0};
    if (!store_is_id(id))
        return 0;
    struct getting getting = {.id = id, .scope = scope, .import = import};
    int found = pg_transaction(store, PG_READ, get_work, &getting, err);
    if (found <= 0)
        store_import_finish(import);
    return found;
}

/* --- many -------------------------------------------------------------------------------------------------------- */

static const struct pg_statement list_imports = {
    "list_imports",
    "SELECT " IMPORT_COLUMNS " FROM imports i WHERE " SCOPE_SQL(
        "$1", "$2") " AND ($3::text IS NULL OR i.state = $3) AND ($4::text IS NULL OR i.nvr ~ $4)"
                    " AND ($5::text IS NULL OR i.content_generator = $5) AND ($6::text IS NULL OR i.hub = $6)"
                    " AND ($7::float8 = 0 OR i.created_at >= to_timestamp($7::float8))"
                    " AND ($8::float8 = 0 OR i.created_at < to_timestamp($8::float8))"
                    " AND ($9::uuid IS NULL OR i.id < $9::uuid) ORDER BY i.id DESC LIMIT $10"};

struct listing {
    const struct store_filter *filter;
    const struct store_scope *scope;
    struct store_import *imports;
    size_t count;
};

static unsigned page_size(unsigned limit)
{
    if (limit == 0)
        return 1;
    return limit > LIST_LIMIT_MAX ? LIST_LIMIT_MAX : limit;
}

static int query_list(struct pg_connection *connection, const struct listing *l, PGresult **rows, struct cg_error *err)
{
    SCOPE_AUTO struct scope_texts texts = {0};
    CG_AUTO_BYTES struct cg_bytes nvr = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    const struct store_filter *f = l->filter;
    if (scope_put(&params, &texts, l->scope, err) != 0 || (f->nvr && glob_pattern(f->nvr, &nvr, err) != 0))
        return -1;
    pg_put_text(&params, f->state < 0 ? NULL : store_state_name((enum store_state)f->state));
    pg_put_text(&params, f->nvr ? cg_bytes_text(&nvr) : NULL);
    pg_put_text(&params, f->content_generator);
    pg_put_text(&params, f->hub);
    pg_put_double(&params, f->since);
    pg_put_double(&params, f->until);
    pg_put_text(&params, f->after);
    pg_put_int(&params, page_size(f->limit));
    return pg_run(connection, &list_imports, &params, rows, err);
}

static int list_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct listing *l = context;
    store_imports_free(l->imports, l->count);
    l->imports = NULL;
    l->count = 0;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = query_list(connection, l, &rows, err);
    if (count <= 0)
        return count;
    l->imports = calloc((size_t)count, sizeof *l->imports);
    if (!l->imports)
        return cg_fail_memory(err);
    l->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (import_read(&row, &l->imports[i], err) != 0)
            return -1;
    }
    return 0;
}

int store_import_list(struct store *store, const struct store_filter *filter, const struct store_scope *scope,
                      struct store_import **imports, size_t *count, struct cg_error *err)
{
    *imports = NULL;
    *count = 0;
    if (filter->after && !store_is_id(filter->after))
        return cg_fail(err, CG_E_USAGE, "the page to go on after is not the id of an import");
    struct listing listing = {.filter = filter, .scope = scope};
    if (pg_transaction(store, PG_READ, list_work, &listing, err) != 0) {
        store_imports_free(listing.imports, listing.count);
        return -1;
    }
    *imports = listing.imports;
    *count = listing.count;
    return 0;
}

/* --- how many ---------------------------------------------------------------------------------------------------- */

static const struct pg_statement count_unfinished = {"count_unfinished",
                                                     "SELECT count(*) FROM imports WHERE caller = $1"
                                                     " AND state NOT IN ('imported', 'rejected', 'canceled')"};

struct counting {
    const char *caller;
    int64_t count;
};

static int count_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct counting *c = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, c->caller);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &count_unfinished, &params, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    c->count = pg_get_int(&row);
    return 0;
}

int64_t store_import_unfinished(struct store *store, const char *caller, struct cg_error *err)
{
    struct counting counting = {.caller = caller};
    return pg_transaction(store, PG_READ, count_work, &counting, err) < 0 ? -1 : counting.count;
}
