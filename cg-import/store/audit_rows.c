/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/audit_rows.h"

#include <string.h>

/* --- hexadecimal ---------------------------------------------------------------------------------------------------
 */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_append(struct cg_bytes *bytes, const char *hex, struct cg_error *err)
{
    size_t count = strlen(hex) / 2;
    if (cg_bytes_reserve(bytes, count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return cg_fail(err, CG_E_INTERNAL, "the database told no hexadecimal digits");
        bytes->data[bytes->size + i] = (char)(unsigned char)(high * 16 + low);
    }
    bytes->size += count;
    bytes->data[bytes->size] = '\0';
    return 0;
}

int hex_hash(struct cg_merkle_hash *hash, const char *hex, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    if (hex_append(&bytes, hex, err) != 0)
        return -1;
    if (bytes.size != sizeof hash->bytes)
        return cg_fail(err, CG_E_INTERNAL, "the database told a hash of %zu bytes", bytes.size);
    memcpy(hash->bytes, bytes.data, sizeof hash->bytes);
    return 0;
}

/* --- checkpoints ---------------------------------------------------------------------------------------------------
 */

static const struct pg_statement find_checkpoint = {
    "find_checkpoint", "SELECT size, encode(root, 'hex'), note FROM audit_checkpoint WHERE $1::bigint = 0 OR size = $1"
                       " ORDER BY size DESC LIMIT 1"};

void store_checkpoint_finish(struct store_checkpoint *checkpoint)
{
    free(checkpoint->note);
    *checkpoint = (struct store_checkpoint){0};
}

static int take_checkpoint(const PGresult *rows, int i, struct store_checkpoint *checkpoint, struct cg_error *err)
{
    store_checkpoint_finish(checkpoint);
    struct pg_row row = pg_row(rows, i);
    checkpoint->size = (uint64_t)pg_get_int(&row);
    if (hex_hash(&checkpoint->root, pg_get_text(&row), err) != 0)
        return -1;
    pg_get_copy(&row, &checkpoint->note);
    return pg_row_end(&row, err);
}

int checkpoint_read(struct pg_connection *connection, uint64_t size, struct store_checkpoint *checkpoint,
                    struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)size);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &find_checkpoint, &params, &rows, err);
    if (found <= 0)
        return found;
    return take_checkpoint(rows, 0, checkpoint, err) == 0 ? 1 : -1;
}

static const struct pg_statement list_checkpoints = {
    "list_checkpoints", "SELECT size, encode(root, 'hex'), note FROM audit_checkpoint WHERE size > $1 AND size <= $2"
                        " ORDER BY size"};

void store_checkpoints_free(struct store_checkpoint *checkpoints, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_checkpoint_finish(&checkpoints[i]);
    free(checkpoints);
}

int checkpoints_read(struct pg_connection *connection, uint64_t from, uint64_t to,
                     struct store_checkpoint **checkpoints, size_t *count, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)from);
    pg_put_int(&params, (int64_t)to);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &list_checkpoints, &params, &rows, err);
    if (found < 0)
        return -1;
    struct store_checkpoint *list = calloc((size_t)found + 1, sizeof *list);
    if (!list)
        return cg_fail_memory(err);
    for (int i = 0; i < found; i++)
        if (take_checkpoint(rows, i, &list[i], err) != 0) {
            store_checkpoints_free(list, (size_t)found);
            return -1;
        }
    *checkpoints = list;
    *count = (size_t)found;
    return 0;
}

/* --- tiles ---------------------------------------------------------------------------------------------------------
 */

static const struct pg_statement leaf_hashes = {
    "leaf_hashes", "SELECT encode(leaf_hash, 'hex') FROM audit_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"};
static const struct pg_statement tile_roots = {
    "tile_roots", "SELECT encode(root, 'hex') FROM audit_tile WHERE n >= $1 AND n < $2 AND level = $3 ORDER BY n"};
static const struct pg_statement leaves = {
    "leaves", "SELECT encode(leaf, 'hex') FROM audit_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"};

static int append_entry(struct cg_bytes *content, const char *hex, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes leaf = {0};
    if (hex_append(&leaf, hex, err) != 0)
        return -1;
    return cg_tile_bundle_append(content, leaf.data, leaf.size, err);
}

int tile_read(struct pg_connection *connection, const struct cg_tile *tile, struct cg_bytes *content,
              struct cg_error *err)
{
    bool entries = tile->kind == CG_TILE_ENTRIES;
    const struct pg_statement *statement = entries ? &leaves : tile->level == 0 ? &leaf_hashes : &tile_roots;
    uint64_t first = tile->n * CG_TILE_WIDTH;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_int(&params, (int64_t)first);
    pg_put_int(&params, (int64_t)(first + tile->width));
    if (statement == &tile_roots)
        pg_put_int(&params, (int64_t)tile->level - 1);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, statement, &params, &rows, err);
    if (count < 0)
        return -1;
    if ((unsigned)count != tile->width)
        return cg_fail(err, CG_E_INCOMPLETE, "the database has %d of %u hashes or entries from %llu of level %u on",
                       count, tile->width, (unsigned long long)first, tile->level);
    cg_bytes_clear(content);
    for (int i = 0; i < count; i++) {
        const char *hex = PQgetvalue(rows, i, 0);
        if ((entries ? append_entry(content, hex, err) : hex_append(content, hex, err)) != 0)
            return -1;
    }
    return 0;
}
