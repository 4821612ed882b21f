/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/bytes.h"
#include "intake/metrics.h"
#include "quoted.h"

#include <ctype.h>
#include <stdlib.h>

/* Reads a sample line: NAME or NAME{L="v",...}, a blank, a number. */
static bool is_sample(const char *line, size_t size)
{
    const char *end = line + size, *p = line;
    while (p < end && (isalnum((unsigned char)*p) || *p == '_'))
        p++;
    if (p == line || isdigit((unsigned char)*line))
        return false;
    if (*p == '{') {
        bool quoted = false;
        for (p++; p < end && (quoted || *p != '}'); p++)
            if (*p == '\\' && quoted)
                p++;
            else if (*p == '"')
                quoted = !quoted;
        p++;
    }
    char *number_end;
    if (p >= end || *p != ' ')
        return false;
    strtod(p + 1, &number_end);
    return number_end == end && number_end > p + 1;
}

/* Every line is a sample or belongs to it; each metric is announced once and before its samples. */
static void assert_well_formed(const char *text)
{
    char name[128] = "";
    for (const char *line = text; *line;) {
        size_t size = strcspn(line, "\n");
        assert_int_equal(line[size], '\n');
        if (strncmp(line, "# TYPE ", 7) == 0) {
            size_t length = strcspn(line + 7, " ");
            assert_true(length < sizeof name);
            memcpy(name, line + 7, length);
            name[length] = '\0';
            char announced[160];
            snprintf(announced, sizeof announced, "# TYPE %s ", name);
            assert_null(strstr(line + 1, announced));
        } else if (line[0] != '#') {
            if (!is_sample(line, size))
                fail_msg("no sample: %.*s", (int)size, line);
            assert_int_equal(strncmp(line, name, strlen(name)), 0);
        }
        line += size + 1;
    }
}

static void assert_has(const char *text, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(text, whole))
        fail_msg("\"%s\" is not in\n%s", line, text);
}

static struct metrics *metrics;
static struct cg_bytes text;

static const char *write_with(const json_t *statistics)
{
    struct cg_error err = {0};
    cg_bytes_clear(&text);
    assert_int_equal(metrics_write(metrics, statistics, &(struct metrics_held){3, 20}, &text, &err), 0);
    assert_well_formed(text.data);
    return text.data;
}

static void counts_requests(void **state)
{
    (void)state;
    struct metrics_request get = {"GET", "/v1/imports/{id}", 200, 0, 7}, lost = {"BREW", NULL, 404, 10, 70000};
    metrics_request(metrics, &get);
    metrics_request(metrics, &get);
    metrics_request(metrics, &lost);
    const char *all = write_with(NULL);
    assert_has(all, "cg_import_http_requests_total{method=\"GET\",route=\"/v1/imports/{id}\",status=\"200\"} 2");
    assert_has(all, "cg_import_http_requests_total{method=\"other\",route=\"\",status=\"404\"} 1");
    assert_has(all, "cg_import_http_request_duration_seconds_bucket{le=\"0.005\"} 0");
    assert_has(all, "cg_import_http_request_duration_seconds_bucket{le=\"0.025\"} 2");
    assert_has(all, "cg_import_http_request_duration_seconds_bucket{le=\"60\"} 2");
    assert_has(all, "cg_import_http_request_duration_seconds_bucket{le=\"+Inf\"} 3");
    assert_has(all, "cg_import_http_request_duration_seconds_sum 70.014");
    assert_has(all, "cg_import_http_request_duration_seconds_count 3");
    assert_has(all, "cg_import_http_received_bytes_total 10");
    assert_has(all, "cg_import_http_connections 3");
    assert_has(all, "cg_import_http_metadata_bytes 20");
}

static void counts_what_handlers_tell(void **state)
{
    (void)state;
    metrics_add(metrics, INTAKE_IMPORTS_NEW, 1);
    metrics_add(metrics, INTAKE_IMPORTS_SAME, 2);
    metrics_add(metrics, INTAKE_CONTENT_BYTES, UINT64_C(5000000000));
    metrics_add(metrics, INTAKE_CONTENT_KNOWN_BYTES, 4);
    metrics_dropped(metrics, 5);
    const char *all = write_with(NULL);
    assert_has(all, "cg_import_imports_accepted_total 1");
    assert_has(all, "cg_import_imports_deduplicated_total 2");
    assert_has(all, "cg_import_content_received_bytes_total 5000000000");
    assert_has(all, "cg_import_content_deduplicated_bytes_total 4");
    assert_has(all, "cg_import_http_dropped_total 5");
}

static void tells_what_the_store_counts(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *statistics =
        quoted_json("{'imports': {'queued': 2, 'held': 1}, 'held': {'stray-files': 1}, 'oldest_queued_s': 12.5,"
                    "'oldest_unfinished_s': null, 'contents': {'count': 3, 'bytes': 1e12}, 'components': 9,"
                    "'circuits': [{'hub': 'a\\\"b', 'failures': 4, 'open_s': 30, 'message': 'x'}]}");
    const char *all = write_with(statistics);
    assert_has(all, "cg_import_imports{state=\"queued\"} 2");
    assert_has(all, "cg_import_imports_held{reason=\"stray-files\"} 1");
    assert_has(all, "cg_import_oldest_queued_seconds 12.5");
    assert_has(all, "cg_import_oldest_unfinished_seconds 0");
    assert_has(all, "cg_import_contents{of=\"bytes\"} 1000000000000");
    assert_has(all, "cg_import_components 9");
    assert_has(all, "cg_import_hub_failures{hub=\"a\\\"b\"} 4");
    assert_has(all, "cg_import_hub_circuit_open_seconds{hub=\"a\\\"b\"} 30");
}

static void without_the_store_its_metrics_are_missing(void **state)
{
    (void)state;
    assert_null(strstr(write_with(NULL), "cg_import_oldest_queued_seconds"));
}

static int create(void **state)
{
    (void)state;
    metrics = metrics_create(NULL);
    return metrics ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    metrics_destroy(metrics);
    cg_bytes_finish(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_requests, create, destroy),
        cmocka_unit_test_setup_teardown(counts_what_handlers_tell, create, destroy),
        cmocka_unit_test_setup_teardown(tells_what_the_store_counts, create, destroy),
        cmocka_unit_test_setup_teardown(without_the_store_its_metrics_are_missing, create, destroy),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
