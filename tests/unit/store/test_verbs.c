/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

/* Brings an import of NVR to a state by what leads there; its id is written to `id`. */
static void bring_to(struct store *store, const char *nvr, enum store_state wanted_state, char id[STORE_ID_SIZE])
{
    struct cg_error err = {0}, why = {0};
    struct store_import import;
    enum store_accepted how;
    struct store_output missing = output(0, "x", 1, "md5", md5_of(999));
    struct store_new_import wanted = posted(nvr, 1);
    wanted.outputs = &missing;
    wanted.output_count = wanted_state == STORE_RECEIVING;
    add_content(store, 1, 10);
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    memcpy(id, import.id, STORE_ID_SIZE);
    store_import_finish(&import);
    if (wanted_state == STORE_RECEIVING || wanted_state == STORE_QUEUED)
        return;
    struct store_claim claim;
    claim_one(store, "w", &claim);
    assert_string_equal(claim.import.id, id);
    cg_fail(&why, CG_E_HUB_REFUSED, "no");
    int result = 0;
    if (wanted_state == STORE_HELD)
        result = store_claim_held(store, &claim, STORE_HELD_CONFLICT, &why, &err);
    else if (wanted_state == STORE_IMPORTED)
        result = store_claim_imported(store, &claim, 1, "u", NULL, &err);
    else if (wanted_state == STORE_REJECTED)
        result = store_claim_rejected(store, &claim, &why, NULL, &err);
    else if (wanted_state == STORE_CANCELED)
        result = store_claim_canceled(store, &claim, &err);
    assert_int_equal(result, 0);
    store_claim_finish(&claim);
    assert_int_equal(state_of(store, id), wanted_state);
}

enum verb { RETRY, RELEASE, CANCEL };

static int act(struct store *store, enum verb verb, const char *id, struct cg_error *err)
{
    if (verb == RETRY)
        return store_import_retry(store, id, "op", NULL, err);
    if (verb == RELEASE)
        return store_import_release(store, id, "op", NULL, NULL, err);
    return store_import_cancel(store, id, "op", NULL, err);
}

#define REFUSED (-1)

static void does_in_each_state_what_the_table_says(void **state)
{
    (void)state;
    static const char *const only[] = {
        [RETRY] = "retry is for imports that are held, rejected or canceled",
        [RELEASE] = "release is for imports that are held",
        [CANCEL] = "cancel is for imports that are receiving, queued, running or held",
    };
    /* The state after the verb. */
    static const int table[][3] = {
        /*                       RETRY         RELEASE       CANCEL */
        [STORE_RECEIVING] = {REFUSED, REFUSED, STORE_CANCELED},
        [STORE_QUEUED] = {REFUSED, REFUSED, STORE_CANCELED},
        [STORE_RUNNING] = {REFUSED, REFUSED, STORE_RUNNING},
        [STORE_HELD] = {STORE_QUEUED, STORE_QUEUED, STORE_CANCELED},
        [STORE_IMPORTED] = {REFUSED, REFUSED, REFUSED},
        [STORE_REJECTED] = {STORE_QUEUED, REFUSED, REFUSED},
        [STORE_CANCELED] = {STORE_QUEUED, REFUSED, REFUSED},
    };
    for (int from = STORE_RECEIVING; from <= STORE_CANCELED; from++) {
        struct store *store = open_store();
        for (int verb = RETRY; verb <= CANCEL; verb++) {
            struct cg_error err = {0};
            char id[STORE_ID_SIZE], nvr[32], expected[200];
            snprintf(nvr, sizeof nvr, "a-%d-%d", from, verb);
            /* Only this import is in the queue. */
            sql("DELETE FROM queue");
            bring_to(store, nvr, (enum store_state)from, id);
            int result = act(store, (enum verb)verb, id, &err);
            if (table[from][verb] == REFUSED) {
                snprintf(expected, sizeof expected, "import %s is %s; %s", id, store_state_name((enum store_state)from),
                         only[verb]);
                assert_int_equal(result, -1);
                assert_error(&err, CG_E_CONFLICT, expected);
                assert_int_equal(state_of(store, id), from);
            } else {
                assert_string_equal(err.message, "");
                assert_int_equal(result, 1);
                assert_int_equal(state_of(store, id), table[from][verb]);
            }
            char query[200];
            snprintf(query, sizeof query, "SELECT count(*) FROM queue WHERE import_id = '%s'", id);
            enum store_state after = state_of(store, id);
            assert_string_equal(sql(query), after == STORE_QUEUED || after == STORE_RUNNING ? "1" : "0");
            assert_int_equal(act(store, (enum verb)verb, "01890000-0000-7000-8000-000000000000", &err), 0);
            assert_int_equal(act(store, (enum verb)verb, "no id", &err), 0);
        }
        store_close(store);
    }
}

static void records_who_decided_what(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    char id[STORE_ID_SIZE];
    bring_to(store, "a-1-1", STORE_HELD, id);
    CG_AUTO_JSON json_t *decision = quoted_json("{'files': 'removed'}");
    assert_int_equal(store_import_release(store, id, "alice", decision, NULL, &err), 1);
    assert_string_equal(sql("SELECT actor || detail::text FROM events WHERE type = 'released'"),
                        "alice{\"files\":\"removed\"}");
    struct store_claim claim;
    claim_one(store, "w", &claim);
    assert_int_equal(claim.import.attempts, 2);
    store_claim_finish(&claim);
    assert_int_equal(store_import_cancel(store, id, "bob", NULL, &err), 1);
    assert_string_equal(sql("SELECT actor FROM events WHERE type = 'cancel-asked'"), "bob");
    store_close(store);
}

/* What it left on the hub is known to its journal only, so a worker cleans up before it is canceled. */
static void sends_a_held_import_with_a_journal_through_a_worker_to_cancel_it(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store *store = open_store();
    char id[STORE_ID_SIZE];
    bring_to(store, "a-1-1", STORE_QUEUED, id);
    struct store_claim claim;
    claim_one(store, "w", &claim);
    CG_AUTO_JSON json_t *journal = quoted_json("{'token': 'reserved'}");
    assert_int_equal(store_claim_journal(store, &claim, journal, &err), 0);
    cg_fail(&why, CG_E_UNKNOWN, "no answer");
    assert_int_equal(store_claim_held(store, &claim, STORE_HELD_UNKNOWN_OUTCOME, &why, &err), 0);
    store_claim_finish(&claim);
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), 1);
    assert_int_equal(state_of(store, id), STORE_QUEUED);
    claim_one(store, "w", &claim);
    assert_true(claim.cancel_asked);
    assert_string_equal(json_string_value(json_object_get(claim.journal, "token")), "reserved");
    assert_int_equal(store_claim_canceled(store, &claim, &err), 0);
    store_claim_finish(&claim);
    assert_int_equal(state_of(store, id), STORE_CANCELED);
    store_close(store);
}

static void does_not_cancel_what_is_on_the_hub(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store *store = open_store();
    char id[STORE_ID_SIZE], expected[200];
    bring_to(store, "a-1-1", STORE_QUEUED, id);
    struct store_claim claim;
    claim_one(store, "w", &claim);
    cg_fail(&why, CG_E_TAG, "no such tag");
    assert_int_equal(store_claim_held(store, &claim, STORE_HELD_TAG, &why, &err), 0);
    store_claim_finish(&claim);
    snprintf(expected, sizeof expected, "import %s is held because of its tag: its build is on the hub already", id);
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), -1);
    assert_string_equal(err.hint, "release it, once the tag is mended or with the action mark-imported");
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(state_of(store, id), STORE_HELD);
    store_close(store);
}

static void does_not_revive_a_replaced_import(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    char first[STORE_ID_SIZE], second[STORE_ID_SIZE], expected[200];
    bring_to(store, "a-1-1", STORE_REJECTED, first);
    struct store_new_import wanted = posted("a-1-1", 2);
    queue_import(store, &wanted, second);
    snprintf(expected, sizeof expected, "a-1-1 has a newer import, %s, in the place of import %s", second, first);
    assert_int_equal(store_import_retry(store, first, "op", NULL, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    assert_int_equal(store_import_cancel(store, second, "op", NULL, &err), 1);
    assert_int_equal(store_import_retry(store, first, "op", NULL, &err), 1);
    assert_int_equal(state_of(store, first), STORE_QUEUED);
    store_close(store);
}

static void asks_again_for_contents_that_were_let_go(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store *store = open_store();
    add_content(store, 1, 10);
    add_content(store, 50, 100);
    add_content(store, 51, 100);
    struct store_output outputs[] = {output(0, "x", 100, "md5", md5_of(50)), output(1, "y", 100, "md5", md5_of(51))};
    outputs[0].sha256 = (char *)(uintptr_t)sha256_of(50);
    outputs[1].sha256 = (char *)(uintptr_t)sha256_of(51);
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.outputs = outputs;
    wanted.output_count = 2;
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_int_equal(import.state, STORE_QUEUED);
    char id[STORE_ID_SIZE];
    memcpy(id, import.id, sizeof id);
    store_import_finish(&import);
    struct store_claim claim;
    claim_one(store, "w", &claim);
    cg_fail(&why, CG_E_HUB_REFUSED, "no");
    assert_int_equal(store_claim_rejected(store, &claim, &why, NULL, &err), 0);
    store_claim_finish(&claim);

    char drop[200];
    snprintf(drop, sizeof drop, "DELETE FROM contents WHERE sha256 = '%s'", sha256_of(51));
    sql(drop);
    assert_int_equal(store_import_retry(store, id, "op", NULL, &err), 1);
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    assert_int_equal(import.state, STORE_RECEIVING);
    assert_string_equal(import.outputs[0].sha256, sha256_of(50));
    assert_null(import.outputs[1].sha256);
    assert_int_equal(import.outputs[1].received_bytes, 0);
    store_import_finish(&import);
    add_content(store, 51, 100);
    bool complete;
    assert_int_equal(store_output_received(store, id, 1, sha256_of(51), "b", &complete, &err), 1);
    assert_true(complete);
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), 1);

    /* Without its metadata it cannot be retried; posting that again brings it back. */
    snprintf(drop, sizeof drop, "DELETE FROM contents WHERE sha256 = '%s'", sha256_of(1));
    sql(drop);
    char expected[200];
    snprintf(expected, sizeof expected, "the metadata of import %s is no longer kept", id);
    assert_int_equal(store_import_retry(store, id, "op", NULL, &err), -1);
    assert_string_equal(err.hint, "post the same metadata again, then retry");
    assert_error(&err, CG_E_CONFLICT, expected);
    add_content(store, 1, 10);
    err = (struct cg_error){0};
    assert_int_equal(store_import_retry(store, id, "op", NULL, &err), 1);
    assert_int_equal(state_of(store, id), STORE_QUEUED);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_in_each_state_what_the_table_says),
        cmocka_unit_test(records_who_decided_what),
        cmocka_unit_test(sends_a_held_import_with_a_journal_through_a_worker_to_cancel_it),
        cmocka_unit_test(does_not_cancel_what_is_on_the_hub),
        cmocka_unit_test(does_not_revive_a_replaced_import),
        cmocka_unit_test(asks_again_for_contents_that_were_let_go),
    };
    return cmocka_run_group_tests_name("verbs", tests, postgres_start, postgres_stop);
}
