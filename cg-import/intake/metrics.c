/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/metrics.h"

#include "cg/bytes.h"
#include "intake/audit_metrics.h"
#include "intake/outbox_metrics.h"
#include "intake/request_private.h"
#include "intake/work_metrics.h"
#include "store/outbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

/* Lines of requests by method, route and status; what does not fit is counted under "other". */
#define SERIES_MAX 512

/* Upper bounds of the duration histogram, milliseconds. */
static const unsigned bounds_ms[] = {5, 25, 100, 500, 2500, 10000, 60000};
#define BOUNDS (sizeof bounds_ms / sizeof bounds_ms[0])

struct series {
    char method[16];
    const char *route; /* of a route table; "" none */
    unsigned status;
    uint64_t count;
};

struct metrics {
    atomic_uint_least64_t counters[INTAKE_COUNTERS];
    atomic_uint_least64_t received_bytes, dropped;
    atomic_uint_least64_t durations[BOUNDS + 1], duration_sum_ms;
    pthread_mutex_t lock; /* of the series */
    struct series series[SERIES_MAX];
    size_t series_count;
};

static const struct {
    const char *name, *help;
} counter_texts[INTAKE_COUNTERS] = {
    [INTAKE_IMPORTS_NEW] = {"cg_import_imports_accepted_total", "Imports accepted."},
    [INTAKE_IMPORTS_SAME] = {"cg_import_imports_deduplicated_total", "Posts that were an import already."},
    [INTAKE_CONTENT_BYTES] = {"cg_import_content_received_bytes_total", "Bytes of outputs taken in."},
    [INTAKE_CONTENT_KNOWN_BYTES] = {"cg_import_content_deduplicated_bytes_total",
                                    "Bytes of outputs that were here already and were not sent."},
    [INTAKE_SIGN_INS] = {"cg_import_sign_ins_total", "Tokens exchanged for a session."},
    [INTAKE_SIGN_INS_REFUSED] = {"cg_import_sign_ins_refused_total", "Sign-ins with a token that is not good."},
    [INTAKE_CROSS_SITE] = {"cg_import_cross_site_refused_total",
                           "Requests refused because a page of another site sent them."},
    [INTAKE_PAGE_REPORTS] = {"cg_import_page_reports_total",
                             "Reports of browsers that kept something from happening in a page."},
};

struct metrics *metrics_create(struct cg_error *err)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics) {
        cg_fail_memory(err);
        return NULL;
    }
    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

void metrics_add(struct metrics *metrics, enum intake_counter counter, uint64_t amount)
{
    atomic_fetch_add(&metrics->counters[counter], amount);
}

/* Methods are tokens of the caller's choice; only the usual ones become a label. */
static const char *method_label(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0)
            return known[i];
    return "other";
}

static void count_series(struct metrics *metrics, const char *method, const char *route, unsigned status)
{
    for (size_t i = 0; i < metrics->series_count; i++) {
        struct series *series = &metrics->series[i];
        if (series->status == status && strcmp(series->method, method) == 0 && strcmp(series->route, route) == 0) {
            series->count++;
            return;
        }
    }
    if (metrics->series_count == SERIES_MAX)
        return;
    struct series *series = &metrics->series[metrics->series_count++];
    *series = (struct series){.route = route, .status = status, .count = 1};
    stpcpy(series->method, method);
}

void metrics_request(struct metrics *metrics, const struct metrics_request *request)
{
    atomic_fetch_add(&metrics->received_bytes, request->received_bytes);
    atomic_fetch_add(&metrics->duration_sum_ms, request->duration_ms);
    size_t bucket = 0;
    while (bucket < BOUNDS && request->duration_ms > bounds_ms[bucket])
        bucket++;
    atomic_fetch_add(&metrics->durations[bucket], 1);
    pthread_mutex_lock(&metrics->lock);
    count_series(metrics, method_label(request->method), request->route ? request->route : "", request->status);
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_dropped(struct metrics *metrics, unsigned count)
{
    atomic_fetch_add(&metrics->dropped, count);
}

int metrics_head(struct cg_bytes *text, const char *name, const char *kind, const char *help, struct cg_error *err)
{
    return cg_bytes_printf(text, err, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static int write_one(struct cg_bytes *text, const char *name, const char *kind, const char *help, uint64_t value,
                     struct cg_error *err)
{
    if (metrics_head(text, name, kind, help, err) != 0)
        return -1;
    return cg_bytes_printf(text, err, "%s %" PRIu64 "\n", name, value);
}

static int write_series(struct metrics *metrics, struct cg_bytes *text, struct cg_error *err)
{
    int result =
        metrics_head(text, "cg_import_http_requests_total", "counter", "Requests ended, by route and status.", err);
    pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < metrics->series_count && result == 0; i++) {
        const struct series *series = &metrics->series[i];
        result = cg_bytes_printf(
            text, err, "cg_import_http_requests_total{method=\"%s\",route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
            series->method, series->route, series->status, series->count);
    }
    pthread_mutex_unlock(&metrics->lock);
    return result;
}

static int write_durations(struct metrics *metrics, struct cg_bytes *text, struct cg_error *err)
{
    static const char name[] = "cg_import_http_request_duration_seconds";
    uint64_t sum = 0;
    int result = metrics_head(text, name, "histogram", "From the head of a request to its end.", err);
    for (size_t i = 0; i < BOUNDS && result == 0; i++) {
        sum += atomic_load(&metrics->durations[i]);
        result = cg_bytes_printf(text, err, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds_ms[i] / 1000.0, sum);
    }
    sum += atomic_load(&metrics->durations[BOUNDS]);
    if (result != 0)
        return -1;
    return cg_bytes_printf(text, err, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.3f\n%s_count %" PRIu64 "\n", name,
                           sum, name, (double)atomic_load(&metrics->duration_sum_ms) / 1000.0, name, sum);
}

/* What store_statistics() counts: objects of numbers, each with the label its keys are. */
static const struct {
    const char *key, *name, *label, *help;
} store_objects[] = {
    {"imports", "cg_import_imports", "state", "Imports by state."},
    {"held", "cg_import_imports_held", "reason", "Imports that wait for a person, by reason."},
    {"contents", "cg_import_contents", "of", "Contents kept: how many and how many bytes."},
};
static const struct {
    const char *key, *name, *help;
} store_numbers[] = {
    {"oldest_queued_s", "cg_import_oldest_queued_seconds",
     "Age of the oldest import in the queue, 0 if there is none."},
    {"oldest_unfinished_s", "cg_import_oldest_unfinished_seconds",
     "Age of the oldest import that has not ended, 0 if there is none."},
    {"components", "cg_import_components", "Distinct components of all builds."},
};

/* A label's value: backslash, quote and line end are escaped (they come from configurations and programs, yet). */
static int write_label(struct cg_bytes *text, const char *value, struct cg_error *err)
{
    int result = 0;
    for (const char *p = value; *p && result == 0; p++)
        if (*p == '"' || *p == '\\')
            result = cg_bytes_printf(text, err, "\\%c", *p);
        else if (*p == '\n')
            result = cg_bytes_append_text(text, "\\n", err);
        else
            result = cg_bytes_append(text, p, 1, err);
    return result;
}

int metrics_sample(struct cg_bytes *text, const char *name, const char *label, const char *value, double number,
                   struct cg_error *err)
{
    if (cg_bytes_printf(text, err, "%s{%s=\"", name, label) != 0 || write_label(text, value, err) != 0)
        return -1;
    return cg_bytes_printf(text, err, "\"} %.17g\n", number);
}

static int write_store_objects(struct cg_bytes *text, const json_t *statistics, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof store_objects / sizeof store_objects[0]; i++) {
        json_t *object = json_object_get(statistics, store_objects[i].key), *number;
        const char *key;
        if (metrics_head(text, store_objects[i].name, "gauge", store_objects[i].help, err) != 0)
            return -1;
        json_object_foreach(object, key,
                            number) if (metrics_sample(text, store_objects[i].name, store_objects[i].label, key,
                                                       json_number_value(number), err) != 0) return -1;
    }
    return 0;
}

static int write_store_numbers(struct cg_bytes *text, const json_t *statistics, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof store_numbers / sizeof store_numbers[0]; i++) {
        double number = json_number_value(json_object_get(statistics, store_numbers[i].key));
        if (metrics_head(text, store_numbers[i].name, "gauge", store_numbers[i].help, err) != 0 ||
            cg_bytes_printf(text, err, "%s %.17g\n", store_numbers[i].name, number) != 0)
            return -1;
    }
    return 0;
}

static int write_circuits(struct cg_bytes *text, const json_t *statistics, struct cg_error *err)
{
    static const struct {
        const char *key, *name, *help;
    } members[] = {
        {"failures", "cg_import_hub_failures", "Temporary failures of a hub in a row."},
        {"open_s", "cg_import_hub_circuit_open_seconds", "For how long a hub is not asked, 0 if it is."},
    };
    for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
        size_t i;
        json_t *circuit;
        if (metrics_head(text, members[m].name, "gauge", members[m].help, err) != 0)
            return -1;
        json_array_foreach(json_object_get(statistics, "circuits"), i,
                           circuit) if (metrics_sample(text, members[m].name, "hub",
                                                       json_string_value(json_object_get(circuit, "hub")),
                                                       json_number_value(json_object_get(circuit, members[m].key)),
                                                       err) != 0) return -1;
    }
    return 0;
}

int metrics_write(struct metrics *metrics, const json_t *statistics, const struct metrics_held *held,
                  struct cg_bytes *text, struct cg_error *err)
{
    if (write_series(metrics, text, err) != 0 || write_durations(metrics, text, err) != 0 ||
        write_one(text, "cg_import_http_received_bytes_total", "counter", "Bytes of request bodies.",
                  atomic_load(&metrics->received_bytes), err) != 0 ||
        write_one(text, "cg_import_http_dropped_total", "counter",
                  "Connections shut down for being too slow, or idle when their place was needed.",
                  atomic_load(&metrics->dropped), err) != 0 ||
        write_one(text, "cg_import_http_connections", "gauge", "Connections open.", held->connections, err) != 0 ||
        write_one(text, "cg_import_http_metadata_bytes", "gauge", "Bytes of metadata documents in hand.",
                  held->metadata_bytes, err) != 0)
        return -1;
    for (size_t i = 0; i < INTAKE_COUNTERS; i++)
        if (write_one(text, counter_texts[i].name, "counter", counter_texts[i].help, atomic_load(&metrics->counters[i]),
                      err) != 0)
            return -1;
    if (!statistics)
        return 0;
    if (write_store_objects(text, statistics, err) != 0 || write_store_numbers(text, statistics, err) != 0)
        return -1;
    return write_circuits(text, statistics, err);
}

void metrics_destroy(struct metrics *metrics)
{
    if (!metrics)
        return;
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

static void answer_metrics(struct intake_request *request, void *state)
{
    (void)state;
    struct request_server *server = request->server;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *statistics = NULL;
    CG_AUTO_JSON json_t *standing = NULL;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    /* Without the database the process still tells about itself. */
    if (server->options.store && (store_statistics(server->options.store, &statistics, &err) != 0 ||
                                  store_outbox_standing(server->options.store, &standing, &err) != 0)) {
        log_error(server->options.log, &err, "no statistics of the store", "request", request->id, NULL);
        cg_error_clear(&err);
    }
    struct metrics_held held = {limits_connections(server->limits), atomic_load(&server->budget.held_bytes)};
    if (metrics_write(server->metrics, statistics, &held, &text, &err) != 0 ||
        (server->options.counters && work_metrics_write(server->options.counters, &text, &err) != 0) ||
        audit_metrics_write(&server->options, &text, &err) != 0 || outbox_metrics_write(standing, &text, &err) != 0)
        intake_fail(request, &err, NULL);
    else
        intake_answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", cg_bytes_text(&text));
}

const struct intake_handler metrics_handler = {.end = answer_metrics};
