/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found when rows of the log were read again, and the checkpoints that they are held against. */
#include "store/audit.h"
#include "store/audit_rows.h"
#include "store/transaction.h"

/* --- what was found ------------------------------------------------------------------------------------------------
 */

struct finding {
    const struct pg_statement *statement;
    uint64_t entry;
    const char *damage; /* NULL: the statement has no parameters */
};

static const struct pg_statement set_damaged = {"set_audit_damaged",
                                                "UPDATE audit_check SET damaged_entry = $1, damage = $2"};
static const struct pg_statement set_mended = {"set_audit_mended",
                                               "UPDATE audit_check SET damaged_entry = NULL, damage = NULL"};
static const struct pg_statement set_checked = {
    "set_audit_checked", "UPDATE audit_check SET passed_at = clock_timestamp(), damaged_entry = NULL, damage = NULL"};

static int finding_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct finding *finding = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    if (finding->damage) {
        pg_put_int(&params, (int64_t)finding->entry);
        pg_put_text(&params, finding->damage);
    }
    return pg_run(connection, finding->statement, finding->damage ? &params : NULL, NULL, err) < 0 ? -1 : 0;
}

static int keep_finding(struct store *store, struct finding finding, struct cg_error *err)
{
    return pg_transaction(store, PG_SET, finding_work, &finding, err) < 0 ? -1 : 0;
}

int store_audit_damaged(struct store *store, uint64_t entry, const char *damage, struct cg_error *err)
{
    return keep_finding(store, (struct finding){&set_damaged, entry, damage}, err);
}

int store_audit_mended(struct store *store, struct cg_error *err)
{
    return keep_finding(store, (struct finding){.statement = &set_mended}, err);
}

int store_audit_checked(struct store *store, struct cg_error *err)
{
    return keep_finding(store, (struct finding){.statement = &set_checked}, err);
}

/* --- checkpoints ---------------------------------------------------------------------------------------------------
 */

struct checkpoint_list {
    uint64_t from, to;
    struct store_checkpoint *checkpoints;
    size_t count;
};

static int checkpoints_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct checkpoint_list *list = context;
    store_checkpoints_free(list->checkpoints, list->count);
    list->checkpoints = NULL;
    list->count = 0;
    return checkpoints_read(connection, list->from, list->to, &list->checkpoints, &list->count, err);
}

int store_audit_checkpoints(struct store *store, uint64_t from, uint64_t to, struct store_checkpoint **checkpoints,
                            size_t *count, struct cg_error *err)
{
    struct checkpoint_list list = {.from = from, .to = to};
    int result = pg_transaction(store, PG_READ, checkpoints_work, &list, err);
    *checkpoints = list.checkpoints;
    *count = list.count;
    return result < 0 ? -1 : 0;
}
