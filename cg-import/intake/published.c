/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/published.h"

#include "cg/tile.h"

#include <errno.h>
#include <fcntl.h>

#define PIECE_SIZE 65536U

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static int read_all(int fd, const char *path, struct cg_bytes *content, struct cg_error *err)
{
    for (;;) {
        if (cg_bytes_reserve(content, PIECE_SIZE, err) != 0)
            return -1;
        ssize_t got = read(fd, content->data + content->size, PIECE_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", path);
        content->size += (size_t)got;
        content->data[content->size] = '\0';
        if (got == 0)
            return 1;
        if (content->size > CG_TILE_BUNDLE_MAX)
            return cg_fail(err, CG_E_LIMIT, "%s is larger than any file of the log", path);
    }
}

int published_file(const char *directory, const char *name, struct cg_bytes *content, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/%s", directory, name) != 0)
        return -1;
    CG_AUTO_FD int fd = open(cg_bytes_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : cg_fail_errno(err, "open", cg_bytes_text(&path));
    return read_all(fd, cg_bytes_text(&path), content, err);
}

/* A tile, or what a wider one of the same place begins with. */
static int fetch_tile(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    const struct published *published = context;
    struct cg_tile full = *tile;
    char name[CG_TILE_PATH_SIZE];
    cg_bytes_clear(content);
    cg_tile_path(tile, name);
    int found = published_file(published->directory, name, content, err);
    if (found == 0 && tile->width < CG_TILE_WIDTH) {
        full.width = CG_TILE_WIDTH;
        cg_tile_path(&full, name);
        found = published_file(published->directory, name, content, err);
        if (found > 0 && tile->kind == CG_TILE_HASHES && content->size > tile->width * CG_MERKLE_HASH_SIZE)
            content->size = tile->width * CG_MERKLE_HASH_SIZE;
    }
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "the published log has no %s", name);
    return found < 0 ? -1 : 0;
}

/* --- the log -------------------------------------------------------------------------------------------------------
 */

int published_open(struct published *published, const char *directory, struct cg_error *err)
{
    CG_AUTO_NOTE struct cg_note note = {0};
    published_finish(published);
    published->directory = directory;
    int found = published_file(directory, "checkpoint", &published->note, err);
    if (found <= 0)
        return found;
    if (cg_note_parse(cg_bytes_text(&published->note), published->note.size, &note, err) != 0 ||
        cg_checkpoint_parse(note.text, note.text_size, &published->checkpoint, err) != 0)
        return -1;
    published->tiles = cg_tile_reader_create(published->checkpoint.size, fetch_tile, published, err);
    return published->tiles ? 1 : -1;
}

struct cg_merkle_source published_source(const struct published *published)
{
    return cg_tile_reader_source(published->tiles);
}

int published_proof(const struct published *published, uint64_t index, const void *leaf, size_t size,
                    struct cg_bytes *text, struct cg_error *err)
{
    const struct cg_merkle_source source = published_source(published);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {.has_extra = true, .index = index};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    struct cg_merkle_hash hash;
    if (!hasher || cg_merkle_hash_leaf(hasher, leaf, size, &hash, err) != 0 ||
        cg_merkle_prove_inclusion(&source, index, published->checkpoint.size, &proof.path, err) != 0 ||
        cg_merkle_verify_inclusion(&hash, index, published->checkpoint.size, &proof.path, &published->checkpoint.root,
                                   err) != 0)
        return -1;
    if (cg_bytes_append(&proof.extra, leaf, size, err) != 0 ||
        cg_bytes_append(&proof.checkpoint, published->note.data, published->note.size, err) != 0)
        return -1;
    return cg_tlog_proof_format(&proof, text, err);
}

int published_entry(const struct published *published, uint64_t index, struct cg_bytes *leaf, struct cg_error *err)
{
    const uint64_t n = index / CG_TILE_WIDTH;
    struct cg_tile tile = {.kind = CG_TILE_ENTRIES, .n = n};
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    CG_AUTO_BYTES struct cg_bytes bundle = {0};
    tile.width = cg_tile_width(published->checkpoint.size, 0, n);
    char name[CG_TILE_PATH_SIZE];
    cg_tile_path(&tile, name);
    int found = published_file(published->directory, name, &bundle, err);
    if (found == 0 && tile.width < CG_TILE_WIDTH) {
        tile.width = CG_TILE_WIDTH;
        cg_tile_path(&tile, name);
        found = published_file(published->directory, name, &bundle, err);
    }
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "the published log has no %s", name);
    if (found < 0 || cg_tile_bundle_parse(bundle.data, bundle.size, tile.width, entries, err) != 0)
        return -1;
    return cg_bytes_append(leaf, entries[index % CG_TILE_WIDTH].data, entries[index % CG_TILE_WIDTH].size, err);
}

void published_finish(struct published *published)
{
    cg_tile_reader_destroy(published->tiles);
    cg_checkpoint_finish(&published->checkpoint);
    cg_bytes_finish(&published->note);
    *published = (struct published){0};
}
