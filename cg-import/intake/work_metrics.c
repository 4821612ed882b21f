/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/work_metrics.h"

#include <inttypes.h>

#define STEPS "cg_import_step_duration_seconds"
#define FAILURES "cg_import_hub_errors_total"
#define SENT "cg_import_hub_sent_bytes_total"

static int write_step(const struct work_step *step, struct cg_bytes *text, struct cg_error *err)
{
    uint64_t count = 0;
    for (size_t i = 0; i < WORK_BOUNDS; i++) {
        count += step->buckets[i];
        if (cg_bytes_printf(text, err, STEPS "_bucket{step=\"%s\",le=\"%g\"} %" PRIu64 "\n", step->name,
                            (double)work_bounds_ms[i] / 1000, count) != 0)
            return -1;
    }
    count += step->buckets[WORK_BOUNDS];
    return cg_bytes_printf(text, err,
                           STEPS "_bucket{step=\"%s\",le=\"+Inf\"} %" PRIu64 "\n" STEPS "_sum{step=\"%s\"} %.3f\n" STEPS
                                 "_count{step=\"%s\"} %" PRIu64 "\n",
                           step->name, count, step->name, (double)step->sum_ms / 1000, step->name, count);
}

static int write_steps(const struct work_totals *totals, struct cg_bytes *text, struct cg_error *err)
{
    int result = cg_bytes_printf(text, err,
                                 "# HELP " STEPS " Steps of imports that this process worked at, however they ended.\n"
                                 "# TYPE " STEPS " histogram\n");
    for (size_t i = 0; i < totals->step_count && result == 0; i++)
        result = write_step(&totals->steps[i], text, err);
    return result;
}

static int write_failures(const struct work_totals *totals, struct cg_bytes *text, struct cg_error *err)
{
    int result =
        cg_bytes_printf(text, err,
                        "# HELP " FAILURES " Attempts of this process that a hub made fail, by error code and by the "
                        "number of the hub's fault (0: none).\n# TYPE " FAILURES " counter\n");
    for (size_t i = 0; i < totals->failure_count && result == 0; i++)
        result = cg_bytes_printf(text, err, FAILURES "{code=\"%s\",fault=\"%d\"} %" PRIu64 "\n",
                                 cg_code_info(totals->failures[i].code)->name, totals->failures[i].fault,
                                 totals->failures[i].count);
    return result;
}

int work_metrics_write(struct work_counters *counters, struct cg_bytes *text, struct cg_error *err)
{
    struct work_totals totals;
    work_counters_read(counters, &totals);
    if (write_steps(&totals, text, err) != 0 || write_failures(&totals, text, err) != 0)
        return -1;
    return cg_bytes_printf(text, err,
                           "# HELP " SENT " Bytes of outputs that this process sent to hubs.\n# TYPE " SENT
                           " counter\n" SENT " %" PRIu64 "\n",
                           totals.sent_bytes);
}
