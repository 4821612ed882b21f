/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/backoff.h"

#include <limits.h>
#include <stdbool.h>

static void doubles_up_to_the_most(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 100, 1000, 1);
    static const unsigned bounds[] = {100, 200, 400, 800, 1000, 1000, 1000};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        assert_int_equal(backoff.tries, i);
        unsigned wait = backoff_next(&backoff);
        assert_true(wait > bounds[i] / 2);
        assert_true(wait <= bounds[i]);
    }
}

static void repeats_itself_for_one_seed(void **state)
{
    (void)state;
    struct backoff a;
    struct backoff b;
    struct backoff other;
    bool differs = false;
    backoff_init(&a, 1000, 60000, 7);
    backoff_init(&b, 1000, 60000, 7);
    backoff_init(&other, 1000, 60000, 8);
    for (int i = 0; i < 10; i++) {
        unsigned wait = backoff_next(&a);
        assert_int_equal(wait, backoff_next(&b));
        differs = differs || wait != backoff_next(&other);
    }
    assert_true(differs);
}

static void knows_the_ends_of_the_range(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 0, 1000, 1);
    assert_int_equal(backoff_next(&backoff), 0);
    backoff_init(&backoff, 1, 1, 1);
    assert_int_equal(backoff_next(&backoff), 1);
    backoff_init(&backoff, 5000, 10, 1);
    assert_in_range(backoff_next(&backoff), 6, 10);
    backoff_init(&backoff, UINT_MAX / 2 + 1, UINT_MAX, 1);
    assert_true(backoff_next(&backoff) > UINT_MAX / 4);
    assert_true(backoff_next(&backoff) > UINT_MAX / 2);
    backoff.tries = UINT_MAX;
    assert_true(backoff_next(&backoff) > UINT_MAX / 2);
    assert_int_equal(backoff.tries, UINT_MAX);
}

/* Property: both ends of (bound / 2, bound] are reached, so the jitter is not narrower than promised. */
static void uses_the_whole_upper_half(void **state)
{
    (void)state;
    bool seen[11] = {false};
    struct backoff backoff;
    backoff_init(&backoff, 10, 10, 3);
    for (int i = 0; i < 1000; i++) {
        unsigned wait = backoff_next(&backoff);
        assert_in_range(wait, 6, 10);
        seen[wait] = true;
    }
    for (unsigned wait = 6; wait <= 10; wait++)
        assert_true(seen[wait]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_the_most),
        cmocka_unit_test(repeats_itself_for_one_seed),
        cmocka_unit_test(knows_the_ends_of_the_range),
        cmocka_unit_test(uses_the_whole_upper_half),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
