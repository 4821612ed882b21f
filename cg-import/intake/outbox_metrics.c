/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/outbox_metrics.h"

#include "intake/metrics.h"

#include <string.h>

/* A number of each hub, left out where it is null. */
static const struct {
    const char *key, *name, *kind, *help;
} numbers[] = {
    {"position", "cg_import_outbox_position", "gauge", "Last event of a hub's record that was brought in."},
    {"lag_s", "cg_import_outbox_lag_seconds", "gauge",
     "Time since a hub's record was brought in to its end: what is missing is younger."},
    {"open", "cg_import_outbox_open", "gauge", "Imports of a hub's record whose build is not in the trail yet."},
    {"errors", "cg_import_outbox_errors_total", "counter", "Readings of a hub's record that failed."},
    {"line", "cg_import_outbox_line", "gauge", "Histories that a hub's record told: above 1, it went back."},
};

static int write_state(const json_t *standing, struct cg_bytes *text, struct cg_error *err)
{
    static const char name[] = "cg_import_outbox_followed";
    size_t i;
    const json_t *hub;
    if (metrics_head(text, name, "gauge", "1 while a hub's record is followed, else 0.", err) != 0)
        return -1;
    json_array_foreach(standing, i, hub)
    {
        const char *state = json_string_value(json_object_get(hub, "state"));
        if (metrics_sample(text, name, "hub", json_string_value(json_object_get(hub, "hub")),
                           state && strcmp(state, "followed") == 0, err) != 0)
            return -1;
    }
    return 0;
}

int outbox_metrics_write(const json_t *standing, struct cg_bytes *text, struct cg_error *err)
{
    if (json_array_size(standing) == 0)
        return 0;
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        size_t i;
        const json_t *hub;
        if (metrics_head(text, numbers[n].name, numbers[n].kind, numbers[n].help, err) != 0)
            return -1;
        json_array_foreach(standing, i, hub)
        {
            const json_t *value = json_object_get(hub, numbers[n].key);
            if (json_is_number(value) &&
                metrics_sample(text, numbers[n].name, "hub", json_string_value(json_object_get(hub, "hub")),
                               json_number_value(value), err) != 0)
                return -1;
        }
    }
    return write_state(standing, text, err);
}
