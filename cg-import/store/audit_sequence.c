/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/audit_sequence.h"

#include "store/audit_rows.h"
#include "store/listen.h"
#include "store/transaction.h"

/* An advisory lock of our own: any number that nothing else in the database uses. */
#define SEQUENCER_LOCK "7164110298514371951"

struct store_sequencer {
    struct store *store;
    struct pg_connection connection;
    bool leads;
};

struct store_sequencer *store_sequencer_create(struct store *store, struct cg_error *err)
{
    struct store_sequencer *sequencer = calloc(1, sizeof *sequencer);
    if (!sequencer) {
        cg_fail_memory(err);
        return NULL;
    }
    sequencer->store = store;
    return sequencer;
}

/* With its connection goes the lock. */
void store_sequencer_let_go(struct store_sequencer *sequencer)
{
    pg_disconnect(&sequencer->connection);
    sequencer->leads = false;
}

void store_sequencer_destroy(struct store_sequencer *sequencer)
{
    if (!sequencer)
        return;
    store_sequencer_let_go(sequencer);
    free(sequencer);
}

/* --- the lock ------------------------------------------------------------------------------------------------------
 */

static const struct pg_statement take_lock = {"take_sequencer_lock", "SELECT pg_try_advisory_lock(" SEQUENCER_LOCK ")"};

int store_sequencer_leads(struct store_sequencer *sequencer, struct cg_error *err)
{
    struct pg_connection *connection = &sequencer->connection;
    if (sequencer->leads)
        return 1;
    if (!connection->conn && pg_connect(connection, &sequencer->store->options, err) != 0)
        return -1;
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &take_lock, NULL, &rows, err) < 0) {
        store_sequencer_let_go(sequencer);
        return -1;
    }
    struct pg_row row = pg_row(rows, 0);
    if (!pg_get_bool(&row))
        return 0;
    if (pg_command(connection, "listen", "LISTEN cg_import_audit", err) != 0) {
        store_sequencer_let_go(sequencer);
        return -1;
    }
    sequencer->leads = true;
    return 1;
}

int store_sequencer_wait(struct store_sequencer *sequencer, const struct stop *stop, unsigned most_ms,
                         struct cg_error *err)
{
    if (!sequencer->connection.conn)
        return stop_sleep(stop, most_ms);
    int result = listen_wait(&sequencer->connection, stop, most_ms, err);
    if (result < 0)
        store_sequencer_let_go(sequencer);
    return result;
}

/* --- a batch -------------------------------------------------------------------------------------------------------
 */

static const struct pg_statement move_leaves = {
    "move_leaves",
    "WITH gone AS (DELETE FROM audit_pending WHERE seq IN (SELECT seq FROM audit_pending ORDER BY seq LIMIT $2)"
    " RETURNING *), put AS (INSERT INTO audit_entry (idx, id, event_id, import_id, type, nvr, leaf, leaf_hash)"
    " SELECT $1::bigint + row_number() OVER (ORDER BY seq) - 1, id, event_id, import_id, type, nvr, leaf,"
    " sha256('\\x00'::bytea || leaf) FROM gone RETURNING idx, leaf_hash)"
    " SELECT encode(leaf_hash, 'hex') FROM put ORDER BY idx"};
static const struct pg_statement put_tile = {
    "put_tile", "INSERT INTO audit_tile (level, n, root) VALUES ($1, $2, decode($3, 'hex'))"};
static const struct pg_statement put_checkpoint = {
    "put_checkpoint", "INSERT INTO audit_checkpoint (size, root, note) VALUES ($1, decode($2, 'hex'), $3)"};

int store_batch_put_tile(const struct store_batch *batch, unsigned level, uint64_t n, const struct cg_merkle_hash *root,
                         struct cg_error *err)
{
    char hex[2 * CG_MERKLE_HASH_SIZE + 1];
    cg_hex(hex, root->bytes, sizeof root->bytes);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, level);
    pg_put_int(&params, (int64_t)n);
    pg_put_text(&params, hex);
    return pg_run(batch->connection_, &put_tile, &params, NULL, err) < 0 ? -1 : 0;
}

int store_batch_fetch(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    const struct store_batch *batch = context;
    return tile_read(batch->connection_, tile, content, err);
}

/* The leaves that wait get the places from `batch->last.size` on. Their number, or -1. */
static int move(struct store_batch *batch, struct cg_merkle_hash *hashes, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)batch->last.size);
    pg_put_int(&params, STORE_BATCH_MAX);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(batch->connection_, &move_leaves, &params, &rows, err);
    for (int i = 0; i < count; i++)
        if (hex_hash(&hashes[i], PQgetvalue(rows, i, 0), err) != 0)
            return -1;
    batch->hashes = hashes;
    batch->count = count < 0 ? 0 : (size_t)count;
    return count;
}

static int keep_checkpoint(const struct store_batch *batch, struct store_checkpoint *made, struct cg_bytes *note,
                           struct cg_error *err)
{
    char hex[2 * CG_MERKLE_HASH_SIZE + 1];
    made->size = batch->last.size + batch->count;
    made->note = cg_bytes_steal(note);
    cg_hex(hex, made->root.bytes, sizeof made->root.bytes);
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)made->size);
    pg_put_text(&params, hex);
    pg_put_text(&params, made->note);
    return pg_run(batch->connection_, &put_checkpoint, &params, NULL, err) < 0 ? -1 : 0;
}

static int append_work(struct store_batch *batch, store_seal *seal, void *context, struct store_checkpoint *made,
                       struct cg_error *err)
{
    CG_AUTO_FREE struct cg_merkle_hash *hashes = calloc(STORE_BATCH_MAX, sizeof *hashes);
    CG_AUTO_BYTES struct cg_bytes note = {0};
    if (!hashes)
        return cg_fail_memory(err);
    if (checkpoint_read(batch->connection_, 0, &batch->last, err) < 0)
        return -1;
    int count = move(batch, hashes, err);
    if (count <= 0)
        return count;
    if (seal(context, batch, &made->root, &note, err) != 0 || keep_checkpoint(batch, made, &note, err) != 0)
        return -1;
    return count;
}

/* A transaction that cannot be rolled back ends with its connection. */
static void give_up(struct store_sequencer *sequencer)
{
    struct cg_error ignored = {0};
    if (PQstatus(sequencer->connection.conn) != CONNECTION_OK || sequencer->connection.failure == PG_FAILURE_SILENT ||
        pg_command(&sequencer->connection, "rollback", "ROLLBACK", &ignored) != 0)
        store_sequencer_let_go(sequencer);
}

int store_sequencer_append(struct store_sequencer *sequencer, store_seal *seal, void *context,
                           struct store_checkpoint *made, struct cg_error *err)
{
    if (!sequencer->leads)
        return cg_fail(err, CG_E_CONFLICT, "another sequencer has the lock");
    struct store_batch batch = {.connection_ = &sequencer->connection};
    sequencer->connection.failure = PG_FAILURE_NONE;
    int count = pg_command(&sequencer->connection, "begin", "BEGIN", err);
    if (count == 0)
        count = append_work(&batch, seal, context, made, err);
    store_checkpoint_finish(&batch.last);
    if (count > 0 && pg_command(&sequencer->connection, "commit", "COMMIT", err) != 0) {
        /* Whether it was committed is told by the last checkpoint, once the lock is had again. */
        store_sequencer_let_go(sequencer);
        count = -1;
    } else if (count <= 0) {
        give_up(sequencer);
    }
    if (count <= 0)
        store_checkpoint_finish(made);
    return count;
}
