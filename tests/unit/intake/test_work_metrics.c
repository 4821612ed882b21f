/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "unit.h"

#include "intake/work_metrics.h"

#include <string.h>

static void writes_what_was_counted(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct work_counters counters;
    work_counters_init(&counters);
    work_counters_step(&counters, "upload", 50);
    work_counters_step(&counters, "upload", 5000);
    work_counters_step(&counters, "upload", 4000000);
    work_counters_failure(&counters, &(struct cg_error){.code = CG_E_OFFLINE, .fault = 1014});
    work_counters_sent(&counters, 12);
    assert_int_equal(work_metrics_write(&counters, &text, &err), 0);
    assert_string_equal(
        cg_bytes_text(&text),
        "# HELP cg_import_step_duration_seconds Steps of imports that this process worked at, however "
        "they ended.\n"
        "# TYPE cg_import_step_duration_seconds histogram\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"0.1\"} 1\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"1\"} 1\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"10\"} 2\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"60\"} 2\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"600\"} 2\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"3600\"} 2\n"
        "cg_import_step_duration_seconds_bucket{step=\"upload\",le=\"+Inf\"} 3\n"
        "cg_import_step_duration_seconds_sum{step=\"upload\"} 4005.050\n"
        "cg_import_step_duration_seconds_count{step=\"upload\"} 3\n"
        "# HELP cg_import_hub_errors_total Attempts of this process that a hub made fail, by error code "
        "and by the number of the hub's fault (0: none).\n"
        "# TYPE cg_import_hub_errors_total counter\n"
        "cg_import_hub_errors_total{code=\"CG_E_OFFLINE\",fault=\"1014\"} 1\n"
        "# HELP cg_import_hub_sent_bytes_total Bytes of outputs that this process sent to hubs.\n"
        "# TYPE cg_import_hub_sent_bytes_total counter\n"
        "cg_import_hub_sent_bytes_total 12\n");
    work_counters_finish(&counters);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct work_counters counters;
    work_counters_init(&counters);
    work_counters_step(&counters, "upload", 50);
    bool failed = true;
    for (unsigned long n = 1; failed; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        allocation_fail_at(n);
        int result = work_metrics_write(&counters, &text, &err);
        failed = allocation_failed();
        allocation_fail_at(0);
        assert_int_equal(result, failed ? -1 : 0);
        assert_int_equal(err.code, failed ? CG_E_MEMORY : CG_OK);
    }
    work_counters_finish(&counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_was_counted),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("work_metrics", tests, NULL, NULL);
}
