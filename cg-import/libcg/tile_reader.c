/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/tile.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* The last tile of a level that was read; `width` 0 while none was. */
struct kept_tile {
    uint64_t n;
    unsigned width;
    struct cg_bytes content;
};

struct cg_tile_reader {
    uint64_t size;
    cg_tile_fetch fetch;
    void *context;
    struct cg_merkle_hasher *hasher;
    struct kept_tile kept[CG_TILE_LEVELS];
};

/* The root of the perfect tree over `count` hashes, a power of two up to CG_TILE_WIDTH. */
static int perfect_root(struct cg_merkle_hasher *hasher, const char *hashes, unsigned count,
                        struct cg_merkle_hash *root, struct cg_error *err)
{
    struct cg_merkle_hash row[CG_TILE_WIDTH];
    memcpy(row, hashes, count * sizeof *row);
    for (; count > 1; count /= 2)
        for (unsigned i = 0; i < count / 2; i++)
            if (cg_merkle_hash_node(hasher, &row[2 * i], &row[2 * i + 1], &row[i], err) < 0)
                return -1;
    *root = row[0];
    return 0;
}

int cg_tile_hash(struct cg_merkle_hasher *hasher, const void *content, size_t size, struct cg_merkle_hash *hash,
                 struct cg_error *err)
{
    if (size != CG_TILE_SIZE)
        return cg_fail(err, CG_E_FORM, "a full tile has %zu bytes, expected %u", size, CG_TILE_SIZE);
    return perfect_root(hasher, content, CG_TILE_WIDTH, hash, err);
}

struct cg_tile_reader *cg_tile_reader_create(uint64_t size, cg_tile_fetch fetch, void *context, struct cg_error *err)
{
    if (size > CG_MERKLE_SIZE_MAX) {
        cg_fail(err, CG_E_LIMIT, "a tree of %" PRIu64 " leaves, at most %" PRIu64 " are handled", size,
                CG_MERKLE_SIZE_MAX);
        return NULL;
    }
    CG_AUTO_TILE_READER struct cg_tile_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        cg_fail_memory(err);
        return NULL;
    }
    reader->size = size;
    reader->fetch = fetch;
    reader->context = context;
    reader->hasher = cg_merkle_hasher_create(err);
    return reader->hasher ? CG_STEAL(reader) : NULL;
}

/* The content of a tile of hashes, kept until another of its level is asked for. NULL with an error. */
static const char *content_of(struct cg_tile_reader *reader, unsigned level, uint64_t n, struct cg_error *err)
{
    struct kept_tile *kept = &reader->kept[level];
    struct cg_tile tile = {CG_TILE_HASHES, level, n, cg_tile_width(reader->size, level, n)};
    if (kept->width == tile.width && kept->n == n)
        return kept->content.data;

    kept->width = 0;
    if (reader->fetch(reader->context, &tile, &kept->content, err) < 0)
        return NULL;
    size_t expected = (size_t)tile.width * CG_MERKLE_HASH_SIZE;
    if (kept->content.size != expected) {
        char path[CG_TILE_PATH_SIZE];
        cg_tile_path(&tile, path);
        cg_fail(err, CG_E_FORM, "%s has %zu bytes, expected %zu", path, kept->content.size, expected);
        return NULL;
    }
    kept->n = n;
    kept->width = tile.width;
    return kept->content.data;
}

static int read_node(void *context, unsigned level, uint64_t index, struct cg_merkle_hash *hash, struct cg_error *err)
{
    struct cg_tile_reader *reader = context;
    assert(level < CG_MERKLE_LEVELS && index < reader->size >> level);
    unsigned height = level % CG_TILE_HEIGHT;
    uint64_t first = index << height; /* among the hashes of the tile's level */
    const char *content = content_of(reader, level / CG_TILE_HEIGHT, first / CG_TILE_WIDTH, err);
    if (!content)
        return -1;
    return perfect_root(reader->hasher, content + first % CG_TILE_WIDTH * CG_MERKLE_HASH_SIZE, 1U << height, hash, err);
}

struct cg_merkle_source cg_tile_reader_source(struct cg_tile_reader *reader)
{
    return (struct cg_merkle_source){read_node, reader};
}

void cg_tile_reader_destroy(struct cg_tile_reader *reader)
{
    if (!reader)
        return;
    for (unsigned level = 0; level < CG_TILE_LEVELS; level++)
        cg_bytes_finish(&reader->kept[level].content);
    cg_merkle_hasher_destroy(reader->hasher);
    free(reader);
}
