/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/budget.h"

#include <pthread.h>

static void takes_up_to_the_most_and_no_more(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct budget budget = {.most_bytes = 100};
    assert_int_equal(budget_take(&budget, 60, &err), 0);
    assert_int_equal(budget_admits(&budget, 40, &err), 0);
    assert_int_equal(budget_admits(&budget, 41, &err), -1);
    assert_error(&err, CG_E_BUSY, "60 bytes of metadata are in hand, 41 more would be over 100");
    assert_int_equal(budget_take(&budget, 41, &err), -1);
    assert_error(&err, CG_E_BUSY, "60 bytes of metadata are in hand, 41 more would be over 100");
    assert_int_equal(budget_take(&budget, UINT64_MAX, &err), -1);
    err = (struct cg_error){0};
    assert_int_equal(budget_take(&budget, 40, &err), 0);
    budget_give(&budget, 100);
    assert_int_equal(budget_take(&budget, 100, &err), 0);
}

static void *take_and_give(void *shared)
{
    struct budget *budget = shared;
    for (int i = 0; i < 20000; i++)
        if (budget_take(budget, 30, NULL) == 0)
            budget_give(budget, 30);
    return NULL;
}

static void counts_from_many_threads(void **state)
{
    (void)state;
    struct budget budget = {.most_bytes = 100};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &budget), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&budget.held_bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_up_to_the_most_and_no_more),
        cmocka_unit_test(counts_from_many_threads),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
