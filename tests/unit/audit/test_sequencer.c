/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leaves are signed once each, in one history: killed at any moment, raced, restored or tampered with. */
#include "postgres.h"
#include "scratch.h"
#include "unit.h"

#include "audit/kept_file.h"
#include "audit/last_signed.h"
#include "audit/restore.h"
#include "audit/sequencer.h"
#include "base/clock.h"
#include "base/stop.h"
#include "cg/tlog_proof.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 300000U

/* --- a log of one's own --------------------------------------------------------------------------------------------
 */

struct place {
    const char *database;
    char directory[300], last_signed[300], key[320];
};

static struct store *open_at(const char *conninfo)
{
    struct cg_error err = {0};
    struct store *store = store_open(&(struct store_options){.conninfo = conninfo, .connections = 4}, &err);
    assert_string_equal(err.message, "");
    return store;
}

static struct store *open_store(struct place *place)
{
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    struct cg_error err = {0};
    unsigned applied;
    scratch_clear();
    place->database = postgres_database();
    snprintf(place->directory, sizeof place->directory, "%s", scratch_path("log"));
    snprintf(place->last_signed, sizeof place->last_signed, "%s", scratch_path("last-signed"));
    snprintf(place->key, sizeof place->key, "%s", scratch_path("key"));
    struct store *store = open_at(place->database);
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    return store;
}

static struct sequencer *start(const struct place *place, struct store *store)
{
    struct cg_error err = {0};
    const struct sequencer_options options = {
        .store = store,
        .replica = "r1",
        .directory = place->directory,
        .last_signed = place->last_signed,
        .keys = {.key_file = place->key, .origin = "test.example/log"},
    };
    struct sequencer *sequencer = sequencer_start(&options, &err);
    assert_string_equal(err.message, "");
    return sequencer;
}

static void put_leaves(struct store *store, unsigned count)
{
    struct cg_error err = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct store_record record = {.type = "note", .actor = "a"};
        assert_int_equal(store_audit_record(store, &record, &err), 0);
    }
}

static const char *sql(const struct place *place, const char *text)
{
    return postgres_sql(place->database, text);
}

static struct audit_keys keys_of(const struct place *place)
{
    struct cg_error err = {0};
    struct audit_keys keys = {0};
    const struct audit_keys_options options = {.key_file = place->key};
    assert_int_equal(audit_keys_load(&keys, &options, AUDIT_KEYS_WANT, &err), 0);
    return keys;
}

/* Size of the published log; its signature is checked. */
static uint64_t published(const struct place *place)
{
    struct cg_error err = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    char path[320];
    snprintf(path, sizeof path, "%s/checkpoint", place->directory);
    if (access(path, F_OK) != 0)
        return 0;
    struct audit_keys keys = keys_of(place);
    assert_int_equal(last_signed_read(path, &keys, &checkpoint, &err), 1);
    audit_keys_finish(&keys);
    return checkpoint.size;
}

static void wait_published(const struct place *place, uint64_t size)
{
    uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
    while (published(place) < size && clock_monotonic_ms() < until)
        stop_sleep(NULL, 10);
    assert_int_equal(published(place), size);
}

/* Reads the whole published log again: entries lead to the signed root, and are those of the database. */
static void replay_published(const struct place *place, struct store *store)
{
    struct cg_error err = {0};
    char path[400], name[CG_TILE_PATH_SIZE];
    struct audit_keys keys = keys_of(place);
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    struct cg_merkle_range range = {0};
    struct cg_merkle_hash hash;
    snprintf(path, sizeof path, "%s/checkpoint", place->directory);
    assert_int_equal(last_signed_read(path, &keys, &checkpoint, &err), 1);
    for (uint64_t n = 0; n * CG_TILE_WIDTH < checkpoint.size; n++) {
        struct cg_tile tile = {.kind = CG_TILE_ENTRIES, .n = n, .width = cg_tile_width(checkpoint.size, 0, n)};
        struct cg_tile_entry entries[CG_TILE_WIDTH];
        CG_AUTO_BYTES struct cg_bytes bundle = {0}, kept = {0};
        cg_tile_path(&tile, name);
        snprintf(path, sizeof path, "%s/%s", place->directory, name);
        assert_int_equal(kept_file_read(path, CG_TILE_BUNDLE_MAX, &bundle, &err), 1);
        assert_int_equal(store_audit_tile(store, &tile, &kept, &err), 0);
        assert_int_equal(kept.size, bundle.size);
        assert_memory_equal(kept.data, bundle.data, kept.size);
        assert_int_equal(cg_tile_bundle_parse(bundle.data, bundle.size, tile.width, entries, &err), 0);
        for (unsigned i = 0; i < tile.width; i++) {
            assert_int_equal(cg_merkle_hash_leaf(hasher, entries[i].data, entries[i].size, &hash, &err), 0);
            assert_int_equal(cg_merkle_range_append(&range, hasher, &hash, NULL, &err), 0);
        }
    }
    assert_int_equal(cg_merkle_range_root(&range, hasher, &hash, &err), 0);
    assert_memory_equal(hash.bytes, checkpoint.root.bytes, sizeof hash.bytes);
    audit_keys_finish(&keys);
}

/* --- plain use -----------------------------------------------------------------------------------------------------
 */

static void leaves_are_signed_and_published(void **state)
{
    (void)state;
    struct place place;
    struct store *store = open_store(&place);
    struct sequencer *sequencer = start(&place, store);
    put_leaves(store, 300);
    /* And the leaf that tells the key. */
    wait_published(&place, 301);
    replay_published(&place, store);
    assert_string_equal(sql(&place, "SELECT convert_from(leaf, 'UTF8')::json->'detail'->>'origin' FROM audit_entry"
                                    " WHERE type = 'key'"),
                        "test.example/log");
    assert_string_equal(sql(&place, "SELECT count(*) FROM audit_tile"), "1");
    struct stat status;
    assert_int_equal(stat(place.key, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    /* The tile of which partial ones were published is whole now. */
    char path[400];
    snprintf(path, sizeof path, "%s/tile/0/000", place.directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 256 * 32);
    snprintf(path, sizeof path, "%s/tile/0/000.p", place.directory);
    assert_int_not_equal(access(path, F_OK), 0);
    sequencer_stop(sequencer);
    store_close(store);
}

/* What waits when it is told to stop is signed and published first; the key leaf is told once. */
static void it_stops_with_nothing_waiting_and_goes_on(void **state)
{
    (void)state;
    struct place place;
    struct store *store = open_store(&place);
    struct sequencer *sequencer = start(&place, store);
    put_leaves(store, 3);
    wait_published(&place, 4);
    put_leaves(store, 2);
    sequencer_stop(sequencer);
    assert_int_equal(published(&place), 6);
    sequencer = start(&place, store);
    put_leaves(store, 1);
    wait_published(&place, 7);
    replay_published(&place, store);
    sequencer_stop(sequencer);
    store_close(store);
}

/* --- two replicas --------------------------------------------------------------------------------------------------
 */

static void two_replicas_make_one_log(void **state)
{
    (void)state;
    struct place place;
    struct store *store = open_store(&place), *other = open_at(place.database);
    struct sequencer *one = start(&place, store), *two = start(&place, other);
    put_leaves(store, 50);
    wait_published(&place, 51);
    for (unsigned round = 1; round <= 6; round++) {
        /* Whoever has the lock loses its connection while leaves come. */
        put_leaves(store, 20);
        sql(&place, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted");
        put_leaves(other, 30);
        wait_published(&place, 51 + 50 * round);
    }
    sequencer_stop(one);
    put_leaves(other, 1);
    wait_published(&place, 352);
    sequencer_stop(two);
    replay_published(&place, store);
    assert_string_equal(sql(&place, "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(idx) FROM audit_entry"),
                        "352 352 351");
    store_close(other);
    store_close(store);
}

/* --- refusing to sign ----------------------------------------------------------------------------------------------
 */

/* What a sequencer that takes over says, without its threads. */
struct log_lines {
    int fds[2];
    struct log *log;
};

static void wait_line(const struct log_lines *lines, const char *part)
{
    static char text[65536];
    size_t size = 0;
    uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
    while (clock_monotonic_ms() < until && size < sizeof text - 1) {
        ssize_t got = read(lines->fds[0], text + size, sizeof text - 1 - size);
        if (got > 0)
            size += (size_t)got;
        else
            stop_sleep(NULL, 10);
        text[size] = '\0';
        if (strstr(text, part))
            return;
    }
    fail_msg("the log does not say \"%s\" but: %s", part, text);
}

static void refuses(const struct place *place, struct store *store, const char *key, const char *part)
{
    struct cg_error err = {0};
    struct log_lines lines;
    char before[32];
    assert_int_equal(pipe(lines.fds), 0);
    assert_int_equal(fcntl(lines.fds[0], F_SETFL, O_NONBLOCK), 0);
    lines.log = log_create(lines.fds[1], LOG_KEY_VALUE, LOG_DEBUG, &err);
    snprintf(before, sizeof before, "%s", sql(place, "SELECT count(*) FROM audit_checkpoint"));
    const struct sequencer_options options = {
        .store = store,
        .log = lines.log,
        .replica = "r2",
        .directory = place->directory,
        .last_signed = place->last_signed,
        .keys = {.key_file = key ? key : place->key, .origin = "test.example/log"},
    };
    struct sequencer *sequencer = sequencer_start(&options, &err);
    put_leaves(store, 1);
    wait_line(&lines, part);
    sequencer_stop(sequencer);
    assert_string_equal(sql(place, "SELECT count(*) FROM audit_checkpoint"), before);
    log_destroy(lines.log);
    close(lines.fds[0]);
    close(lines.fds[1]);
}

/* A log of 20 leaves that is at rest. */
static struct store *signed_log(struct place *place)
{
    struct store *store = open_store(place);
    struct sequencer *sequencer = start(place, store);
    put_leaves(store, 10);
    wait_published(place, 11);
    put_leaves(store, 9);
    wait_published(place, 20);
    sequencer_stop(sequencer);
    return store;
}

/* The tables as an administrator can make them, all triggers off. */
static void tamper(const struct place *place, const char *text)
{
    char whole[600];
    snprintf(whole, sizeof whole, "SET session_replication_role = replica; %s", text);
    const char *said = sql(place, whole);
    if (strstr(said, "ERROR"))
        fail_msg("%s: %s", text, said);
}

static void an_older_database_is_not_signed(void **state)
{
    (void)state;
    struct place place;
    struct store *store = signed_log(&place);
    tamper(&place, "DELETE FROM audit_checkpoint WHERE size > 11; DELETE FROM audit_entry WHERE idx > 10");
    refuses(&place, store, NULL, "the database has 11 entries of the audit log, and ");
    assert_int_equal(published(&place), 20);
    store_close(store);
}

static void an_empty_database_is_not_signed(void **state)
{
    (void)state;
    struct place place;
    struct store *store = signed_log(&place);
    tamper(&place, "DELETE FROM audit_checkpoint; DELETE FROM audit_entry");
    refuses(&place, store, NULL, "the database has 0 entries of the audit log, and ");
    store_close(store);
}

/* Also when the file was lost with the database: what the outside was shown is held against it as well. */
static void what_was_published_counts_too(void **state)
{
    (void)state;
    struct place place;
    struct store *store = signed_log(&place);
    assert_int_equal(unlink(place.last_signed), 0);
    refuses(&place, store, NULL, "which says what was signed last, is gone");
    struct audit_keys keys = keys_of(&place);
    struct cg_error err = {0};
    char old[2000];
    snprintf(old, sizeof old, "%s\n", sql(&place, "SELECT note FROM audit_checkpoint WHERE size = 11"));
    assert_int_equal(last_signed_keep(place.last_signed, &keys, 11, old, &err), 0);
    audit_keys_finish(&keys);
    tamper(&place, "DELETE FROM audit_checkpoint WHERE size > 11; DELETE FROM audit_entry WHERE idx > 10");
    refuses(&place, store, NULL, "the database has 11 entries of the audit log, and ");
    store_close(store);
}

static void changed_rows_are_not_signed(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE audit_entry SET leaf_hash = sha256('x') WHERE idx = 3",
        "DELETE FROM audit_entry WHERE idx = 19",
        "UPDATE audit_checkpoint SET root = sha256('x') WHERE size = 20",
        "UPDATE audit_checkpoint SET note = replace(note, '20', '21') WHERE size = 20",
        "UPDATE audit_entry a SET leaf_hash = b.leaf_hash FROM audit_entry b WHERE a.idx = 16 AND b.idx = 17",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct place place;
        struct store *store = signed_log(&place);
        tamper(&place, changes[i]);
        refuses(&place, store, NULL, "the audit log is not signed");
        store_close(store);
    }
}

static void another_key_does_not_sign(void **state)
{
    (void)state;
    struct place place;
    char key[340];
    struct store *store = signed_log(&place);
    snprintf(key, sizeof key, "%s.other", place.key);
    refuses(&place, store, key, "is not there");
    struct cg_error err = {0};
    struct audit_keys keys = {0};
    const struct audit_keys_options options = {.key_file = key, .origin = "test.example/log"};
    assert_int_equal(audit_keys_load(&keys, &options, AUDIT_KEYS_MAKE, &err), 0);
    audit_keys_finish(&keys);
    refuses(&place, store, key, "not signed");
    store_close(store);
}

/* --- putting back --------------------------------------------------------------------------------------------------
 */

static int restore(const struct place *place, struct store *store, uint64_t *restored, struct cg_error *err)
{
    const struct restore_options options = {.store = store,
                                            .directory = place->directory,
                                            .last_signed = place->last_signed,
                                            .keys = {.key_file = place->key, .origin = "test.example/log"}};
    return audit_restore(&options, restored, err);
}

static void lost_entries_are_put_back_from_what_was_published(void **state)
{
    (void)state;
    struct place place;
    struct cg_error err = {0};
    uint64_t restored;
    struct store *store = signed_log(&place);
    struct sequencer *sequencer = start(&place, store);
    put_leaves(store, 300);
    wait_published(&place, 320);
    sequencer_stop(sequencer);
    /* As a backup has it in which some leaves still waited: two of them have their places meanwhile. */
    tamper(&place, "INSERT INTO audit_pending (id, type, leaf) SELECT id, type, leaf FROM audit_entry"
                   " WHERE idx BETWEEN 11 AND 12;"
                   "DELETE FROM audit_checkpoint WHERE size > 11; DELETE FROM audit_entry WHERE idx > 10;"
                   "DELETE FROM audit_tile");
    refuses(&place, store, NULL, "was an older backup restored?");
    assert_int_equal(restore(&place, store, &restored, &err), 0);
    assert_int_equal(restored, 309);
    /* Left is the leaf that `refuses` put in. */
    assert_string_equal(sql(&place, "SELECT count(*) FROM audit_pending"), "1");
    sequencer = start(&place, store);
    put_leaves(store, 1);
    wait_published(&place, 322);
    sequencer_stop(sequencer);
    replay_published(&place, store);
    assert_int_equal(restore(&place, store, &restored, &err), 0);
    assert_int_equal(restored, 0);
    store_close(store);
}

static void what_is_not_the_published_log_is_not_put_back(void **state)
{
    (void)state;
    struct place place;
    struct cg_error err = {0};
    uint64_t restored;
    char path[400];
    struct store *store = signed_log(&place);
    /* Another leaf than the one that was signed. */
    tamper(&place, "DELETE FROM audit_checkpoint WHERE size > 11; DELETE FROM audit_entry WHERE idx > 10;"
                   "UPDATE audit_entry SET leaf_hash = sha256('x') WHERE idx = 3");
    assert_int_equal(restore(&place, store, &restored, &err), -1);
    assert_error_has(&err, CG_E_FORK, "is not what was signed");
    snprintf(path, sizeof path, "%s/tile/entries/000.p/20", place.directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(restore(&place, store, &restored, &err), -1);
    assert_error_has(&err, CG_E_INCOMPLETE, "is not there");
    assert_string_equal(sql(&place, "SELECT count(*) FROM audit_entry"), "11");
    store_close(store);
}

/* --- rotation ------------------------------------------------------------------------------------------------------
 */

static void sign_with(const struct place *place, struct store *store, const char *first, const char *second,
                      uint64_t size)
{
    struct cg_error err = {0};
    const struct sequencer_options options = {
        .store = store,
        .replica = "r1",
        .directory = place->directory,
        .last_signed = place->last_signed,
        .keys = {.key_file = first, .second_key_file = second, .origin = "test.example/log"},
    };
    struct sequencer *sequencer = sequencer_start(&options, &err);
    wait_published(place, size);
    sequencer_stop(sequencer);
}

static void a_key_is_replaced_by_signing_with_both(void **state)
{
    (void)state;
    struct place place;
    char next[340];
    struct store *store = signed_log(&place);
    snprintf(next, sizeof next, "%s.next", place.key);
    struct cg_error err = {0};
    struct audit_keys keys = {0};
    const struct audit_keys_options making = {.key_file = next, .origin = "test.example/log"};
    assert_int_equal(audit_keys_load(&keys, &making, AUDIT_KEYS_MAKE, &err), 0);
    audit_keys_finish(&keys);
    sign_with(&place, store, place.key, next, 21);
    assert_string_equal(sql(&place, "SELECT json_array_length(convert_from(leaf, 'UTF8')::json->'detail'->'keys')"
                                    " FROM audit_entry WHERE idx = 20"),
                        "2");
    snprintf(place.key, sizeof place.key, "%.300s", next);
    sign_with(&place, store, next, NULL, 22);
    assert_string_equal(sql(&place, "SELECT json_array_length(convert_from(leaf, 'UTF8')::json->'detail'->'keys')"
                                    " FROM audit_entry WHERE idx = 21"),
                        "1");
    replay_published(&place, store);
    store_close(store);
}

static int set_up(void **state)
{
    return scratch_create(state) == 0 ? postgres_start(state) : -1;
}

static int tear_down(void **state)
{
    return postgres_stop(state) | scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_are_signed_and_published),
        cmocka_unit_test(it_stops_with_nothing_waiting_and_goes_on),
        cmocka_unit_test(two_replicas_make_one_log),
        cmocka_unit_test(an_older_database_is_not_signed),
        cmocka_unit_test(an_empty_database_is_not_signed),
        cmocka_unit_test(what_was_published_counts_too),
        cmocka_unit_test(changed_rows_are_not_signed),
        cmocka_unit_test(another_key_does_not_sign),
        cmocka_unit_test(lost_entries_are_put_back_from_what_was_published),
        cmocka_unit_test(what_is_not_the_published_log_is_not_put_back),
        cmocka_unit_test(a_key_is_replaced_by_signing_with_both),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
