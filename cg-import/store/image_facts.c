/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/image_facts.h"

#include "store/transaction.h"

static const struct pg_statement find_facts = {"image_facts_find",
                                               "SELECT facts FROM image_facts WHERE content = $1 AND reader = $2"};
/* The row of the content is locked, so that it does not go meanwhile. */
static const struct pg_statement keep_facts = {
    "image_facts_keep",
    "INSERT INTO image_facts (content, reader, facts)"
    " SELECT sha256, $2, $3 FROM contents WHERE sha256 = $1 FOR KEY SHARE"
    " ON CONFLICT (content) DO UPDATE SET reader = EXCLUDED.reader, facts = EXCLUDED.facts, at = now()"};

struct facts_work {
    const char *sha256;
    const json_t *given;
    json_t *found;
};

static int find_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct facts_work *work = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, work->sha256);
    pg_put_int(&params, STORE_IMAGE_READER);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &find_facts, &params, &rows, err);
    if (count <= 0)
        return count;
    struct pg_row row = pg_row(rows, 0);
    json_decref(work->found);
    work->found = NULL;
    pg_get_json(&row, &work->found);
    return pg_row_end(&row, err) < 0 ? -1 : 1;
}

int store_image_facts_find(struct store *store, const char *sha256, json_t **facts, struct cg_error *err)
{
    struct facts_work work = {.sha256 = sha256};
    int found = pg_transaction(store, PG_READ, find_work, &work, err);
    *facts = work.found;
    return found;
}

static int keep_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct facts_work *work = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, work->sha256);
    pg_put_int(&params, STORE_IMAGE_READER);
    pg_put_json(&params, work->given);
    return pg_run(connection, &keep_facts, &params, NULL, err) < 0 ? -1 : 0;
}

int store_image_facts_keep(struct store *store, const char *sha256, const json_t *facts, struct cg_error *err)
{
    struct facts_work work = {.sha256 = sha256, .given = facts};
    return pg_transaction(store, PG_WRITE, keep_work, &work, err);
}
