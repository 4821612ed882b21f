/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log in a directory, verified and copied; and what is done to it by those who would rather not be found out. */
#include "unit.h"

#include "audit/mirror.h"
#include "audit/replay.h"
#include "cg/tile.h"
#include "scratch.h"
#include "signed_log.h"

#include <errno.h>
#include <stdio.h>

enum { PATH_SIZE = 1024 };

struct fixture {
    char directory[PATH_SIZE], copy[PATH_SIZE];
    struct signed_log *log;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    scratch_clear();
    scratch_make_directory("log");
    snprintf(fixture->directory, PATH_SIZE, "%s", scratch_path("log"));
    scratch_make_directory("copy");
    snprintf(fixture->copy, PATH_SIZE, "%s", scratch_path("copy"));
    fixture->log = signed_log_create(1000);
    signed_log_write(fixture->log, 1000, fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    signed_log_destroy(fixture->log);
    free(fixture);
    return 0;
}

static int verify(struct fixture *fixture, const struct cg_checkpoint *since, struct cg_error *err)
{
    struct replay_options options = {.directory = fixture->directory, .policy = fixture->log->policy, .since = since};
    struct replay_result result = {0};
    int verified = replay_verify(&options, &result, err);
    cg_checkpoint_finish(&result.checkpoint);
    return verified;
}

static void load(const char *directory, const char *name, struct cg_bytes *content)
{
    char path[PATH_SIZE + 64], piece[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    CG_AUTO_FILE FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        cg_bytes_append(content, piece, got, NULL);
}

static void save(const char *directory, const char *name, const struct cg_bytes *content)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    CG_AUTO_FILE FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content->data, 1, content->size, file), content->size);
}

/* Files of the log of 1,000. */
static const char *const files[] = {
    "checkpoint", "tile/entries/000", "tile/entries/001", "tile/entries/002", "tile/entries/003.p/232",
    "tile/0/000", "tile/0/001",       "tile/0/002",       "tile/0/003.p/232", "tile/1/000.p/3",
};
enum { FILES = sizeof files / sizeof files[0] };

static int count_leaf(void *context, uint64_t index, const void *data, size_t size, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes leaf = {0};
    (void)err;
    signed_log_leaf(index, &leaf);
    assert_int_equal(leaf.size, size);
    assert_memory_equal(leaf.data, data, size);
    ++*(uint64_t *)context;
    return 0;
}

static void verifies_a_log_and_tells_its_leaves(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    uint64_t count = 0;
    struct replay_options options = {
        .directory = fixture->directory, .policy = fixture->log->policy, .leaf = count_leaf, .context = &count};
    struct replay_result result = {0};
    assert_int_equal(replay_verify(&options, &result, &err), 0);
    assert_true(count == 1000 && result.checkpoint.size == 1000 && result.cosigned == 1);
    cg_checkpoint_finish(&result.checkpoint);
}

/* A byte of each so many is flipped, another bit of it each time. Everywhere a flip is found after what comes before it
 * was hashed, so that all of 1,000 leaves are a matter of minutes: CG_EVERY_BIT=1 asks for them. */
enum { SAMPLED = 61, SAMPLED_WHOLLY_MOST = 1024 };

static void flip_and_verify(struct fixture *fixture, const char *name, struct cg_bytes *content, size_t bit)
{
    struct cg_error err = {0};
    content->data[bit / 8] ^= (char)(1 << bit % 8);
    save(fixture->directory, name, content);
    if (verify(fixture, NULL, &err) == 0)
        fail_msg("bit %zu of byte %zu of %s", bit % 8, bit / 8, name);
    assert_in_range(err.code, CG_E_FORM, CG_E_INCOMPLETE);
    content->data[bit / 8] ^= (char)(1 << bit % 8);
}

/* Of the files every bit where a file is small: the checkpoint, the tile above. Which bits of the others are flipped
 * follows from a seed that is printed; CG_SEED gives it. */
static void finds_flipped_bits(void **state)
{
    struct fixture *fixture = *state;
    bool every = getenv("CG_EVERY_BIT") != NULL;
    unsigned seed = getenv("CG_SEED") ? (unsigned)atoi(getenv("CG_SEED")) : (unsigned)getpid();
    size_t flipped = 0;
    for (size_t f = 0; f < FILES; f++) {
        CG_AUTO_BYTES struct cg_bytes content = {0};
        load(fixture->directory, files[f], &content);
        size_t step = every || content.size <= SAMPLED_WHOLLY_MOST ? 1 : 8 * SAMPLED;
        for (size_t bit = step == 1 ? 0 : seed % step; bit < 8 * content.size; bit += step, flipped++)
            flip_and_verify(fixture, files[f], &content, step == 1 ? bit : bit ^ (bit / step + seed) % 8);
        save(fixture->directory, files[f], &content);
        assert_int_equal(verify(fixture, NULL, NULL), 0);
    }
    print_message("%zu bits flipped, CG_SEED=%u\n", flipped, seed);
}

static void finds_what_is_missing_or_cut(void **state)
{
    struct fixture *fixture = *state;
    for (size_t f = 0; f < FILES; f++) {
        struct cg_error err = {0};
        char path[PATH_SIZE + 64];
        CG_AUTO_BYTES struct cg_bytes content = {0};
        snprintf(path, sizeof path, "%s/%s", fixture->directory, files[f]);
        load(fixture->directory, files[f], &content);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(verify(fixture, NULL, &err), -1);
        assert_error_has(&err, CG_E_INCOMPLETE, " is not there");
        content.size--;
        save(fixture->directory, files[f], &content);
        assert_int_equal(verify(fixture, NULL, &err), -1);
        assert_in_range(err.code, CG_E_FORM, CG_E_PROOF);
        content.size++;
        save(fixture->directory, files[f], &content);
    }
}

/* Two leaves change places, one is left out, and the tiles are made anew: what was signed does not fit any more. */
static void finds_leaves_out_of_order_and_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    load(fixture->directory, "tile/entries/000", &content);
    content.data[2 + 5] = '1';
    content.data[2 + 6 + 2 + 5] = '0';
    save(fixture->directory, "tile/entries/000", &content);
    assert_int_equal(verify(fixture, NULL, &err), -1);
    assert_error(&err, CG_E_PROOF, "tile/0/000 is not what the entries make");
    signed_log_write(fixture->log, 999, fixture->directory);
    CG_AUTO_BYTES struct cg_bytes note = {0};
    signed_log_cosigned(fixture->log, 1000, 1, &note);
    save(fixture->directory, "checkpoint", &note);
    assert_int_equal(verify(fixture, NULL, &err), 0);
}

static void finds_a_rollback_and_a_fork(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct cg_checkpoint since = {.size = 700, .root = memory_tree_root(fixture->log->tree, 700)};
    assert_int_equal(verify(fixture, &since, &err), 0);
    since.size = 0;
    cg_merkle_empty_root(&since.root);
    assert_int_equal(verify(fixture, &since, &err), 0);
    since = (struct cg_checkpoint){.size = 1000, .root = memory_tree_root(fixture->log->tree, 1000)};
    assert_int_equal(verify(fixture, &since, &err), 0);
    since.root.bytes[0] ^= 1;
    assert_int_equal(verify(fixture, &since, &err), -1);
    assert_error(&err, CG_E_FORK, "the log does not continue the earlier checkpoint of size 1000");
    since.size = 1001;
    assert_int_equal(verify(fixture, &since, &err), -1);
    assert_error(&err, CG_E_FORK, "the log has 1000 entries, the earlier checkpoint had 1001");
}

/* --- copying -------------------------------------------------------------------------------------------------------
 */

/* Serves a directory; `fail_at` counts fetches down to one that fails. */
struct served {
    const char *directory;
    unsigned fail_at, fetched;
};

static int serve(void *context, const char *path, size_t most, struct cg_bytes *content, struct cg_error *err)
{
    struct served *served = context;
    char whole[PATH_SIZE + 64];
    if (served->fail_at && --served->fail_at == 0)
        return cg_fail(err, CG_E_UNREACHABLE, "the line is cut");
    snprintf(whole, sizeof whole, "%s/%s", served->directory, path);
    if (access(whole, R_OK) != 0)
        return 0;
    load(served->directory, path, content);
    assert_true(content->size <= most);
    served->fetched++;
    return 1;
}

static int copy(struct fixture *fixture, struct served *served, struct mirror_result *result, struct cg_error *err)
{
    struct mirror_options options = {
        .directory = fixture->copy, .policy = fixture->log->policy, .fetch = serve, .context = served};
    return mirror_update(&options, result, err);
}

static void verify_copy(struct fixture *fixture, uint64_t size)
{
    struct cg_error err = {0};
    struct replay_options options = {.directory = fixture->copy, .policy = fixture->log->policy};
    struct replay_result result = {0};
    if (replay_verify(&options, &result, &err) < 0)
        fail_msg("%s", err.message);
    assert_true(result.checkpoint.size == size);
    cg_checkpoint_finish(&result.checkpoint);
}

static void copies_a_log_and_what_is_new(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct served served = {.directory = fixture->directory};
    struct mirror_result result;
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    assert_true(result.old_size == 0 && result.new_size == 1000 && result.fetched == 9);
    verify_copy(fixture, 1000);
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    assert_true(result.old_size == 1000 && result.fetched == 0);
    signed_log_grow(fixture->log, 70000);
    signed_log_write(fixture->log, 70000, fixture->directory);
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    assert_true(result.old_size == 1000 && result.new_size == 70000);
    verify_copy(fixture, 70000);
}

static void goes_on_where_it_was_cut(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct served served = {.directory = fixture->directory, .fail_at = 6};
    struct mirror_result result;
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
    assert_error(&err, CG_E_UNREACHABLE, "the line is cut");
    served.fetched = 0;
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    assert_int_equal(served.fetched, 1 + 9 - 4);
    verify_copy(fixture, 1000);
}

/* A log that grew on may have removed the partial tiles of the checkpoint that was just read. */
static void takes_the_full_tile_where_the_partial_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct served served = {.directory = fixture->directory};
    struct mirror_result result;
    CG_AUTO_BYTES struct cg_bytes note = {0};
    char command[3 * PATH_SIZE + 64];
    signed_log_grow(fixture->log, 1024);
    signed_log_write(fixture->log, 1024, fixture->directory);
    snprintf(command, sizeof command, "rm -r %s/tile/0/003.p %s/tile/entries/003.p", fixture->directory,
             fixture->directory);
    assert_int_equal(system(command), 0);
    signed_log_cosigned(fixture->log, 1000, 1, &note);
    save(fixture->directory, "checkpoint", &note);
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    verify_copy(fixture, 1000);
    snprintf(command, sizeof command, "rm %s/tile/0/003 && rm -r %s/tile/0/003.p %s/checkpoint", fixture->directory,
             fixture->copy, fixture->copy);
    assert_int_equal(system(command), 0);
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
}

static void refuses_a_log_that_does_not_continue(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct served served = {.directory = fixture->directory};
    struct mirror_result result;
    assert_int_equal(copy(fixture, &served, &result, &err), 0);

    signed_log_write(fixture->log, 900, fixture->directory);
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
    assert_error(&err, CG_E_FORK, "the log has 900 entries, it had 1000");

    struct signed_log *fork = signed_log_create(500);
    memory_tree_append(fork->tree, "another", 7);
    signed_log_grow(fork, 1100);
    CG_AUTO_BYTES struct cg_bytes note = {0};
    signed_log_cosigned(fork, 1100, 1, &note);
    signed_log_write(fork, 1100, fixture->directory);
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
    assert_error(&err, CG_E_FORK, "the log does not continue the 1000 entries that are here");
    signed_log_destroy(fork);
    verify_copy(fixture, 1000);

    /* Nothing of the fork is in the way of the log. */
    signed_log_grow(fixture->log, 1100);
    signed_log_write(fixture->log, 1100, fixture->directory);
    assert_int_equal(copy(fixture, &served, &result, &err), 0);
    verify_copy(fixture, 1100);
}

static void refuses_entries_that_are_not_the_tiles(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct served served = {.directory = fixture->directory};
    struct mirror_result result;
    CG_AUTO_BYTES struct cg_bytes content = {0};
    load(fixture->directory, "tile/entries/000", &content);
    content.data[4] ^= 1;
    save(fixture->directory, "tile/entries/000", &content);
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
    assert_error(&err, CG_E_PROOF, "entry 0 of tile/entries/000 is not the one whose hash tile/0/000 has");

    CG_AUTO_BYTES struct cg_bytes tile = {0};
    signed_log_write(fixture->log, 1000, fixture->directory);
    load(fixture->directory, "tile/1/000.p/3", &tile);
    tile.data[0] ^= 1;
    save(fixture->directory, "tile/1/000.p/3", &tile);
    assert_int_equal(copy(fixture, &served, &result, &err), -1);
    assert_error(&err, CG_E_PROOF, "the tiles do not lead to the root that was signed for 1000 entries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verifies_a_log_and_tells_its_leaves, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_flipped_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_what_is_missing_or_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_leaves_out_of_order_and_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_a_rollback_and_a_fork, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_a_log_and_what_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_where_it_was_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_the_full_tile_where_the_partial_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_log_that_does_not_continue, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_entries_that_are_not_the_tiles, setup, teardown),
    };
    return cmocka_run_group_tests_name("replay", tests, scratch_create, scratch_remove);
}
