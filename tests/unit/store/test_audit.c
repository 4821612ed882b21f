/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every change is a leaf, written with it; a leaf goes to its place in the tree and nowhere else. */
#include "leading.h"
#include "store_test.h"

#include "cg/canon.h"
#include "cg/json.h"
#include "store/audit_leaf.h"
#include "store/audit_sequence.h"

#define POST "a-1-1"

/* --- leaves of imports ---------------------------------------------------------------------------------------------
 */

/* "type type ..." of what waits, in order. */
#define TYPES_SQL "SELECT coalesce(string_agg(type, ' ' ORDER BY seq), '') FROM audit_pending"
/* Events without exactly one leaf, and leaves of no event, or that say another type, import or NVR than their row. */
#define UNPAIRED_SQL                                                                                                   \
    "SELECT (SELECT count(*) FROM events e WHERE (SELECT count(*) FROM audit_pending p WHERE p.event_id = e.event_id"  \
    " AND p.import_id = e.import_id AND p.type = e.type) <> 1) + (SELECT count(*) FROM audit_pending p WHERE"          \
    " p.event_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events e WHERE e.event_id = p.event_id))"                   \
    " + (SELECT count(*) FROM audit_pending p, LATERAL (SELECT convert_from(leaf, 'UTF8')::json AS j) l"               \
    " WHERE j->>'type' <> type OR j->>'id' <> id::text OR j->>'import' IS DISTINCT FROM import_id::text"               \
    " OR j->>'nvr' IS DISTINCT FROM nvr OR j->>'event' IS DISTINCT FROM event_id::text)"

/* The n-th leaf that waits, as JSON. */
static json_t *leaf_at(unsigned n)
{
    char text[200];
    snprintf(text, sizeof text, "SELECT convert_from(leaf, 'UTF8') FROM audit_pending ORDER BY seq OFFSET %u LIMIT 1",
             n);
    struct cg_error err = {0};
    const char *leaf = sql(text);
    CG_AUTO_BYTES struct cg_bytes canonical = {0};
    json_t *json = cg_json_read(leaf, strlen(leaf), NULL, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(cg_canon(json, &canonical, &err), 0);
    assert_string_equal(cg_bytes_text(&canonical), leaf);
    return json;
}

static const char *text_at(const json_t *json, const char *pointer)
{
    const char *text = json_string_value(cg_pointer_get(json, pointer));
    return text ? text : "";
}

static void an_import_leaves_one_leaf_for_each_change(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct cg_error err = {0};
    struct store_new_import wanted = posted(POST, 1);
    struct store_output one = output(0, "image.tar", 77, "md5", md5_of(2));
    wanted.outputs = &one;
    wanted.output_count = 1;
    struct store_import import;
    enum store_accepted how;
    bool complete = false;
    add_content(store, 1, 10);
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    add_content(store, 2, 77);
    assert_int_equal(store_output_received(store, import.id, 0, sha256_of(2), "builder", &complete, &err), 1);
    struct store_claim claim;
    claim_one(store, "w1", &claim);
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:f, s:b, s:n, s:I}", "share", 0.5, "odd", 1, "none", "big", (json_int_t)9007199254740993);
    assert_int_equal(store_claim_step(store, &claim, "upload", detail, &err), 0);
    assert_int_equal(store_claim_imported(store, &claim, 4711, "http://hub/4711", NULL, &err), 0);
    assert_string_equal(err.message, "");

    assert_string_equal(sql(TYPES_SQL), "accepted content queued claimed step imported");
    assert_string_equal(sql(UNPAIRED_SQL), "0");
    CG_AUTO_JSON json_t *accepted = leaf_at(0);
    assert_string_equal(text_at(accepted, "/actor"), "builder");
    assert_string_equal(text_at(accepted, "/nvr"), POST);
    assert_string_equal(text_at(accepted, "/import"), import.id);
    assert_string_equal(text_at(accepted, "/koji/cg"), GENERATOR);
    assert_string_equal(text_at(accepted, "/metadata_sha256"), sha256_of(1));
    assert_string_equal(text_at(accepted, "/outputs/0/name"), "image.tar");
    assert_string_equal(text_at(accepted, "/outputs/0/md5"), md5_of(2));
    assert_string_equal(text_at(accepted, "/outputs/0/sha256"), "");
    assert_string_equal(text_at(accepted, "/schema_id"), "urn:cg-import:schema:content-generator-metadata:0");
    assert_int_equal(strlen(text_at(accepted, "/schema_sha256")), 64);
    CG_AUTO_JSON json_t *content = leaf_at(1);
    assert_string_equal(text_at(content, "/outputs/0/sha256"), sha256_of(2));
    CG_AUTO_JSON json_t *step = leaf_at(4);
    assert_string_equal(text_at(step, "/detail/detail/share"), "0.5");
    assert_string_equal(text_at(step, "/detail/detail/odd"), "true");
    assert_string_equal(text_at(step, "/detail/detail/big"), "9007199254740993");
    assert_null(cg_pointer_get(step, "/detail/detail/none"));
    assert_null(cg_pointer_get(step, "/outputs"));
    CG_AUTO_JSON json_t *imported = leaf_at(5);
    assert_int_equal(json_integer_value(cg_pointer_get(imported, "/koji/build_id")), 4711);
    assert_string_equal(text_at(imported, "/outputs/0/sha256"), sha256_of(2));
    assert_string_equal(text_at(imported, "/outputs/0/md5"), md5_of(2));
    store_claim_finish(&claim);
    store_import_finish(&import);
    store_close(store);
}

static void operators_leave_leaves(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store_new_import wanted = posted(POST, 1);
    queue_import(store, &wanted, id);
    assert_int_equal(store_import_cancel(store, id, "alice", NULL, &err), 1);
    assert_int_equal(store_import_retry(store, id, "alice", NULL, &err), 1);
    struct secret token = {0};
    struct store_caller caller = {.name = (char *)(uintptr_t) "osbs", .roles = STORE_ROLE_SUBMITTER};
    assert_int_equal(store_caller_create(store, &caller, &token, &err), 0);
    assert_int_equal(store_caller_create(store, &caller, &token, &err), -1);
    cg_error_clear(&err);
    assert_int_equal(store_caller_revoke(store, "osbs", &err), 1);
    assert_int_equal(store_caller_revoke(store, "osbs", &err), 0);
    assert_string_equal(sql(TYPES_SQL), "accepted queued canceled retried queued token-created token-revoked");
    assert_string_equal(sql(UNPAIRED_SQL), "0");
    CG_AUTO_JSON json_t *created = leaf_at(5);
    assert_string_equal(text_at(created, "/detail/name"), "osbs");
    assert_string_equal(sql("SELECT count(*) FROM audit_pending, callers WHERE position(token_sha256 IN"
                            " convert_from(leaf, 'UTF8')) > 0"),
                        "0");
    secret_finish(&token);
    store_close(store);
}

static void a_refused_post_leaves_a_leaf(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct cg_error err = {0}, why = {0};
    cg_fail(&why, CG_E_REFUSED, "the metadata has 2 errors and 0 warnings");
    const struct store_refusal refusal = {
        .caller = "builder", .request_id = "r1", .metadata_sha256 = sha256_of(7), .metadata_bytes = 12, .why = &why};
    assert_int_equal(store_audit_refused(store, &refusal, &err), 0);
    CG_AUTO_JSON json_t *leaf = leaf_at(0);
    assert_string_equal(text_at(leaf, "/type"), "refused");
    assert_string_equal(text_at(leaf, "/metadata_sha256"), sha256_of(7));
    assert_string_equal(text_at(leaf, "/detail/error"), "CG_E_REFUSED");
    assert_string_equal(text_at(leaf, "/detail/message"), why.message);
    store_close(store);
}

/* What failed leaves neither its change nor its leaf. */
static void no_change_no_leaf(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store_new_import wanted = posted(POST, 1);
    queue_import(store, &wanted, id);
    struct store_new_import other = posted(POST, 2);
    struct store_import import;
    enum store_accepted how;
    add_content(store, 2, 10);
    assert_int_equal(accept_import(store, &other, &import, &how, &err), -1);
    store_import_finish(&import);
    cg_error_clear(&err);
    /* The leaf is refused by the database, and so is the change. */
    sql("ALTER TABLE audit_pending ADD CONSTRAINT no_more CHECK (type <> 'canceled')");
    assert_int_equal(store_import_cancel(store, id, "alice", NULL, &err), -1);
    cg_error_clear(&err);
    assert_int_equal(state_of(store, id), STORE_QUEUED);
    assert_string_equal(sql(TYPES_SQL), "accepted queued");
    assert_string_equal(sql(UNPAIRED_SQL), "0");
    store_close(store);
}

/* --- large leaves --------------------------------------------------------------------------------------------------
 */

static size_t size_with_outputs(size_t count, struct cg_bytes *text, const json_t *detail)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *outputs = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(outputs, json_pack("{s:s, s:I}", "name", "0123456789", "size", (json_int_t)100));
    const struct audit_leaf leaf = {
        .type = "t", .actor = "a", .time = "2026-11-23T00:00:00.000000Z", .detail = detail, .outputs = outputs};
    cg_bytes_clear(text);
    int result = audit_leaf_format(&leaf, "00000000-0000-7000-8000-000000000000", text, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(result, 0);
    return text->size;
}

static void large_leaves_tell_digests(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    size_t empty = size_with_outputs(1, &text, NULL), each = size_with_outputs(2, &text, NULL) - empty;
    size_t fits = 1 + (STORE_LEAF_MAX - empty) / each;
    assert_true(size_with_outputs(fits, &text, NULL) > STORE_LEAF_MAX - each);
    assert_null(strstr(text.data, "outputs_root"));
    assert_true(size_with_outputs(fits + 1, &text, NULL) < 1000);
    assert_non_null(strstr(text.data, "\"outputs_root\":\""));
    char count[40];
    snprintf(count, sizeof count, "\"outputs_count\":%zu,", fits + 1);
    assert_non_null(strstr(text.data, count));
    CG_AUTO_FREE char *long_text = calloc(1, STORE_LEAF_MAX + 1);
    memset(long_text, 'x', STORE_LEAF_MAX);
    CG_AUTO_JSON json_t *detail = json_pack("{s:s}", "message", long_text);
    assert_true(size_with_outputs(0, &text, detail) < 1000);
    assert_non_null(strstr(text.data, "\"detail_size\":60014,"));
}

/* --- what the tables refuse ----------------------------------------------------------------------------------------
 */

static void seal_put(struct store *store, unsigned leaves);

static void the_tables_refuse_to_be_changed(void **state)
{
    (void)state;
    struct store *store = open_store();
    seal_put(store, 300);
    sql("INSERT INTO audit_tile VALUES (0, 0, sha256('x'))");
    const struct store_record record = {.type = "note", .actor = "a"};
    struct cg_error err = {0};
    assert_int_equal(store_audit_record(store, &record, &err), 0);
    static const char *const refused[] = {
        "UPDATE audit_entry SET leaf = 'xx' WHERE idx = 3",
        "DELETE FROM audit_entry WHERE idx = 299",
        "TRUNCATE audit_entry",
        "UPDATE audit_tile SET root = root",
        "DELETE FROM audit_tile",
        "TRUNCATE audit_tile",
        "UPDATE audit_checkpoint SET note = 'x'",
        "DELETE FROM audit_checkpoint",
        "TRUNCATE audit_checkpoint",
        "UPDATE audit_pending SET leaf = 'xx'",
        "TRUNCATE audit_pending",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (!strstr(sql(refused[i]), "are never changed or removed"))
            fail_msg("%s: %s", refused[i], sql(refused[i]));
    assert_non_null(strstr(sql("DELETE FROM audit_pending"), "is removed only with its entry in the log"));
    assert_string_equal(sql("SELECT count(*) FROM audit_pending"), "1");
    assert_string_equal(sql("SELECT count(*) FROM audit_entry"), "300");
    /* And the service's own user has given the rights up. */
    assert_string_equal(sql("SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM"
                            " information_schema.role_table_grants WHERE table_name = 'audit_entry'"),
                        "INSERT REFERENCES SELECT TRIGGER");
    store_close(store);
}

/* --- sequencing ----------------------------------------------------------------------------------------------------
 */

/* Signs with a number instead of a key. */
static int number_seal(void *context, const struct store_batch *batch, struct cg_merkle_hash *root,
                       struct cg_bytes *note, struct cg_error *err)
{
    unsigned *fails = context;
    if (*fails > 0) {
        --*fails;
        return cg_fail(err, CG_E_FORK, "not this time");
    }
    *root = batch->hashes[batch->count - 1];
    return cg_bytes_printf(note, err, "%llu+%zu", (unsigned long long)batch->last.size, batch->count);
}

static void put_leaves(struct store *store, unsigned count)
{
    struct cg_error err = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct store_record record = {.type = "note", .actor = "a"};
        assert_int_equal(store_audit_record(store, &record, &err), 0);
    }
}

static struct store_sequencer *leading(struct store *store)
{
    struct cg_error err = {0};
    struct store_sequencer *sequencer = store_sequencer_create(store, &err);
    await_lead(sequencer);
    return sequencer;
}

static void append(struct store_sequencer *sequencer, int expected, const char *note)
{
    struct cg_error err = {0};
    struct store_checkpoint made = {0};
    unsigned fails = 0;
    assert_int_equal(store_sequencer_append(sequencer, number_seal, &fails, &made, &err), expected);
    assert_string_equal(err.message, "");
    assert_string_equal(made.note ? made.note : "", note);
    store_checkpoint_finish(&made);
}

static void seal_put(struct store *store, unsigned leaves)
{
    put_leaves(store, leaves);
    struct store_sequencer *sequencer = leading(store);
    struct cg_error err = {0};
    struct store_checkpoint made = {0};
    unsigned fails = 0;
    assert_int_equal(store_sequencer_append(sequencer, number_seal, &fails, &made, &err), leaves);
    store_checkpoint_finish(&made);
    store_sequencer_destroy(sequencer);
}

static void leaves_get_their_places_in_order(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct store_sequencer *sequencer = leading(store);
    append(sequencer, 0, "");
    put_leaves(store, STORE_BATCH_MAX + 2);
    append(sequencer, STORE_BATCH_MAX, "0+1024");
    append(sequencer, 2, "1024+2");
    append(sequencer, 0, "");
    assert_string_equal(sql("SELECT count(*) || ' ' || min(idx) || ' ' || max(idx) FROM audit_entry"), "1026 0 1025");
    assert_string_equal(sql("SELECT count(*) FROM audit_entry WHERE leaf_hash <> sha256('\\x00'::bytea || leaf)"), "0");
    /* The order in which they were put in: version 7 ids of one process rise, but for those of the same millisecond. */
    assert_string_equal(sql("SELECT count(*) FROM audit_entry a JOIN audit_entry b ON b.idx = a.idx + 1"
                            " WHERE left(b.id::text, 13) < left(a.id::text, 13)"),
                        "0");
    assert_string_equal(sql("SELECT count(*) FROM audit_pending"), "0");
    struct cg_error err = {0};
    struct store_entry *entries = NULL;
    size_t count = 0;
    assert_int_equal(store_audit_entries(store, 1024, 10, &entries, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(entries[1].index, 1025);
    assert_string_equal(entries[1].type, "note");
    store_entries_free(entries, count);
    struct store_log_state log = {0};
    assert_int_equal(store_audit_state(store, &log, &err), 0);
    assert_int_equal(log.size, 1026);
    assert_int_equal(log.pending, 0);
    store_sequencer_destroy(sequencer);
    store_close(store);
}

static void a_batch_that_is_not_sealed_did_not_happen(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct store_sequencer *sequencer = leading(store);
    struct cg_error err = {0};
    struct store_checkpoint made = {0};
    put_leaves(store, 3);
    unsigned fails = 1;
    assert_int_equal(store_sequencer_append(sequencer, number_seal, &fails, &made, &err), -1);
    assert_error(&err, CG_E_FORK, "not this time");
    assert_string_equal(sql("SELECT count(*) FROM audit_pending"), "3");
    assert_string_equal(sql("SELECT count(*) FROM audit_entry"), "0");
    append(sequencer, 3, "0+3");
    store_sequencer_destroy(sequencer);
    store_close(store);
}

static void one_sequencer_at_a_time(void **state)
{
    (void)state;
    struct store *store = open_store(), *replica = open_at(database);
    struct store_sequencer *first = leading(store);
    struct cg_error err = {0};
    struct store_checkpoint made = {0};
    struct store_sequencer *second = store_sequencer_create(replica, &err);
    assert_int_equal(store_sequencer_leads(second, &err), 0);
    unsigned fails = 0;
    put_leaves(store, 1);
    assert_int_equal(store_sequencer_append(second, number_seal, &fails, &made, &err), -1);
    assert_error(&err, CG_E_CONFLICT, "another sequencer has the lock");
    /* Who loses its connection cannot commit any more, and says so. */
    sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted");
    assert_int_equal(store_sequencer_append(first, number_seal, &fails, &made, &err), -1);
    assert_int_equal(err.code, CG_E_BUSY);
    cg_error_clear(&err);
    await_lead(second);
    assert_int_equal(store_sequencer_leads(first, &err), 0);
    append(second, 1, "0+1");
    store_sequencer_destroy(first);
    store_sequencer_destroy(second);
    store_close(replica);
    store_close(store);
}

static void tiles_come_from_entries(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    seal_put(store, 300);
    const struct cg_tile full = {.kind = CG_TILE_HASHES, .width = 256},
                         part = {.kind = CG_TILE_HASHES, .n = 1, .width = 44};
    assert_int_equal(store_audit_tile(store, &full, &content, &err), 0);
    assert_int_equal(content.size, 256 * 32);
    assert_int_equal(store_audit_tile(store, &part, &content, &err), 0);
    assert_int_equal(content.size, 44 * 32);
    const struct cg_tile more = {.kind = CG_TILE_HASHES, .n = 1, .width = 45};
    assert_int_equal(store_audit_tile(store, &more, &content, &err), -1);
    assert_error(&err, CG_E_INCOMPLETE, "the database has 44 of 45 hashes or entries from 256 of level 0 on");
    const struct cg_tile bundle = {.kind = CG_TILE_ENTRIES, .n = 1, .width = 44};
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    assert_int_equal(store_audit_tile(store, &bundle, &content, &err), 0);
    assert_int_equal(cg_tile_bundle_parse(content.data, content.size, 44, entries, &err), 0);
    assert_memory_equal(entries[43].data, "{\"actor\":\"a\",", 13);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_leaves_one_leaf_for_each_change),
        cmocka_unit_test(operators_leave_leaves),
        cmocka_unit_test(a_refused_post_leaves_a_leaf),
        cmocka_unit_test(no_change_no_leaf),
        cmocka_unit_test(large_leaves_tell_digests),
        cmocka_unit_test(the_tables_refuse_to_be_changed),
        cmocka_unit_test(leaves_get_their_places_in_order),
        cmocka_unit_test(a_batch_that_is_not_sealed_did_not_happen),
        cmocka_unit_test(one_sequencer_at_a_time),
        cmocka_unit_test(tiles_come_from_entries),
    };
    return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}
