/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/replay.h"

#include <inttypes.h>
#include <string.h>

#include "audit/kept_file.h"
#include "cg/tile.h"

/* A replay under way. */
struct replay {
    const struct replay_options *options;
    const struct cg_checkpoint *checkpoint;
    struct cg_merkle_hasher *hasher;
    struct cg_merkle_range range;
    struct cg_bytes tiles[CG_TILE_LEVELS]; /* the hashes of each level's tile that is being filled */
    uint64_t tile_numbers[CG_TILE_LEVELS];
    struct cg_bytes content; /* of the file that was read last */
};

#define AUTO_REPLAY CG_AUTO(replay_finish)

static void replay_finish(struct replay *replay)
{
    cg_merkle_hasher_destroy(replay->hasher);
    for (unsigned level = 0; level < CG_TILE_LEVELS; level++)
        cg_bytes_finish(&replay->tiles[level]);
    cg_bytes_finish(&replay->content);
}

/* Reads a file of the log into `content`. */
static int read_file(struct replay *replay, const char *name, size_t most, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    cg_bytes_clear(&replay->content);
    if (cg_bytes_printf(&path, err, "%s/%s", replay->options->directory, name) < 0)
        return -1;
    int found = kept_file_read(path.data, most, &replay->content, err);
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "%s is not there", path.data);
    return found < 0 ? -1 : 0;
}

/* Holds the tile that was filled at `level` against its file. */
static int compare_tile(struct replay *replay, unsigned level, struct cg_error *err)
{
    struct cg_bytes *made = &replay->tiles[level];
    struct cg_tile tile = {CG_TILE_HASHES, level, replay->tile_numbers[level],
                           (unsigned)(made->size / CG_MERKLE_HASH_SIZE)};
    char name[CG_TILE_PATH_SIZE];
    cg_tile_path(&tile, name);
    if (read_file(replay, name, CG_TILE_SIZE, err) < 0)
        return -1;
    if (replay->content.size != made->size || memcmp(replay->content.data, made->data, made->size) != 0)
        return cg_fail(err, CG_E_PROOF, "%s is not what the entries make", name);
    cg_bytes_clear(made);
    replay->tile_numbers[level]++;
    return 0;
}

/* Takes the nodes that tiles hold as the tree grows. */
static int take_node(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                     struct cg_error *err)
{
    struct replay *replay = context;
    (void)index;
    if (level % CG_TILE_HEIGHT != 0)
        return 0;
    struct cg_bytes *tile = &replay->tiles[level / CG_TILE_HEIGHT];
    if (cg_bytes_append(tile, hash, sizeof *hash, err) < 0)
        return -1;
    return tile->size == CG_TILE_SIZE ? compare_tile(replay, level / CG_TILE_HEIGHT, err) : 0;
}

/* Is the log, where it has as many leaves, the one that the earlier checkpoint is of? */
static int compare_since(struct replay *replay, struct cg_error *err)
{
    const struct cg_checkpoint *since = replay->options->since;
    if (!since || since->size != replay->range.size)
        return 0;
    struct cg_merkle_hash root;
    if (cg_merkle_range_root(&replay->range, replay->hasher, &root, err) < 0)
        return -1;
    if (!cg_merkle_hash_equal(&root, &since->root))
        return cg_fail(err, CG_E_FORK, "the log does not continue the earlier checkpoint of size %" PRIu64,
                       since->size);
    return 0;
}

static int take_leaf(struct replay *replay, const struct cg_tile_entry *entry, struct cg_error *err)
{
    const struct replay_options *options = replay->options;
    const struct cg_merkle_sink sink = {take_node, replay};
    struct cg_merkle_hash hash;
    if (options->leaf && options->leaf(options->context, replay->range.size, entry->data, entry->size, err) < 0)
        return -1;
    if (cg_merkle_hash_leaf(replay->hasher, entry->data, entry->size, &hash, err) < 0 ||
        cg_merkle_range_append(&replay->range, replay->hasher, &hash, &sink, err) < 0)
        return -1;
    return compare_since(replay, err);
}

static int take_bundle(struct replay *replay, const struct cg_tile *tile, struct cg_error *err)
{
    char name[CG_TILE_PATH_SIZE];
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    struct cg_error failure = {0};
    CG_AUTO_BYTES struct cg_bytes bundle = {0};
    cg_tile_path(tile, name);
    if (read_file(replay, name, CG_TILE_BUNDLE_MAX, err) < 0)
        return -1;
    /* The entries stay where they are while tiles are read into `content`. */
    bundle = CG_MOVE(replay->content);
    if (cg_tile_bundle_parse(cg_bytes_text(&bundle), bundle.size, tile->width, entries, &failure) < 0)
        return cg_fail(err, failure.code, "%s: %s", name, failure.message);
    for (unsigned i = 0; i < tile->width; i++)
        if (take_leaf(replay, &entries[i], err) < 0)
            return -1;
    return 0;
}

static int compare_root(struct replay *replay, struct cg_error *err)
{
    struct cg_merkle_hash root;
    for (unsigned level = 0; level < CG_TILE_LEVELS; level++)
        if (replay->tiles[level].size > 0 && compare_tile(replay, level, err) < 0)
            return -1;
    if (cg_merkle_range_root(&replay->range, replay->hasher, &root, err) < 0)
        return -1;
    if (!cg_merkle_hash_equal(&root, &replay->checkpoint->root))
        return cg_fail(err, CG_E_PROOF, "the %" PRIu64 " entries do not make the root that was signed",
                       replay->range.size);
    return 0;
}

int replay_verify(const struct replay_options *options, struct replay_result *result, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    AUTO_REPLAY struct replay replay = {
        .options = options, .checkpoint = &checkpoint, .hasher = cg_merkle_hasher_create(err)};
    size_t cosigned = 0;
    if (!replay.hasher || read_file(&replay, "checkpoint", CG_NOTE_SIZE_MAX, err) < 0 ||
        cg_checkpoint_open(cg_bytes_text(&replay.content), replay.content.size, &options->policy, &checkpoint,
                           &cosigned, err) < 0)
        return -1;
    if (options->since && options->since->size > checkpoint.size)
        return cg_fail(err, CG_E_FORK, "the log has %" PRIu64 " entries, the earlier checkpoint had %" PRIu64,
                       checkpoint.size, options->since->size);
    if (compare_since(&replay, err) < 0)
        return -1;
    struct cg_tile tile;
    for (struct cg_tile_walk walk = {.new_size = checkpoint.size}; cg_tile_next(&walk, &tile);)
        if (tile.kind == CG_TILE_ENTRIES && take_bundle(&replay, &tile, err) < 0)
            return -1;
    if (compare_root(&replay, err) < 0)
        return -1;
    result->checkpoint = CG_MOVE(checkpoint);
    result->cosigned = cosigned;
    return 0;
}
