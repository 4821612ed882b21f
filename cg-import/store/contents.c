/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/contents.h"

#include "store/scope.h"
#include "store/transaction.h"

#include <string.h>

/* --- adding ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement add_content = {
    "add_content", "INSERT INTO contents (sha256, size_bytes, md5, adler32) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (sha256) DO UPDATE SET used_at = now()"};

static int add_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct cg_digests *digests = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, digests->sha256);
    pg_put_int(&params, (int64_t)digests->size_bytes);
    pg_put_text(&params, digests->md5);
    pg_put_text(&params, digests->adler32);
    return pg_run(connection, &add_content, &params, NULL, err) < 0 ? -1 : 0;
}

int store_content_add(struct store *store, const struct cg_digests *digests, struct cg_error *err)
{
    struct cg_digests copy = *digests;
    return pg_transaction(store, PG_SET, add_work, &copy, err);
}

/* --- finding ----------------------------------------------------------------------------------------------------- */

#define FOUND_COLUMNS "c.sha256, c.size_bytes, c.md5, c.adler32"
#define SEEN                                                                                                           \
    " AND c.size_bytes = $2 AND EXISTS (SELECT 1 FROM outputs o JOIN imports i ON i.id = o.import_id"                  \
    " WHERE o.content = c.sha256 AND " SCOPE_SQL("$3", "$4") ") LIMIT 1"

static const struct pg_statement by_sha256 = {"by_sha256",
                                              "SELECT " FOUND_COLUMNS " FROM contents c WHERE c.sha256 = $1" SEEN};
static const struct pg_statement by_md5 = {"by_md5", "SELECT " FOUND_COLUMNS " FROM contents c WHERE c.md5 = $1" SEEN};

struct finding {
    enum cg_digest_kind kind;
    const char *checksum;
    uint64_t size_bytes;
    const struct store_scope *scope;
    struct cg_digests *found;
};

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length < size)
        memcpy(to, from, length + 1);
}

static int find_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct finding *f = context;
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, f->checksum);
    pg_put_int(&params, (int64_t)f->size_bytes);
    if (scope_put(&params, &texts, f->scope, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, f->kind == CG_DIGEST_MD5 ? &by_md5 : &by_sha256, &params, &rows, err);
    if (count <= 0)
        return count;
    struct pg_row row = pg_row(rows, 0);
    copy_text(f->found->sha256, sizeof f->found->sha256, pg_get_text(&row));
    f->found->size_bytes = (uint64_t)pg_get_int(&row);
    copy_text(f->found->md5, sizeof f->found->md5, pg_get_text(&row));
    copy_text(f->found->adler32, sizeof f->found->adler32, pg_get_text(&row));
    return 1;
}

int store_content_find(struct store *store, enum cg_digest_kind kind, const char *checksum, uint64_t size_bytes,
                       const struct store_scope *scope, struct cg_digests *found, struct cg_error *err)
{
    *found = (struct cg_digests){0};
    if (kind != CG_DIGEST_MD5 && kind != CG_DIGEST_SHA256)
        return 0;
    struct finding finding = {kind, checksum, size_bytes, scope, found};
    return pg_transaction(store, PG_READ, find_work, &finding, err);
}

/* --- letting go -------------------------------------------------------------------------------------------------- */

#define UNUSED                                                                                                         \
    " NOT EXISTS (SELECT 1 FROM outputs o JOIN imports i ON i.id = o.import_id WHERE o.content = c.sha256"             \
    " AND i.state NOT IN ('imported', 'rejected', 'canceled'))"                                                        \
    " AND NOT EXISTS (SELECT 1 FROM imports m WHERE m.metadata_content = c.sha256"                                     \
    " AND m.state NOT IN ('imported', 'rejected', 'canceled'))"

/* Locked first, and then looked at again: an import may have been linked to one between the look and the lock. After
 * the lock none can be, since a reference locks the row too. A finished import keeps the sha256 and loses the link. */
static const struct pg_statement lock_unused = {"lock_unused",
                                                "SELECT array_agg(l.sha256)::text FROM (SELECT c.sha256 FROM contents c"
                                                " WHERE c.used_at < now() - $1::float8 * interval '1 s' AND" UNUSED
                                                " ORDER BY c.used_at LIMIT $2 FOR UPDATE SKIP LOCKED) l"};
static const struct pg_statement drop_unused = {
    "drop_unused", "DELETE FROM contents c WHERE c.sha256 = ANY ($1::text[]) AND" UNUSED " RETURNING c.sha256"};

struct expiry {
    unsigned idle_s, limit;
    char **names;
    size_t count;
};

static int keep_names(struct expiry *e, const PGresult *rows, int count, struct cg_error *err)
{
    e->names = calloc((size_t)count, sizeof *e->names);
    if (!e->names)
        return cg_fail_memory(err);
    e->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        pg_get_copy(&row, &e->names[i]);
        if (pg_row_end(&row, err) != 0)
            return -1;
    }
    return 0;
}

static int expire_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct expiry *e = context;
    store_content_names_free(e->names, e->count);
    e->names = NULL;
    e->count = 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, e->idle_s);
    pg_put_int(&params, e->limit);
    PG_AUTO_ROWS PGresult *locked = NULL;
    if (pg_run(connection, &lock_unused, &params, &locked, err) < 0)
        return -1;
    if (PQgetisnull(locked, 0, 0))
        return 0;
    PG_AUTO_PARAMS struct pg_params names = {0};
    pg_put_text(&names, PQgetvalue(locked, 0, 0));
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &drop_unused, &names, &rows, err);
    return count <= 0 ? count : keep_names(e, rows, count, err);
}
int store_content_expire(struct store *store, unsigned idle_s, unsigned limit, char ***names, size_t *count,
                         struct cg_error *err)
{
    struct expiry expiry = {.idle_s = idle_s, .limit = limit};
    *names = NULL;
    *count = 0;
    if (pg_transaction(store, PG_WRITE, expire_work, &expiry, err) < 0) {
        store_content_names_free(expiry.names, expiry.count);
        return -1;
    }
    *names = expiry.names;
    *count = expiry.count;
    return 0;
}

void store_content_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* --- known? ------------------------------------------------------------------------------------------------------ */

static const struct pg_statement known = {"known", "SELECT 1 FROM contents WHERE sha256 = $1"};

static int known_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, context);
    return pg_run(connection, &known, &params, NULL, err);
}

int store_content_known(struct store *store, const char *sha256, struct cg_error *err)
{
    char copy[65] = "";
    copy_text(copy, sizeof copy, sha256);
    return pg_transaction(store, PG_READ, known_work, copy, err);
}

static const struct pg_statement forget = {"content_forget", "DELETE FROM contents WHERE sha256 = $1"};

static int forget_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, context);
    return pg_run(connection, &forget, &params, NULL, err) < 0 ? -1 : 0;
}

int store_content_forget(struct store *store, const char *sha256, struct cg_error *err)
{
    char copy[65] = "";
    copy_text(copy, sizeof copy, sha256);
    return pg_transaction(store, PG_WRITE, forget_work, copy, err);
}
