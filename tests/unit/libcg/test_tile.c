/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/tile.h"
#include "memory_tree.h"

#include "cg/merkle_proof.h"

static void names_and_reads_paths(void **state)
{
    (void)state;
    static const struct {
        struct cg_tile tile;
        const char *path;
    } cases[] = {
        {{CG_TILE_HASHES, 0, 0, 256}, "tile/0/000"},
        {{CG_TILE_HASHES, 0, 0, 1}, "tile/0/000.p/1"},
        {{CG_TILE_HASHES, 7, 999, 255}, "tile/7/999.p/255"},
        {{CG_TILE_HASHES, 1, 1000, 256}, "tile/1/x001/000"},
        {{CG_TILE_HASHES, 0, 1234067, 3}, "tile/0/x001/x234/067.p/3"},
        {{CG_TILE_ENTRIES, 0, 273, 112}, "tile/entries/273.p/112"},
        {{CG_TILE_ENTRIES, 0, 999999999999999999, 256}, "tile/entries/x999/x999/x999/x999/x999/999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct cg_tile read;
        char path[CG_TILE_PATH_SIZE];
        cg_tile_path(&cases[i].tile, path);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(cg_tile_parse_path(path, &read, &err), 0);
        assert_int_equal(read.kind, cases[i].tile.kind);
        assert_int_equal(read.level, cases[i].tile.level);
        assert_true(read.n == cases[i].tile.n);
        assert_int_equal(read.width, cases[i].tile.width);
    }
}

static void refuses_other_paths(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile//000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/x000",
        "tile/0/x001",
        "tile/8/000",
        "tile/00/000",
        "tile/01/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "tile/entries000",
        "tile/entries/0/000",
        "tile/entry/000",
        "tile/0/x001/x002/x003/x004/x005/x006/007",
        "tile/0/..",
        "checkpoint",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        struct cg_tile tile = {.n = 77};
        char message[200];
        snprintf(message, sizeof message, "\"%s\" is no path of a tile, like tile/0/x001/234.p/56", bad[i]);
        assert_int_equal(cg_tile_parse_path(bad[i], &tile, &err), -1);
        assert_error(&err, CG_E_FORM, message);
        assert_true(tile.n == 77);
    }
}

/* C2SP tlog-tiles' own examples. */
static void knows_the_tiles_of_a_size(void **state)
{
    (void)state;
    unsigned full[3] = {0}, partial[3] = {0}, bundles = 0;
    struct cg_tile tile;
    for (struct cg_tile_walk walk = {.new_size = 70000}; cg_tile_next(&walk, &tile);) {
        if (tile.kind == CG_TILE_ENTRIES)
            bundles++;
        else if (tile.width == CG_TILE_WIDTH)
            full[tile.level]++;
        else
            partial[tile.level] = tile.width;
    }
    assert_int_equal(bundles, 274);
    assert_int_equal(full[0], 273);
    assert_int_equal(partial[0], 112);
    assert_int_equal(full[1], 1);
    assert_int_equal(partial[1], 17);
    assert_int_equal(full[2], 0);
    assert_int_equal(partial[2], 1);

    assert_int_equal(cg_tile_width(256, 0, 0), 256);
    assert_int_equal(cg_tile_width(256, 1, 0), 1);
    assert_int_equal(cg_tile_width(255, 0, 0), 255);
    assert_int_equal(cg_tile_width(255, 1, 0), 0);
    assert_int_equal(cg_tile_width(256, 0, 1), 0);
    assert_int_equal(cg_tile_width(CG_MERKLE_SIZE_MAX, 7, 0), 64);
}

/* Property: what a walk from one size to another names is what the new has and the old has not. */
static void walks_over_what_changes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 66000};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t a = 0; a < COUNT; a++)
        for (size_t b = a; b < COUNT; b++) {
            unsigned walked = 0, expected = 0;
            struct cg_tile tile;
            for (struct cg_tile_walk walk = {.old_size = sizes[a], .new_size = sizes[b]}; cg_tile_next(&walk, &tile);) {
                walked++;
                assert_int_equal(tile.width, cg_tile_width(sizes[b], tile.level, tile.n));
                assert_true(tile.width > cg_tile_width(sizes[a], tile.level, tile.n));
            }
            for (unsigned level = 0; level < CG_TILE_LEVELS; level++)
                for (uint64_t n = 0; n < 300; n++)
                    if (cg_tile_width(sizes[b], level, n) != cg_tile_width(sizes[a], level, n))
                        expected += level == 0 ? 2 : 1;
            assert_int_equal(walked, expected);
        }
}

static void writes_and_reads_bundles(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bundle = {0};
    struct cg_tile_entry entries[3];
    assert_int_equal(cg_tile_bundle_append(&bundle, "one", 3, &err), 0);
    assert_int_equal(cg_tile_bundle_append(&bundle, "", 0, &err), 0);
    assert_int_equal(cg_tile_bundle_append(&bundle, "three", 5, &err), 0);
    assert_memory_equal(bundle.data, "\0\3one\0\0\0\5three", 14);
    assert_int_equal(cg_tile_bundle_parse(bundle.data, bundle.size, 3, entries, &err), 0);
    assert_int_equal(entries[1].size, 0);
    assert_memory_equal(entries[2].data, "three", 5);

    assert_int_equal(cg_tile_bundle_parse(bundle.data, bundle.size, 2, entries, &err), -1);
    assert_error(&err, CG_E_FORM, "7 bytes follow the 2 entries of a bundle");
    for (size_t size = 0; size < bundle.size; size++) {
        assert_int_equal(cg_tile_bundle_parse(bundle.data, size, 3, entries, &err), -1);
        assert_error_has(&err, CG_E_FORM, " bytes ends in its entry ");
    }
    assert_int_equal(cg_tile_bundle_parse(bundle.data, 6, 3, entries, &err), -1);
    assert_error(&err, CG_E_FORM, "a bundle of 6 bytes ends in its entry 2 of 3");
}

static void keeps_the_limit_of_an_entry(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FREE char *entry = calloc(1, CG_TILE_ENTRY_MAX + 1);
    CG_AUTO_BYTES struct cg_bytes bundle = {0};
    struct cg_tile_entry read;
    assert_int_equal(cg_tile_bundle_append(&bundle, entry, CG_TILE_ENTRY_MAX + 1, &err), -1);
    assert_error(&err, CG_E_LIMIT, "an entry of 65536 bytes, at most 65535 fit");
    assert_int_equal(bundle.size, 0);
    assert_int_equal(cg_tile_bundle_append(&bundle, entry, CG_TILE_ENTRY_MAX, &err), 0);
    assert_int_equal(cg_tile_bundle_parse(bundle.data, bundle.size, 1, &read, &err), 0);
    assert_int_equal(read.size, CG_TILE_ENTRY_MAX);
}

/* Tiles of a tree in memory; `extra` bytes are added to each. */
struct tiles {
    struct memory_tree *tree;
    size_t extra;
    unsigned fetched;
};

static int fetch(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    struct tiles *tiles = context;
    const struct cg_merkle_hash *hashes = tiles->tree->levels[tile->level * CG_TILE_HEIGHT] + tile->n * CG_TILE_WIDTH;
    tiles->fetched++;
    cg_bytes_clear(content);
    return cg_bytes_append(content, hashes, tile->width * sizeof *hashes + tiles->extra, err);
}

/* Property: nodes, roots and proofs read from tiles are those of the tree. */
static void reads_a_tree_from_its_tiles(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct memory_tree *tree = memory_tree_numbers(1000);
    struct tiles tiles = {tree, 0, 0};
    for (uint64_t size = 1; size <= 1000; size += 37) {
        CG_AUTO_TILE_READER struct cg_tile_reader *reader = cg_tile_reader_create(size, fetch, &tiles, &err);
        struct cg_merkle_source source = cg_tile_reader_source(reader), memory = memory_tree_source(tree);
        struct cg_merkle_proof one, other;
        for (unsigned level = 0; size >> level; level++) {
            struct cg_merkle_hash hash;
            uint64_t index = (size >> level) - 1;
            assert_int_equal(source.node(source.context, level, index, &hash, &err), 0);
            assert_memory_equal(&hash, &tree->levels[level][index], sizeof hash);
        }
        assert_int_equal(cg_merkle_prove_inclusion(&source, size / 3, size, &one, &err), 0);
        assert_int_equal(cg_merkle_prove_inclusion(&memory, size / 3, size, &other, &err), 0);
        assert_memory_equal(one.hashes, other.hashes, one.count * sizeof *one.hashes);
    }
    memory_tree_destroy(tree);
}

static void keeps_the_tile_it_read_last(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(600);
    struct tiles tiles = {tree, 0, 0};
    CG_AUTO_TILE_READER struct cg_tile_reader *reader = cg_tile_reader_create(600, fetch, &tiles, NULL);
    struct cg_merkle_source source = cg_tile_reader_source(reader);
    struct cg_merkle_hash hash;
    static const struct {
        uint64_t index;
        unsigned fetched;
    } steps[] = {{0, 1}, {255, 1}, {256, 2}, {300, 2}, {0, 3}, {512, 4}, {599, 4}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(source.node(source.context, 0, steps[i].index, &hash, NULL), 0);
        assert_int_equal(tiles.fetched, steps[i].fetched);
    }
    memory_tree_destroy(tree);
}

static void refuses_tiles_of_another_size(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct memory_tree *tree = memory_tree_numbers(300);
    struct tiles tiles = {tree, 1, 0};
    CG_AUTO_TILE_READER struct cg_tile_reader *reader = cg_tile_reader_create(298, fetch, &tiles, &err);
    struct cg_merkle_source source = cg_tile_reader_source(reader);
    struct cg_merkle_hash hash;
    assert_int_equal(source.node(source.context, 0, 297, &hash, &err), -1);
    assert_error(&err, CG_E_FORM, "tile/0/001.p/42 has 1345 bytes, expected 1344");
    assert_int_equal(cg_tile_hash(tree->hasher, tree->levels[0], CG_TILE_SIZE - 1, &hash, &err), -1);
    assert_error(&err, CG_E_FORM, "a full tile has 8191 bytes, expected 8192");
    assert_int_equal(cg_tile_hash(tree->hasher, tree->levels[0], CG_TILE_SIZE, &hash, &err), 0);
    assert_memory_equal(&hash, &tree->levels[8][0], sizeof hash);
    assert_null(cg_tile_reader_create(CG_MERKLE_SIZE_MAX + 1, fetch, &tiles, &err));
    assert_error(&err, CG_E_LIMIT, "a tree of 4611686018427387905 leaves, at most 4611686018427387904 are handled");
    memory_tree_destroy(tree);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct memory_tree *tree = memory_tree_numbers(300);
    struct tiles tiles = {tree, 0, 0};
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_merkle_hash hash;
        CG_AUTO_BYTES struct cg_bytes bundle = {0};
        allocation_fail_at(n);
        CG_AUTO_TILE_READER struct cg_tile_reader *reader = cg_tile_reader_create(300, fetch, &tiles, &err);
        struct cg_merkle_source source = {0};
        if (reader)
            source = cg_tile_reader_source(reader);
        bool good = reader && source.node(source.context, 5, 3, &hash, &err) == 0 &&
                    cg_tile_bundle_append(&bundle, "leaf", 4, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good);
            assert_true(n > 4 || !allocation_can_fail());
            break;
        }
        if (!good)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_INTERNAL);
    }
    memory_tree_destroy(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_reads_paths),         cmocka_unit_test(refuses_other_paths),
        cmocka_unit_test(knows_the_tiles_of_a_size),     cmocka_unit_test(walks_over_what_changes),
        cmocka_unit_test(writes_and_reads_bundles),      cmocka_unit_test(keeps_the_limit_of_an_entry),
        cmocka_unit_test(reads_a_tree_from_its_tiles),   cmocka_unit_test(keeps_the_tile_it_read_last),
        cmocka_unit_test(refuses_tiles_of_another_size), cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("tile", tests, NULL, NULL);
}
