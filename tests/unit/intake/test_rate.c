/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/rate.h"

#include <stdio.h>

static void admits_so_many_in_a_window(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct rate *rate = rate_create(2, &err);
    assert_true(rate_admits(rate, "a", 1000));
    rate_count(rate, "a", 1000);
    assert_true(rate_admits(rate, "a", 1001));
    rate_count(rate, "a", 30000);
    assert_false(rate_admits(rate, "a", 30001));
    assert_false(rate_admits(rate, "a", 1000 + RATE_WINDOW_MS - 1));
    /* Other addresses, and none, have windows of their own. */
    assert_true(rate_admits(rate, "b", 30001));
    assert_true(rate_admits(rate, "", 30001));
    rate_count(rate, "a", 30002);
    assert_true(rate_admits(rate, "a", 1000 + RATE_WINDOW_MS));
    rate_count(rate, "a", 1000 + RATE_WINDOW_MS);
    assert_true(rate_admits(rate, "a", 1001 + RATE_WINDOW_MS));
    rate_destroy(rate);
    rate_destroy(NULL);
}

static void asking_counts_nothing(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct rate *rate = rate_create(1, &err);
    for (unsigned i = 0; i < 10; i++)
        assert_true(rate_admits(rate, "a", 0));
    rate_count(rate, "a", 0);
    assert_false(rate_admits(rate, "a", 0));
    rate_destroy(rate);
}

static void of_too_many_the_first_is_forgotten(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char peer[RATE_PEER_SIZE];
    struct rate *rate = rate_create(1, &err);
    for (unsigned i = 0; i < RATE_PLACES; i++) {
        snprintf(peer, sizeof peer, "peer %u", i);
        rate_count(rate, peer, i);
    }
    assert_false(rate_admits(rate, "peer 0", RATE_PLACES));
    rate_count(rate, "one more", RATE_PLACES);
    assert_true(rate_admits(rate, "peer 0", RATE_PLACES));
    assert_false(rate_admits(rate, "peer 1", RATE_PLACES));
    assert_false(rate_admits(rate, "one more", RATE_PLACES));
    rate_destroy(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admits_so_many_in_a_window),
        cmocka_unit_test(asking_counts_nothing),
        cmocka_unit_test(of_too_many_the_first_is_forgotten),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
