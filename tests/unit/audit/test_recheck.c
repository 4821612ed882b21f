/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a log of 1,000 leaves, changed one at a time behind the triggers' back, and found. */
#include "leading.h"
#include "postgres.h"
#include "scratch.h"
#include "unit.h"

#include "audit/recheck.h"
#include "audit/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows of each kind that are changed; CG_SEED says which, and is printed. */
enum { LEAVES = 1000, SAMPLES = 8, SQL_SIZE = 1000 };

struct log_of_rows {
    const char *database;
    struct store *store;
    struct audit_keys keys;
    struct recheck recheck;
};

static const char *sql(const struct log_of_rows *log, const char *text)
{
    const char *said = postgres_sql(log->database, text);
    if (strstr(said, "ERROR"))
        fail_msg("%s: %s", text, said);
    return said;
}

static void change(const struct log_of_rows *log, const char *text)
{
    char whole[SQL_SIZE + 64];
    snprintf(whole, sizeof whole, "SET session_replication_role = replica; %s", text);
    sql(log, whole);
}

static void put_leaves(struct store *store, unsigned count)
{
    struct cg_error err = {0};
    for (unsigned i = 0; i < count; i++) {
        CG_AUTO_JSON json_t *detail = json_pack("{s:i}", "n", i);
        const struct store_record record = {.type = "note", .actor = "a", .nvr = "a-1-1", .detail = detail};
        assert_int_equal(store_audit_record(store, &record, &err), 0);
    }
}

/* Signs what waits, as the sequencer does. */
static void sign(struct log_of_rows *log)
{
    struct cg_error err = {0};
    struct seal seal;
    struct store_checkpoint made = {0};
    struct store_sequencer *sequencer = store_sequencer_create(log->store, &err);
    assert_int_equal(seal_init(&seal, &log->keys, &err), 0);
    await_lead(sequencer);
    assert_true(store_sequencer_append(sequencer, seal_batch, &seal, &made, &err) > 0);
    store_checkpoint_finish(&made);
    seal_finish(&seal);
    store_sequencer_destroy(sequencer);
}

static void load_keys(struct log_of_rows *log, const char *name, const char *second)
{
    struct cg_error err = {0};
    char first_path[400], second_path[400];
    snprintf(first_path, sizeof first_path, "%s", scratch_path(name));
    snprintf(second_path, sizeof second_path, "%s", scratch_path(second ? second : ""));
    const struct audit_keys_options options = {
        .key_file = first_path, .second_key_file = second ? second_path : NULL, .origin = "test.example/log"};
    assert_int_equal(audit_keys_load(&log->keys, &options, AUDIT_KEYS_MAKE, &err), 0);
}

static void tell_keys(struct log_of_rows *log)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *detail = audit_keys_detail(&log->keys, &err);
    const struct store_record record = {.type = "key", .actor = "a", .detail = detail};
    assert_int_equal(store_audit_record(log->store, &record, &err), 0);
}

static int setup(void **state)
{
    struct cg_error err = {0};
    unsigned applied;
    if (scratch_create(state) != 0 || postgres_start(state) != 0)
        return -1;
    if (!postgres_there())
        return 0;
    struct log_of_rows *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->database = postgres_database();
    log->store = store_open(&(struct store_options){.conninfo = log->database, .connections = 4}, &err);
    assert_non_null(log->store);
    assert_int_equal(store_migrate(log->store, &applied, &err), 0);
    load_keys(log, "key", NULL);
    tell_keys(log);
    put_leaves(log->store, 399);
    sign(log);
    put_leaves(log->store, LEAVES - 400);
    sign(log);
    assert_int_equal(recheck_init(&log->recheck, log->store, &log->keys, &err), 0);
    *state = log;
    return 0;
}

static int teardown(void **state)
{
    struct log_of_rows *log = *state;
    if (log) {
        recheck_finish(&log->recheck);
        audit_keys_finish(&log->keys);
        store_close(log->store);
        free(log);
    }
    int stopped = postgres_stop(state);
    return scratch_remove(state) == 0 ? stopped : -1;
}

/* All stretches from the beginning, up to one that is damaged. */
static enum recheck_found pass(struct log_of_rows *log)
{
    struct cg_error err = {0};
    enum recheck_found found;
    log->recheck.range = (struct cg_merkle_range){0};
    do
        found = recheck_step(&log->recheck, &err);
    while (found == RECHECK_RIGHT);
    assert_string_equal(err.message, "");
    return found;
}

static void expect_right(struct log_of_rows *log)
{
    if (pass(log) != RECHECK_ALL)
        fail_msg("%s", log->recheck.damage.message);
}

/* Changes, looks, and changes back. */
static void expect_found(struct log_of_rows *log, const char *there, const char *back)
{
    change(log, there);
    enum recheck_found found = pass(log);
    change(log, back);
    if (found != RECHECK_DAMAGED)
        fail_msg("not found: %s", there);
}

static struct log_of_rows *log_or_skip(void **state)
{
    if (!*state) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    return *state;
}

static void finds_nothing_in_what_is_right(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    struct cg_error err = {0};
    for (unsigned stretch = 0; stretch < LEAVES / RECHECK_ENTRIES; stretch++)
        assert_int_equal(recheck_step(&log->recheck, &err), RECHECK_RIGHT);
    assert_int_equal(recheck_step(&log->recheck, &err), RECHECK_ALL);
    assert_int_equal(log->recheck.damage.code, CG_OK);
    expect_right(log);
}

static uint64_t dice(uint64_t *seed, uint64_t sides)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (*seed >> 33) % sides;
}

/* A bit of a column of bytes in one row; twice is as before. */
static void flip_bit(struct log_of_rows *log, const char *table, const char *column, const char *where, uint64_t *seed)
{
    char text[SQL_SIZE];
    snprintf(text, sizeof text, "SELECT 8 * octet_length(%s) FROM %s WHERE %s", column, table, where);
    uint64_t bit = dice(seed, (uint64_t)atoll(sql(log, text)));
    snprintf(text, sizeof text, "UPDATE %s SET %s = set_bit(%s, %" PRIu64 ", 1 - get_bit(%s, %" PRIu64 ")) WHERE %s",
             table, column, column, bit, column, bit, where);
    expect_found(log, text, text);
}

static void finds_a_flipped_bit_of_any_row(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    uint64_t seed = getenv("CG_SEED") ? (uint64_t)atoll(getenv("CG_SEED")) : (uint64_t)getpid();
    char where[100];
    print_message("CG_SEED=%" PRIu64 "\n", seed);
    for (unsigned i = 0; i < SAMPLES; i++) {
        snprintf(where, sizeof where, "idx = %" PRIu64, dice(&seed, LEAVES));
        flip_bit(log, "audit_entry", "leaf", where, &seed);
        flip_bit(log, "audit_entry", "leaf_hash", where, &seed);
        snprintf(where, sizeof where, "level = 0 AND n = %" PRIu64, dice(&seed, 3));
        flip_bit(log, "audit_tile", "root", where, &seed);
        snprintf(where, sizeof where, "size = %d", i % 2 ? 400 : LEAVES);
        flip_bit(log, "audit_checkpoint", "root", where, &seed);
    }
    expect_right(log);
}

/* Of each character of the two notes the lowest bit that leaves it a character. */
static void finds_another_character_of_a_checkpoint(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    char text[SQL_SIZE], back[SQL_SIZE];
    for (int size = 400; size <= LEAVES; size += LEAVES - 400) {
        snprintf(text, sizeof text, "SELECT octet_length(note) FROM audit_checkpoint WHERE size = %d", size);
        int length = atoi(sql(log, text));
        snprintf(text, sizeof text, "CREATE TABLE kept_%d AS SELECT note FROM audit_checkpoint WHERE size = %d", size,
                 size);
        sql(log, text);
        snprintf(back, sizeof back, "UPDATE audit_checkpoint SET note = k.note FROM kept_%d k WHERE size = %d", size,
                 size);
        for (int at = 1; at <= length; at += 13) {
            snprintf(text, sizeof text,
                     "UPDATE audit_checkpoint SET note = overlay(note PLACING CASE WHEN substr(note, %d, 1) = 'x' THEN"
                     " 'y' ELSE 'x' END FROM %d FOR 1) WHERE size = %d AND %d <= length(note)",
                     at, at, size, at);
            if (at <= atoi(sql(log, "SELECT min(length(note)) FROM audit_checkpoint")))
                expect_found(log, text, back);
        }
    }
    expect_right(log);
}

static void finds_columns_that_do_not_repeat_the_leaf(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    static const char *const changes[][2] = {
        {"type = 'other'", "type = 'note'"},    {"nvr = 'a-1-2'", "nvr = 'a-1-1'"},  {"nvr = NULL", "nvr = 'a-1-1'"},
        {"import_id = id", "import_id = NULL"}, {"event_id = 7", "event_id = NULL"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char there[200], back[200];
        snprintf(there, sizeof there, "UPDATE audit_entry SET %s WHERE idx = 700", changes[i][0]);
        snprintf(back, sizeof back, "UPDATE audit_entry SET %s WHERE idx = 700", changes[i][1]);
        expect_found(log, there, back);
        assert_string_equal(log->recheck.damage.message, "the columns of entry 700 do not repeat its leaf");
    }
}

static void finds_what_is_gone_or_has_another_place(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    sql(log, "CREATE TABLE kept AS SELECT * FROM audit_entry; CREATE TABLE kept_tiles AS SELECT * FROM audit_tile");
    expect_found(log, "DELETE FROM audit_entry WHERE idx = 300",
                 "INSERT INTO audit_entry SELECT * FROM kept WHERE idx = 300");
    assert_error(&log->recheck.damage, CG_E_INCOMPLETE, "entry 300 is missing");
    expect_found(log, "DELETE FROM audit_entry WHERE idx >= 990",
                 "INSERT INTO audit_entry SELECT * FROM kept WHERE idx >= 990");
    expect_found(log, "DELETE FROM audit_tile WHERE n = 1",
                 "INSERT INTO audit_tile SELECT * FROM kept_tiles WHERE n = 1");
    static const char exchange[] = "UPDATE audit_entry SET idx = -5 WHERE idx = 41;"
                                   " UPDATE audit_entry SET idx = 41 WHERE idx = 42;"
                                   " UPDATE audit_entry SET idx = 42 WHERE idx = -5";
    sql(log, "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_idx_check");
    expect_found(log, exchange, exchange);
    expect_right(log);
}

/* A leaf with its hash and the tile above changed together still does not lead to what was signed. */
static void finds_a_history_that_agrees_with_itself(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    sql(log, "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM audit_entry");
    expect_found(log,
                 "UPDATE audit_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '\"actor\":\"a\"',"
                 " '\"actor\":\"b\"'), 'UTF8') WHERE idx = 999;"
                 " UPDATE audit_entry SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE idx = 999",
                 "UPDATE audit_entry e SET leaf = k.leaf, leaf_hash = k.leaf_hash FROM kept k WHERE k.idx = e.idx");
    assert_error(&log->recheck.damage, CG_E_PROOF,
                 "the entries do not lead to the root that was signed for 1000 of them");
}

static void goes_on_after_the_rows_were_put_right(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    struct cg_error err = {0};
    log->recheck.range = (struct cg_merkle_range){0};
    assert_int_equal(recheck_step(&log->recheck, &err), RECHECK_RIGHT);
    change(log, "UPDATE audit_entry SET type = 'other' WHERE idx = 300");
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(recheck_step(&log->recheck, &err), RECHECK_DAMAGED);
        assert_true(log->recheck.range.size == RECHECK_ENTRIES);
    }
    change(log, "UPDATE audit_entry SET type = 'note' WHERE idx = 300");
    assert_int_equal(recheck_step(&log->recheck, &err), RECHECK_RIGHT);
    assert_int_equal(log->recheck.damage.code, CG_OK);
}

/* What a key of former times signed is believed, as its leaf tells of it. */
static void believes_keys_that_leaves_tell(void **state)
{
    struct log_of_rows *log = log_or_skip(state);
    load_keys(log, "newer-key", NULL);
    load_keys(log, "key", "newer-key");
    tell_keys(log);
    sign(log);
    load_keys(log, "newer-key", NULL);
    tell_keys(log);
    sign(log);
    expect_right(log);
    change(log, "UPDATE audit_entry SET type = 'note' WHERE type = 'key'");
    assert_int_equal(pass(log), RECHECK_DAMAGED);
    change(log, "UPDATE audit_entry SET type = 'key' WHERE idx = 0 OR idx >= 1000");
    expect_right(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_in_what_is_right),
        cmocka_unit_test(finds_a_flipped_bit_of_any_row),
        cmocka_unit_test(finds_another_character_of_a_checkpoint),
        cmocka_unit_test(finds_columns_that_do_not_repeat_the_leaf),
        cmocka_unit_test(finds_what_is_gone_or_has_another_place),
        cmocka_unit_test(finds_a_history_that_agrees_with_itself),
        cmocka_unit_test(goes_on_after_the_rows_were_put_right),
        cmocka_unit_test(believes_keys_that_leaves_tell),
    };
    return cmocka_run_group_tests_name("recheck", tests, setup, teardown);
}
