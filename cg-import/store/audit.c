/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/audit.h"

#include "store/audit_leaf.h"
#include "store/audit_rows.h"
#include "store/transaction.h"

/* --- putting in ----------------------------------------------------------------------------------------------------
 */

static int record_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct store_record *record = context;
    const struct audit_leaf leaf = {.type = record->type,
                                    .actor = record->actor,
                                    .nvr = record->nvr,
                                    .detail = record->detail,
                                    .members = record->members};
    return audit_leaf_put(connection, &leaf, err);
}

int store_audit_record(struct store *store, const struct store_record *record, struct cg_error *err)
{
    struct store_record copy = *record;
    return pg_transaction(store, PG_WRITE, record_work, &copy, err) < 0 ? -1 : 0;
}

int store_audit_refused(struct store *store, const struct store_refusal *refusal, struct cg_error *err)
{
    CG_AUTO_JSON json_t *members = json_copy(store->schema);
    CG_AUTO_JSON json_t *posted = json_pack("{s:s, s:I}", "metadata_sha256", refusal->metadata_sha256, "metadata_size",
                                            (json_int_t)refusal->metadata_bytes);
    CG_AUTO_JSON json_t *message = json_string(refusal->why->message);
    CG_AUTO_JSON json_t *detail = json_pack("{s:s, s:s, s:O*}", "error", cg_code_info(refusal->why->code)->name,
                                            "request", refusal->request_id, "message", message);
    if (!members || !posted || !detail || json_object_update(members, posted) != 0)
        return cg_fail_memory(err);
    const struct store_record record = {
        .type = "refused", .actor = refusal->caller, .nvr = refusal->nvr, .detail = detail, .members = members};
    return store_audit_record(store, &record, err);
}

/* --- how it stands -------------------------------------------------------------------------------------------------
 */

#define TEXT_OF(number) TEXT_OF_IT(number)
#define TEXT_OF_IT(number) #number

static const struct pg_statement log_state = {
    "log_state", "SELECT (SELECT count(*) FROM (SELECT 1 FROM audit_pending LIMIT " TEXT_OF(
                     STORE_PENDING_COUNTED) ") p),"
                                            " (SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM "
                                            "audit_pending ORDER BY seq LIMIT 1),"
                                            " (SELECT size FROM audit_checkpoint ORDER BY size DESC LIMIT 1),"
                                            " (SELECT extract(epoch FROM at)::float8 FROM audit_checkpoint ORDER BY "
                                            "size DESC LIMIT 1),"
                                            " extract(epoch FROM c.passed_at)::float8, c.damage IS NOT NULL,"
                                            " c.damaged_entry FROM audit_check c"};

static int state_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct store_log_state *state = context;
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &log_state, NULL, &rows, err) < 0)
        return -1;
    struct pg_row row = pg_row(rows, 0);
    state->pending = (uint64_t)pg_get_int(&row);
    state->oldest_pending_s = pg_get_double(&row);
    state->size = (uint64_t)pg_get_int(&row);
    state->signed_at = pg_get_double(&row);
    state->checked_at = pg_get_double(&row);
    state->damaged = pg_get_bool(&row);
    state->damaged_entry = (uint64_t)pg_get_int(&row);
    return pg_row_end(&row, err);
}

int store_audit_state(struct store *store, struct store_log_state *state, struct cg_error *err)
{
    *state = (struct store_log_state){0};
    return pg_transaction(store, PG_READ, state_work, state, err);
}

struct wanted_checkpoint {
    uint64_t size;
    struct store_checkpoint *checkpoint;
};

static int checkpoint_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct wanted_checkpoint *wanted = context;
    return checkpoint_read(connection, wanted->size, wanted->checkpoint, err);
}

int store_audit_checkpoint(struct store *store, uint64_t size, struct store_checkpoint *checkpoint,
                           struct cg_error *err)
{
    struct wanted_checkpoint wanted = {.size = size, .checkpoint = checkpoint};
    return pg_transaction(store, PG_READ, checkpoint_work, &wanted, err);
}

static const struct pg_statement last_keys = {
    "last_keys", "SELECT (convert_from(leaf, 'UTF8')::json)->'detail' FROM audit_entry WHERE type = 'key'"
                 " ORDER BY idx DESC LIMIT 1"};
static const struct pg_statement told_keys = {
    "told_keys", "SELECT encode(leaf, 'hex') FROM audit_entry WHERE type = 'key' ORDER BY idx"};
/* One that waits is newer than any that has its place. */
static const struct pg_statement pending_keys = {
    "pending_keys", "SELECT (convert_from(leaf, 'UTF8')::json)->'detail' FROM audit_pending WHERE type = 'key'"
                    " ORDER BY seq DESC LIMIT 1"};

static int keys_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    json_t **detail = context;
    json_decref(*detail);
    *detail = NULL;
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &pending_keys, NULL, &rows, err);
    if (found == 0) {
        PQclear(CG_STEAL(rows));
        found = pg_run(connection, &last_keys, NULL, &rows, err);
    }
    if (found <= 0)
        return found;
    struct pg_row row = pg_row(rows, 0);
    pg_get_json(&row, detail);
    return pg_row_end(&row, err) == 0 ? 1 : -1;
}

int store_audit_keys(struct store *store, json_t **detail, struct cg_error *err)
{
    *detail = NULL;
    return pg_transaction(store, PG_READ, keys_work, detail, err);
}

static int told_keys_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    json_t *details = context;
    json_array_clear(details);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &told_keys, NULL, &rows, err);
    for (int i = 0; i < count; i++) {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        if (hex_append(&text, PQgetvalue(rows, i, 0), err) != 0)
            return -1;
        CG_AUTO_JSON json_t *leaf = json_loadb(cg_bytes_text(&text), text.size, 0, NULL);
        json_t *detail = json_object_get(leaf, "detail");
        if (detail && json_array_append(details, detail) != 0)
            return cg_fail_memory(err);
    }
    return count < 0 ? -1 : 0;
}

json_t *store_audit_keys_told(struct store *store, struct cg_error *err)
{
    CG_AUTO_JSON json_t *details = json_array();
    if (!details)
        return cg_fail_memory(err), NULL;
    return pg_transaction(store, PG_READ, told_keys_work, details, err) < 0 ? NULL : CG_STEAL(details);
}

/* --- entries -------------------------------------------------------------------------------------------------------
 */

#define ENTRY_COLUMNS "idx, id, import_id, event_id, type, nvr, encode(leaf, 'hex'), encode(leaf_hash, 'hex')"

static const struct pg_statement entries_from = {
    "entries_from", "SELECT " ENTRY_COLUMNS " FROM audit_entry WHERE idx >= $1 ORDER BY idx LIMIT $2"};
static const struct pg_statement entries_of = {
    "entries_of", "SELECT " ENTRY_COLUMNS " FROM audit_entry WHERE import_id = $3 AND idx >= $1 ORDER BY idx LIMIT $2"};

struct entry_list {
    uint64_t from;
    unsigned limit;
    const char *import_id; /* NULL: of all */
    struct store_entry *entries;
    size_t count;
};

static int read_entry(struct pg_row *row, struct store_entry *entry, struct cg_error *err)
{
    entry->index = (uint64_t)pg_get_int(row);
    pg_get_id(row, entry->id);
    pg_get_id(row, entry->import_id);
    entry->event_id = pg_get_int(row);
    pg_get_copy(row, &entry->type);
    pg_get_copy(row, &entry->nvr);
    if (hex_append(&entry->leaf, pg_get_text(row), err) != 0 || hex_hash(&entry->hash, pg_get_text(row), err) != 0)
        return -1;
    return pg_row_end(row, err);
}

static int entries_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct entry_list *list = context;
    store_entries_free(list->entries, list->count);
    list->entries = NULL;
    list->count = 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)list->from);
    pg_put_int(&params, list->limit < STORE_ENTRIES_MAX ? list->limit : STORE_ENTRIES_MAX);
    if (list->import_id)
        pg_put_text(&params, list->import_id);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, list->import_id ? &entries_of : &entries_from, &params, &rows, err);
    if (count <= 0)
        return count;
    list->entries = calloc((size_t)count, sizeof *list->entries);
    if (!list->entries)
        return cg_fail_memory(err);
    list->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        if (read_entry(&row, &list->entries[i], err) != 0)
            return -1;
    }
    return 0;
}

static int list_entries(struct store *store, struct entry_list *list, struct store_entry **entries, size_t *count,
                        struct cg_error *err)
{
    *entries = NULL;
    *count = 0;
    if (pg_transaction(store, PG_READ, entries_work, list, err) != 0) {
        store_entries_free(list->entries, list->count);
        return -1;
    }
    *entries = list->entries;
    *count = list->count;
    return 0;
}

int store_audit_entries(struct store *store, uint64_t from, unsigned limit, struct store_entry **entries, size_t *count,
                        struct cg_error *err)
{
    struct entry_list list = {.from = from, .limit = limit};
    return list_entries(store, &list, entries, count, err);
}

int store_audit_entries_of(struct store *store, const char *import_id, uint64_t from, unsigned limit,
                           struct store_entry **entries, size_t *count, struct cg_error *err)
{
    struct entry_list list = {.from = from, .limit = limit, .import_id = import_id};
    return list_entries(store, &list, entries, count, err);
}

void store_entries_free(struct store_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(entries[i].type);
        free(entries[i].nvr);
        cg_bytes_finish(&entries[i].leaf);
    }
    free(entries);
}

/* --- tiles ---------------------------------------------------------------------------------------------------------
 */

struct wanted_tile {
    const struct cg_tile *tile;
    struct cg_bytes *content;
};

static int tile_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct wanted_tile *wanted = context;
    return tile_read(connection, wanted->tile, wanted->content, err);
}

int store_audit_tile(struct store *store, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    struct wanted_tile wanted = {.tile = tile, .content = content};
    return pg_transaction(store, PG_READ, tile_work, &wanted, err);
}
