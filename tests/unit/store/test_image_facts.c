/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "store/image_facts.h"

static void facts_go_with_their_content(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    json_t *found = NULL;
    CG_AUTO_JSON json_t *facts = json_pack("{s:s, s:s%}", "form", "none", "label", "nul \0 in it", (size_t)12);
    assert_int_equal(store_image_facts_find(store, sha256_of(50), &found, &err), 0);
    assert_null(found);
    /* Not of a content that is not there. */
    assert_int_equal(store_image_facts_keep(store, sha256_of(50), facts, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM image_facts"), "0");

    add_content(store, 50, 100);
    assert_int_equal(store_image_facts_keep(store, sha256_of(50), facts, &err), 0);
    assert_int_equal(store_image_facts_find(store, sha256_of(50), &found, &err), 1);
    assert_true(json_equal(found, facts));
    json_decref(found);

    json_object_set_new(facts, "form", json_string("oci-layout"));
    assert_int_equal(store_image_facts_keep(store, sha256_of(50), facts, &err), 0);
    assert_int_equal(store_image_facts_find(store, sha256_of(50), &found, &err), 1);
    assert_string_equal(json_string_value(json_object_get(found, "form")), "oci-layout");
    json_decref(found);

    /* Another reader's are not ours. */
    sql("UPDATE image_facts SET reader = reader + 1");
    assert_int_equal(store_image_facts_find(store, sha256_of(50), &found, &err), 0);
    assert_int_equal(store_image_facts_keep(store, sha256_of(50), facts, &err), 0);
    assert_int_equal(store_image_facts_find(store, sha256_of(50), &found, &err), 1);
    json_decref(found);

    assert_int_equal(store_content_forget(store, sha256_of(50), &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM image_facts"), "0");
    assert_string_equal(err.message, "");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_go_with_their_content),
    };
    return cmocka_run_group_tests_name("image_facts", tests, postgres_start, postgres_stop);
}
