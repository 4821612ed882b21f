/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/work_counters.h"

#include <stdio.h>

static void durations_fall_into_their_buckets(void **state)
{
    (void)state;
    struct work_counters counters;
    struct work_totals totals;
    work_counters_init(&counters);
    work_counters_step(&counters, "upload", 100);
    work_counters_step(&counters, "upload", 101);
    work_counters_step(&counters, "import", 3600000);
    work_counters_step(&counters, "import", 3600001);
    work_counters_read(&counters, &totals);
    assert_int_equal(totals.step_count, 2);
    assert_string_equal(totals.steps[0].name, "upload");
    assert_int_equal(totals.steps[0].buckets[0], 1);
    assert_int_equal(totals.steps[0].buckets[1], 1);
    assert_int_equal(totals.steps[0].sum_ms, 201);
    assert_int_equal(totals.steps[1].buckets[WORK_BOUNDS - 1], 1);
    assert_int_equal(totals.steps[1].buckets[WORK_BOUNDS], 1);
    assert_int_equal(totals.steps[1].sum_ms, 7200001);
    work_counters_finish(&counters);
}

static void failures_are_told_apart_by_code_and_fault(void **state)
{
    (void)state;
    struct work_counters counters;
    struct work_totals totals;
    work_counters_init(&counters);
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_BUSY});
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_HUB_REFUSED, .fault = 1000});
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_HUB_REFUSED, .fault = 1001});
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_HUB_REFUSED, .fault = 1000});
    work_counters_sent(&counters, UINT64_C(5000000000));
    work_counters_sent(&counters, 1);
    work_counters_read(&counters, &totals);
    assert_int_equal(totals.failure_count, 3);
    assert_int_equal(totals.failures[0].code, CG_E_BUSY);
    assert_int_equal(totals.failures[0].count, 1);
    assert_int_equal(totals.failures[1].fault, 1000);
    assert_int_equal(totals.failures[1].count, 2);
    assert_int_equal(totals.failures[2].count, 1);
    assert_int_equal(totals.sent_bytes, UINT64_C(5000000001));
    work_counters_finish(&counters);
}

static void places_are_limited(void **state)
{
    (void)state;
    struct work_counters counters;
    struct work_totals totals;
    char names[WORK_STEPS_MAX + 1][16];
    work_counters_init(&counters);
    for (int i = 0; i <= WORK_STEPS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        work_counters_step(&counters, names[i], 1);
    }
    for (int i = 0; i <= WORK_FAILURES_MAX; i++)
        work_counters_failure(&counters, &(struct cg_error){.code = CG_E_HUB_FAULT, .fault = i});
    /* What has a place is counted on. */
    work_counters_step(&counters, names[WORK_STEPS_MAX - 1], 1);
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_HUB_FAULT, .fault = WORK_FAILURES_MAX - 1});
    work_counters_read(&counters, &totals);
    assert_int_equal(totals.step_count, WORK_STEPS_MAX);
    assert_int_equal(totals.steps[WORK_STEPS_MAX - 1].buckets[0], 2);
    assert_int_equal(totals.failure_count, WORK_FAILURES_MAX);
    assert_int_equal(totals.failures[WORK_FAILURES_MAX - 1].count, 2);
    work_counters_finish(&counters);
}

static void no_counters_count_nothing(void **state)
{
    (void)state;
    work_counters_step(NULL, "upload", 1);
    work_counters_failure(NULL, &(struct cg_error){.code = CG_E_BUSY});
    work_counters_sent(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_fall_into_their_buckets),
        cmocka_unit_test(failures_are_told_apart_by_code_and_fault),
        cmocka_unit_test(places_are_limited),
        cmocka_unit_test(no_counters_count_nothing),
    };
    return cmocka_run_group_tests_name("work_counters", tests, NULL, NULL);
}
