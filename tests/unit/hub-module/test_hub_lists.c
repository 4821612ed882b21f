/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "logic/hub_lists.h"

#include <stdio.h>

static void gathers_names(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct hub_lists lists CG_AUTO_HUB_LISTS = {0};
    assert_int_equal(hub_lists_add(&lists.content_generators, "atomic-reactor", &err), 0);
    assert_int_equal(hub_lists_add(&lists.btypes, "rpm", &err), 0);
    assert_int_equal(hub_lists_add(&lists.btypes, "image", &err), 0);
    assert_int_equal(hub_lists_add_words(&lists.extensions, " tar tar.gz  tgz ", &err), 0);
    assert_int_equal(hub_lists_add_words(&lists.extensions, "", &err), 0);

    struct cg_hub_facts facts = hub_lists_facts(&lists);
    assert_string_equal(facts.content_generators[0], "atomic-reactor");
    assert_null(facts.content_generators[1]);
    assert_string_equal(facts.btypes[1], "image");
    assert_null(facts.btypes[2]);
    assert_string_equal(facts.archive_extensions[0], "tar");
    assert_string_equal(facts.archive_extensions[1], "tar.gz");
    assert_string_equal(facts.archive_extensions[2], "tgz");
    assert_null(facts.archive_extensions[3]);
}

static void a_hub_without_any_is_not_a_hub_that_was_not_asked(void **state)
{
    (void)state;
    struct hub_lists lists CG_AUTO_HUB_LISTS = {0};
    struct cg_hub_facts facts = hub_lists_facts(&lists);
    assert_non_null(facts.content_generators);
    assert_null(facts.content_generators[0]);
    assert_null(facts.archive_extensions[0]);
}

static void grows_past_every_limit(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct hub_lists lists CG_AUTO_HUB_LISTS = {0};
    char name[16];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(hub_lists_add(&lists.btypes, name, &err), 0);
        assert_null(hub_lists_facts(&lists).btypes[i + 1]);
        assert_string_equal(hub_lists_facts(&lists).btypes[i], name);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct hub_lists lists CG_AUTO_HUB_LISTS = {0};
        allocation_fail_at(n);
        int status = hub_lists_add_words(&lists.extensions, "tar tgz", &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(status, 0);
            return;
        }
        assert_int_equal(status, -1);
        assert_error(&err, CG_E_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_names),
        cmocka_unit_test(a_hub_without_any_is_not_a_hub_that_was_not_asked),
        cmocka_unit_test(grows_past_every_limit),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
