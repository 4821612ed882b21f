/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the owner of a claim writes down, each write under its fencing number: see queue.h. */
#include "store/import_rows.h"
#include "store/queue.h"
#include "store/transaction.h"

/* One change by the owner of a claim. */
struct change {
    const struct store_claim *claim;
    int (*write)(struct pg_connection *connection, const struct change *change, struct cg_error *err);
    const char *type; /* of the event; NULL: none is written */
    const json_t *detail;
    const char *step, *url, *held;
    const json_t *json; /* report or journal */
    const struct cg_error *why;
    int64_t build_id;
    unsigned delay_ms;
};

static const struct pg_statement check_fence = {
    "check_fence", "SELECT 1 FROM queue WHERE import_id = $1 AND fence = $2 AND owner IS NOT NULL FOR UPDATE"};

/* Locks the queue's row, then the import's: the order of all who take both. */
static int check_lease(struct pg_connection *connection, const struct store_claim *claim, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, claim->import.id);
    pg_put_int(&params, claim->fence);
    int ours = pg_run(connection, &check_fence, &params, NULL, err);
    if (ours != 0)
        return ours < 0 ? -1 : 0;
    return cg_fail(err, CG_E_CONFLICT, "lease lost: import %s is no longer that of %s (fence %lld)", claim->import.id,
                   claim->owner, (long long)claim->fence);
}

static int change_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct change *change = context;
    if (check_lease(connection, change->claim, err) != 0 || change->write(connection, change, err) != 0)
        return -1;
    if (!change->type)
        return 0;
    json_t *detail = change->detail ? json_deep_copy(change->detail) : json_object();
    return event_put(connection, change->claim->import.id, change->type, change->claim->owner, detail, err);
}

static int run(struct store *store, struct change *change, struct cg_error *err)
{
    return pg_transaction(store, PG_WRITE, change_work, change, err);
}

/* --- on the way -------------------------------------------------------------------------------------------------- */

static const struct pg_statement set_step = {"set_step",
                                             "UPDATE imports SET step = $2, updated_at = now() WHERE id = $1"};
static const struct pg_statement set_journal = {"set_journal",
                                                "UPDATE imports SET journal = $2, updated_at = now() WHERE id = $1"};

static int write_step(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    pg_put_text(&params, change->step);
    return pg_run(connection, &set_step, &params, NULL, err) < 0 ? -1 : 0;
}

int store_claim_step(struct store *store, const struct store_claim *claim, const char *step, const json_t *detail,
                     struct cg_error *err)
{
    CG_AUTO_JSON json_t *told = json_pack("{s:s, s:O?}", "step", step, "detail", detail);
    if (!told)
        return cg_fail_memory(err);
    struct change change = {.claim = claim, .write = write_step, .type = "step", .detail = told, .step = step};
    return run(store, &change, err);
}

static int write_journal(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    pg_put_json(&params, json_is_null(change->json) ? NULL : change->json);
    return pg_run(connection, &set_journal, &params, NULL, err) < 0 ? -1 : 0;
}

int store_claim_journal(struct store *store, const struct store_claim *claim, const json_t *journal,
                        struct cg_error *err)
{
    struct change change = {.claim = claim, .write = write_journal, .json = journal};
    return run(store, &change, err);
}

/* --- ends -------------------------------------------------------------------------------------------------------- */

static const struct pg_statement leave_queue = {"leave_queue", "DELETE FROM queue WHERE import_id = $1"};
static const struct pg_statement set_imported = {
    "set_imported", "UPDATE imports SET state = 'imported', build_id = $2, url = $3, journal = NULL, error_name = NULL,"
                    " error_message = NULL, error_hint = NULL, finished_at = now(), updated_at = now() WHERE id = $1"};
static const struct pg_statement set_rejected = {
    "set_rejected", "UPDATE imports SET state = 'rejected', error_name = $2, error_message = $3, error_hint = $4,"
                    " report = $5, journal = NULL, finished_at = now(), updated_at = now() WHERE id = $1"};
static const struct pg_statement set_canceled = {
    "set_canceled", "UPDATE imports SET state = 'canceled', journal = NULL, finished_at = now(), updated_at = now()"
                    " WHERE id = $1"};
static const struct pg_statement set_held = {
    "set_held", "UPDATE imports SET state = 'held', error_name = $2, error_message = $3, error_hint = $4, held = $5,"
                " updated_at = now() WHERE id = $1"};
static const struct pg_statement set_later = {
    "set_later", "UPDATE imports SET state = 'queued', error_name = $2, error_message = $3, error_hint = $4,"
                 " updated_at = now() WHERE id = $1"};
/* One that shall be canceled is not waited for. */
static const struct pg_statement back_to_queue = {
    "back_to_queue", "UPDATE queue SET owner = NULL, due_at = clock_timestamp() + CASE WHEN cancel_asked THEN 0"
                     " ELSE $2::float8 END * interval '1 ms' WHERE import_id = $1"};

/* `why` in valid UTF-8, for the database and for JSON: a hub's text may be anything. */
static struct cg_error legible(const struct cg_error *why)
{
    struct cg_error told = *why;
    char *texts[] = {told.message, told.hint};
    for (int i = 0; i < 2; i++) {
        CG_AUTO_JSON json_t *valid = json_string(texts[i]);
        for (char *c = texts[i]; !valid && *c; c++)
            if ((unsigned char)*c >= 0x80)
                *c = '?';
    }
    return told;
}

static void put_why(struct pg_params *params, const struct cg_error *why)
{
    pg_put_text(params, why ? cg_code_info(why->code)->name : NULL);
    pg_put_text(params, why ? why->message : NULL);
    pg_put_text(params, why && why->hint[0] ? why->hint : NULL);
}

/* Writes the last state of this round and takes the import out of the queue. */
static int end(struct pg_connection *connection, const struct change *change, const struct pg_statement *statement,
               const struct pg_params *params, struct cg_error *err)
{
    if (pg_run(connection, statement, params, NULL, err) < 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params id = {0};
    pg_put_text(&id, change->claim->import.id);
    if (pg_run(connection, &leave_queue, &id, NULL, err) < 0)
        return -1;
    return contents_touch(connection, change->claim->import.id, err);
}

static int write_imported(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    pg_put_int(&params, change->build_id);
    pg_put_text(&params, change->url);
    return end(connection, change, &set_imported, &params, err);
}

int store_claim_imported(struct store *store, const struct store_claim *claim, int64_t build_id, const char *url,
                         const json_t *detail, struct cg_error *err)
{
    CG_AUTO_JSON json_t *told =
        json_pack("{s:I, s:s?, s:O?}", "build_id", (json_int_t)build_id, "url", url, "detail", detail);
    if (!told)
        return cg_fail_memory(err);
    struct change change = {
        .claim = claim, .write = write_imported, .type = "imported", .detail = told, .build_id = build_id, .url = url};
    return run(store, &change, err);
}

static int write_rejected(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    put_why(&params, change->why);
    pg_put_json(&params, change->json);
    return end(connection, change, &set_rejected, &params, err);
}

/* {"error", "message", ...} of an event, new reference. */
static json_t *why_detail(const struct cg_error *why)
{
    return json_pack("{s:s, s:s}", "error", cg_code_info(why->code)->name, "message", why->message);
}

int store_claim_rejected(struct store *store, const struct store_claim *claim, const struct cg_error *why,
                         const json_t *report, struct cg_error *err)
{
    struct cg_error reason = legible(why);
    CG_AUTO_JSON json_t *told = why_detail(&reason);
    if (!told)
        return cg_fail_memory(err);
    struct change change = {
        .claim = claim, .write = write_rejected, .type = "rejected", .detail = told, .why = &reason, .json = report};
    return run(store, &change, err);
}

static int write_canceled(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    return end(connection, change, &set_canceled, &params, err);
}

int store_claim_canceled(struct store *store, const struct store_claim *claim, struct cg_error *err)
{
    struct change change = {.claim = claim, .write = write_canceled, .type = "canceled"};
    return run(store, &change, err);
}

static int write_held(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    put_why(&params, change->why);
    pg_put_text(&params, change->held);
    return end(connection, change, &set_held, &params, err);
}

int store_claim_held(struct store *store, const struct store_claim *claim, enum store_held held,
                     const struct cg_error *why, struct cg_error *err)
{
    struct cg_error reason = legible(why);
    CG_AUTO_JSON json_t *told = why_detail(&reason);
    if (!told || json_object_set_new(told, "held", json_string(store_held_name(held))) != 0)
        return cg_fail_memory(err);
    struct change change = {.claim = claim,
                            .write = write_held,
                            .type = "held",
                            .detail = told,
                            .why = &reason,
                            .held = store_held_name(held)};
    return run(store, &change, err);
}

static int write_later(struct pg_connection *connection, const struct change *change, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, change->claim->import.id);
    put_why(&params, change->why);
    if (pg_run(connection, &set_later, &params, NULL, err) < 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params due = {0};
    pg_put_text(&due, change->claim->import.id);
    pg_put_int(&due, change->delay_ms);
    if (pg_run(connection, &back_to_queue, &due, NULL, err) < 0)
        return -1;
    return queue_notify(connection, err);
}

int store_claim_later(struct store *store, const struct store_claim *claim, unsigned delay_ms,
                      const struct cg_error *why, struct cg_error *err)
{
    struct cg_error reason = why ? legible(why) : (struct cg_error){0};
    CG_AUTO_JSON json_t *told = why ? why_detail(&reason) : json_object();
    if (!told || json_object_set_new(told, "delay_ms", json_integer(delay_ms)) != 0)
        return cg_fail_memory(err);
    struct change change = {.claim = claim,
                            .write = write_later,
                            .type = "later",
                            .detail = told,
                            .why = why ? &reason : NULL,
                            .delay_ms = delay_ms};
    return run(store, &change, err);
}
