/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/mirror.h"

#include <inttypes.h>
#include <string.h>

#include "audit/kept_file.h"
#include "cg/tile.h"

/* An update under way. */
struct mirror {
    const struct mirror_options *options;
    struct cg_merkle_hasher *hasher;
    struct cg_checkpoint old_checkpoint, new_checkpoint;
    struct cg_bytes note; /* the new one as served */
    uint64_t fetched;
};

#define AUTO_MIRROR CG_AUTO(mirror_finish)

static void mirror_finish(struct mirror *mirror)
{
    cg_merkle_hasher_destroy(mirror->hasher);
    cg_checkpoint_finish(&mirror->old_checkpoint);
    cg_checkpoint_finish(&mirror->new_checkpoint);
    cg_bytes_finish(&mirror->note);
}

static int path_of(const struct mirror *mirror, const char *name, struct cg_bytes *path, struct cg_error *err)
{
    return cg_bytes_printf(path, err, "%s/%s", mirror->options->directory, name);
}

/* Reads the checkpoint the directory has; without one it is that of the empty log. */
static int read_old(struct mirror *mirror, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0}, note = {0};
    cg_merkle_empty_root(&mirror->old_checkpoint.root);
    if (path_of(mirror, "checkpoint", &path, err) < 0)
        return -1;
    int found = kept_file_read(path.data, CG_NOTE_SIZE_MAX, &note, err);
    if (found <= 0)
        return found;
    /* It was believed when it was taken; witnesses may have been added to the policy since. */
    struct cg_checkpoint_policy policy = mirror->options->policy;
    policy.quorum = 0;
    struct cg_error failure = {0};
    if (cg_checkpoint_open(note.data, note.size, &policy, &mirror->old_checkpoint, NULL, &failure) < 0)
        return cg_fail(err, failure.code, "%s: %s", path.data, failure.message);
    return 0;
}

static int fetch_new(struct mirror *mirror, struct cg_error *err)
{
    const struct mirror_options *options = mirror->options;
    int found = options->fetch(options->context, "checkpoint", CG_NOTE_SIZE_MAX, &mirror->note, err);
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "the log serves no checkpoint");
    if (found < 0 || cg_checkpoint_open(mirror->note.data, mirror->note.size, &options->policy, &mirror->new_checkpoint,
                                        NULL, err) < 0)
        return -1;
    if (mirror->new_checkpoint.size < mirror->old_checkpoint.size)
        return cg_fail(err, CG_E_FORK, "the log has %" PRIu64 " entries, it had %" PRIu64, mirror->new_checkpoint.size,
                       mirror->old_checkpoint.size);
    return 0;
}

/* Cuts a full tile down to the part of it that a log of our size has. */
static int cut(const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    size_t size = (size_t)tile->width * CG_MERKLE_HASH_SIZE;
    if (tile->kind == CG_TILE_ENTRIES) {
        if (cg_tile_bundle_parse(content->data, content->size, CG_TILE_WIDTH, entries, err) < 0)
            return -1;
        const struct cg_tile_entry *last = &entries[tile->width - 1];
        size = (size_t)(last->data + last->size - (const unsigned char *)content->data);
    }
    if (content->size >= size)
        content->size = size;
    return 0;
}

/* Fetches a tile. A partial one may be gone since the log grew: then the full one is there. */
static int fetch_tile(struct mirror *mirror, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    const struct mirror_options *options = mirror->options;
    size_t most = tile->kind == CG_TILE_ENTRIES ? CG_TILE_BUNDLE_MAX : CG_TILE_SIZE;
    char name[CG_TILE_PATH_SIZE], full_name[CG_TILE_PATH_SIZE];
    struct cg_tile full = *tile;
    cg_tile_path(tile, name);
    int found = options->fetch(options->context, name, most, content, err);
    if (found == 0 && tile->width < CG_TILE_WIDTH) {
        full.width = CG_TILE_WIDTH;
        cg_tile_path(&full, full_name);
        cg_bytes_clear(content);
        found = options->fetch(options->context, full_name, most, content, err);
        if (found == 1 && cut(tile, content, err) < 0)
            return -1;
    }
    mirror->fetched += found == 1;
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "the log does not serve %s", name);
    return found < 0 ? -1 : 0;
}

/* Is it a tile of hashes of its width, or do the entries make the hashes of the tile beside them? */
static int check_tile(struct mirror *mirror, const struct cg_tile *tile, const struct cg_bytes *content,
                      struct cg_error *err)
{
    char name[CG_TILE_PATH_SIZE];
    cg_tile_path(tile, name);
    if (tile->kind == CG_TILE_HASHES) {
        size_t expected = (size_t)tile->width * CG_MERKLE_HASH_SIZE;
        return content->size == expected
                   ? 0
                   : cg_fail(err, CG_E_FORM, "%s has %zu bytes, expected %zu", name, content->size, expected);
    }
    CG_AUTO_BYTES struct cg_bytes path = {0}, hashes = {0};
    struct cg_tile beside = {CG_TILE_HASHES, 0, tile->n, tile->width};
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    struct cg_error failure = {0};
    char hashes_name[CG_TILE_PATH_SIZE];
    cg_tile_path(&beside, hashes_name);
    if (path_of(mirror, hashes_name, &path, err) < 0 || kept_file_read(path.data, CG_TILE_SIZE, &hashes, err) < 0)
        return -1;
    if (cg_tile_bundle_parse(cg_bytes_text(content), content->size, tile->width, entries, &failure) < 0)
        return cg_fail(err, failure.code, "%s: %s", name, failure.message);
    for (unsigned i = 0; i < tile->width; i++) {
        struct cg_merkle_hash hash;
        if (cg_merkle_hash_leaf(mirror->hasher, entries[i].data, entries[i].size, &hash, err) < 0)
            return -1;
        if (hashes.size < (i + 1) * sizeof hash || memcmp(hashes.data + i * sizeof hash, &hash, sizeof hash) != 0)
            return cg_fail(err, CG_E_PROOF, "entry %u of %s is not the one whose hash %s has", i, name, hashes_name);
    }
    return 0;
}

/* Has one tile in the directory, from before or fetched. */
static int have_tile(struct mirror *mirror, const struct cg_tile *tile, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0}, content = {0};
    char name[CG_TILE_PATH_SIZE];
    cg_tile_path(tile, name);
    if (path_of(mirror, name, &path, err) < 0)
        return -1;
    int found = kept_file_read(path.data, CG_TILE_BUNDLE_MAX, &content, err);
    if (found < 0)
        return -1;
    if (found == 1 && check_tile(mirror, tile, &content, NULL) == 0)
        return 0;
    cg_bytes_clear(&content);
    if (fetch_tile(mirror, tile, &content, err) < 0 || check_tile(mirror, tile, &content, err) < 0)
        return -1;
    return kept_file_write(path.data, cg_bytes_text(&content), content.size, err);
}

/* Has all tiles of one kind that the old log had not: hashes first, as entries are held against them. */
static int have_tiles(struct mirror *mirror, enum cg_tile_kind kind, struct cg_error *err)
{
    struct cg_tile tile;
    struct cg_tile_walk walk = {.old_size = mirror->old_checkpoint.size, .new_size = mirror->new_checkpoint.size};
    while (cg_tile_next(&walk, &tile))
        if (tile.kind == kind && have_tile(mirror, &tile, err) < 0)
            return -1;
    return 0;
}

/* A cg_tile_fetch over the directory. */
static int read_tile(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    struct mirror *mirror = context;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    char name[CG_TILE_PATH_SIZE];
    cg_tile_path(tile, name);
    cg_bytes_clear(content);
    if (path_of(mirror, name, &path, err) < 0)
        return -1;
    int found = kept_file_read(path.data, CG_TILE_SIZE, content, err);
    return found == 0 ? cg_fail(err, CG_E_INCOMPLETE, "%s is not there", path.data) : found < 0 ? -1 : 0;
}

/* Do the tiles lead to this checkpoint's root? Failing that, the error has `code`. */
static int check_root(struct mirror *mirror, const struct cg_merkle_source *source,
                      const struct cg_checkpoint *checkpoint, enum cg_code code, struct cg_error *err)
{
    struct cg_merkle_range range;
    struct cg_merkle_hash root;
    if (cg_merkle_range_read(source, checkpoint->size, &range, err) < 0 ||
        cg_merkle_range_root(&range, mirror->hasher, &root, err) < 0)
        return -1;
    if (cg_merkle_hash_equal(&root, &checkpoint->root))
        return 0;
    return cg_fail(err, code,
                   code == CG_E_FORK ? "the log does not continue the %" PRIu64 " entries that are here"
                                     : "the tiles do not lead to the root that was signed for %" PRIu64 " entries",
                   checkpoint->size);
}

/* A tile of level L stands for full tiles one level down: each must be the hash of its tile. */
static int check_parents(struct mirror *mirror, struct cg_error *err)
{
    struct cg_tile tile;
    struct cg_tile_walk walk = {.old_size = mirror->old_checkpoint.size, .new_size = mirror->new_checkpoint.size};
    CG_AUTO_BYTES struct cg_bytes child = {0}, parent = {0};
    while (cg_tile_next(&walk, &tile)) {
        if (tile.kind != CG_TILE_HASHES || tile.width < CG_TILE_WIDTH)
            continue;
        struct cg_tile above = {CG_TILE_HASHES, tile.level + 1, tile.n / CG_TILE_WIDTH, 0};
        above.width = cg_tile_width(mirror->new_checkpoint.size, above.level, above.n);
        struct cg_merkle_hash hash;
        if (read_tile(mirror, &tile, &child, err) < 0 || read_tile(mirror, &above, &parent, err) < 0 ||
            cg_tile_hash(mirror->hasher, child.data, child.size, &hash, err) < 0)
            return -1;
        size_t at = tile.n % CG_TILE_WIDTH * sizeof hash;
        char name[CG_TILE_PATH_SIZE];
        cg_tile_path(&tile, name);
        if (parent.size < at + sizeof hash || memcmp(parent.data + at, &hash, sizeof hash) != 0)
            return cg_fail(err, CG_E_PROOF, "%s is not the tile that the level above it stands for", name);
    }
    return 0;
}

static int check_all(struct mirror *mirror, struct cg_error *err)
{
    CG_AUTO_TILE_READER struct cg_tile_reader *reader =
        cg_tile_reader_create(mirror->new_checkpoint.size, read_tile, mirror, err);
    if (!reader)
        return -1;
    struct cg_merkle_source source = cg_tile_reader_source(reader);
    if (check_root(mirror, &source, &mirror->new_checkpoint, CG_E_PROOF, err) < 0)
        return -1;
    if (mirror->old_checkpoint.size > 0 && check_root(mirror, &source, &mirror->old_checkpoint, CG_E_FORK, err) < 0)
        return -1;
    return check_parents(mirror, err);
}

/* Removes the tiles that were to be new: what does not fit the checkpoint would be in the way of what does. */
static void forget_tiles(struct mirror *mirror)
{
    struct cg_tile tile;
    struct cg_tile_walk walk = {.old_size = mirror->old_checkpoint.size, .new_size = mirror->new_checkpoint.size};
    while (cg_tile_next(&walk, &tile)) {
        CG_AUTO_BYTES struct cg_bytes path = {0};
        char name[CG_TILE_PATH_SIZE];
        cg_tile_path(&tile, name);
        if (path_of(mirror, name, &path, NULL) == 0)
            unlink(path.data);
    }
}

/* Has all tiles of the new checkpoint, and they lead to it. */
static int have_log(struct mirror *mirror, struct cg_error *err)
{
    struct cg_error failure = {0};
    if (have_tiles(mirror, CG_TILE_HASHES, &failure) == 0 && have_tiles(mirror, CG_TILE_ENTRIES, &failure) == 0 &&
        check_all(mirror, &failure) == 0)
        return 0;
    if (failure.code == CG_E_PROOF || failure.code == CG_E_FORK || failure.code == CG_E_FORM)
        forget_tiles(mirror);
    if (err)
        *err = failure;
    return -1;
}

int mirror_update(const struct mirror_options *options, struct mirror_result *result, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_MIRROR struct mirror mirror = {.options = options, .hasher = cg_merkle_hasher_create(err)};
    if (!mirror.hasher || path_of(&mirror, "checkpoint", &path, err) < 0 || read_old(&mirror, err) < 0 ||
        fetch_new(&mirror, err) < 0 || have_log(&mirror, err) < 0 ||
        kept_file_write(path.data, mirror.note.data, mirror.note.size, err) < 0)
        return -1;
    *result = (struct mirror_result){mirror.old_checkpoint.size, mirror.new_checkpoint.size, mirror.fetched};
    return 0;
}
