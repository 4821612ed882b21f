/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signed_log.h"

#include "unit.h"

#include "cg/tile.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

struct cg_note_signer *signed_log_key(const char *name, enum cg_note_type type, unsigned char seed)
{
    struct cg_error err = {0};
    unsigned char seeds[CG_ED25519_SEED_SIZE];
    memset(seeds, seed, sizeof seeds);
    struct cg_note_signer *signer = cg_note_signer_create(name, type, seeds, &err);
    if (!signer)
        fail_msg("%s", err.message);
    return signer;
}

void signed_log_leaf(uint64_t index, struct cg_bytes *leaf)
{
    assert_int_equal(cg_bytes_printf(leaf, NULL, "leaf %" PRIu64, index), 0);
}

void signed_log_grow(struct signed_log *log, uint64_t size)
{
    while (log->tree->range.size < size) {
        CG_AUTO_BYTES struct cg_bytes leaf = {0};
        signed_log_leaf(log->tree->range.size, &leaf);
        memory_tree_append(log->tree, leaf.data, leaf.size);
    }
}

struct signed_log *signed_log_create(uint64_t size)
{
    struct signed_log *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->tree = memory_tree_create();
    log->signer = signed_log_key("example.com/log", CG_NOTE_ED25519, 1);
    log->witness = signed_log_key("witness.example/w", CG_NOTE_COSIGNATURE, 2);
    log->policy = (struct cg_checkpoint_policy){.logs = cg_note_signer_verifier(log->signer),
                                                .log_count = 1,
                                                .witnesses = cg_note_signer_verifier(log->witness),
                                                .witness_count = 1,
                                                .quorum = 1};
    signed_log_grow(log, size);
    return log;
}

void signed_log_checkpoint(struct signed_log *log, uint64_t size, struct cg_bytes *note)
{
    struct cg_error err = {0};
    struct cg_checkpoint checkpoint = {.origin = "example.com/log", .size = size};
    const struct cg_note_signer *signer = log->signer;
    checkpoint.root = memory_tree_root(log->tree, size);
    if (cg_checkpoint_sign(&checkpoint, &signer, 1, note, &err) < 0)
        fail_msg("%s", err.message);
}

void signed_log_cosigned(struct signed_log *log, uint64_t size, uint64_t timestamp, struct cg_bytes *note)
{
    struct cg_error err = {0};
    CG_AUTO_NOTE struct cg_note parsed = {0};
    CG_AUTO_BYTES struct cg_bytes own = {0};
    signed_log_checkpoint(log, size, &own);
    if (cg_note_parse(own.data, own.size, &parsed, &err) < 0 || cg_bytes_append(note, own.data, own.size, &err) < 0 ||
        cg_note_sign(log->witness, parsed.text, parsed.text_size, timestamp, note, &err) < 0)
        fail_msg("%s", err.message);
}

static void write_file(const char *directory, const char *name, const struct cg_bytes *content)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    assert_int_equal(cg_bytes_printf(&path, NULL, "%s/%s", directory, name), 0);
    for (char *slash = strchr(path.data + strlen(directory) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path.data, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    CG_AUTO_FILE FILE *file = fopen(path.data, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content->data, 1, content->size, file), content->size);
}

static void fill_tile(struct signed_log *log, const struct cg_tile *tile, struct cg_bytes *content)
{
    for (uint64_t i = tile->n * CG_TILE_WIDTH; i < tile->n * CG_TILE_WIDTH + tile->width; i++) {
        CG_AUTO_BYTES struct cg_bytes leaf = {0};
        signed_log_leaf(i, &leaf);
        int result = tile->kind == CG_TILE_ENTRIES
                         ? cg_tile_bundle_append(content, leaf.data, leaf.size, NULL)
                         : cg_bytes_append(content, &log->tree->levels[tile->level * CG_TILE_HEIGHT][i],
                                           CG_MERKLE_HASH_SIZE, NULL);
        assert_int_equal(result, 0);
    }
}

void signed_log_write(struct signed_log *log, uint64_t size, const char *directory)
{
    struct cg_tile tile;
    for (struct cg_tile_walk walk = {.new_size = size}; cg_tile_next(&walk, &tile);) {
        CG_AUTO_BYTES struct cg_bytes content = {0};
        char name[CG_TILE_PATH_SIZE];
        fill_tile(log, &tile, &content);
        cg_tile_path(&tile, name);
        write_file(directory, name, &content);
    }
    CG_AUTO_BYTES struct cg_bytes note = {0};
    signed_log_cosigned(log, size, 1700000000, &note);
    write_file(directory, "checkpoint", &note);
}

void signed_log_destroy(struct signed_log *log)
{
    memory_tree_destroy(log->tree);
    cg_note_signer_destroy(log->signer);
    cg_note_signer_destroy(log->witness);
    free(log);
}
