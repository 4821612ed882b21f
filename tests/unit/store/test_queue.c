/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

static void takes_an_import_from_the_queue_to_its_end(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_new_import wanted = posted("a-1-1", 1);
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);

    struct store_claim claim;
    claim_one(store, "replica-1", &claim);
    assert_string_equal(claim.import.id, id);
    assert_string_equal(claim.owner, "replica-1");
    assert_int_equal(claim.import.state, STORE_RUNNING);
    assert_int_equal(claim.import.attempts, 1);
    assert_true(json_is_null(claim.journal));
    assert_false(claim.cancel_asked);

    assert_int_equal(store_claim_step(store, &claim, "upload", NULL, &err), 0);
    CG_AUTO_JSON json_t *journal = quoted_json("{'directory': 'cg-import/1'}");
    assert_int_equal(store_claim_journal(store, &claim, journal, &err), 0);
    assert_int_equal(store_claim_heartbeat(store, &claim, 60000, &err), 1);
    assert_int_equal(store_claim_imported(store, &claim, 42, "https://koji/42", NULL, &err), 0);
    assert_string_equal(err.message, "");
    store_claim_finish(&claim);

    struct store_import import;
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    assert_int_equal(import.state, STORE_IMPORTED);
    assert_int_equal(import.build_id, 42);
    assert_string_equal(import.url, "https://koji/42");
    assert_string_equal(import.step, "upload");
    assert_true(import.finished_at > 0);
    store_import_finish(&import);
    assert_int_equal(store_claim_next(store, "replica-1", 60000, &claim, &err), 0);

    struct store_event *events;
    size_t count;
    assert_int_equal(store_event_list(store, id, 0, 100, &events, &count, &err), 0);
    static const char *const types[] = {"accepted", "queued", "claimed", "step", "imported"};
    assert_int_equal(count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(events[i].type, types[i]);
    store_events_free(events, count);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_import_from_the_queue_to_its_end),
    };
    return cmocka_run_group_tests_name("queue", tests, postgres_start, postgres_stop);
}
