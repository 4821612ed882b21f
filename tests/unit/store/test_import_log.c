/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "store/import_log.h"

static struct store_log_line line_of(const char *id, const char *level, const char *text)
{
    struct store_log_line line = {.at = 1700000000.25, .level = level, .text = (char *)(uintptr_t)text};
    stpcpy(line.import_id, id);
    return line;
}

static json_t *log_of(struct store *store, const char *id)
{
    struct cg_error err = {0};
    json_t *log;
    assert_int_equal(store_log_get(store, id, &log, &err), 0);
    assert_string_equal(err.message, "");
    return log;
}

static const char *text_at(const json_t *log, size_t i)
{
    return json_string_value(json_object_get(json_array_get(json_object_get(log, "lines"), i), "text"));
}

static void keeps_lines_in_their_order(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char first[STORE_ID_SIZE], second[STORE_ID_SIZE];
    struct store *store = open_store_with_import(first);
    struct store_new_import wanted = posted("b-1-1", 2);
    queue_import(store, &wanted, second);
    const struct store_log_line lines[] = {line_of(first, "info", "one"), line_of(second, "error", "of another"),
                                           line_of(first, "warning", "t\"wo\\"),
                                           line_of("018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01", "info", "of no import")};
    assert_int_equal(store_log_add(store, lines, 4, NULL, &err), 0);
    const struct store_log_line later = line_of(first, "info", "three");
    assert_int_equal(store_log_add(store, &later, 1, NULL, &err), 0);
    CG_AUTO_JSON json_t *log = log_of(store, first), *other = log_of(store, second);
    CG_AUTO_FREE char *text = json_dumps(log, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"dropped\":0,\"lines\":["
                              "{\"at\":\"2023-11-14T22:13:20.250Z\",\"level\":\"info\",\"text\":\"one\"},"
                              "{\"at\":\"2023-11-14T22:13:20.250Z\",\"level\":\"warning\",\"text\":\"t\\\"wo\\\\\"},"
                              "{\"at\":\"2023-11-14T22:13:20.250Z\",\"level\":\"info\",\"text\":\"three\"}]}");
    assert_int_equal(json_array_size(json_object_get(other, "lines")), 1);
    assert_string_equal(text_at(other, 0), "of another");
    assert_string_equal(sql("SELECT count(*) FROM import_lines"), "4");
    store_close(store);
}

static void keeps_the_newest_and_counts_the_others(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE], texts[STORE_LOG_LINES_MAX + 2][16];
    struct store *store = open_store_with_import(id);
    static struct store_log_line lines[STORE_LOG_LINES_MAX + 2];
    for (unsigned i = 0; i < STORE_LOG_LINES_MAX + 2; i++) {
        snprintf(texts[i], sizeof texts[i], "line %u", i);
        lines[i] = line_of(id, "info", texts[i]);
    }
    assert_int_equal(store_log_add(store, lines, STORE_LOG_LINES_MAX, NULL, &err), 0);
    CG_AUTO_JSON json_t *full = log_of(store, id);
    assert_int_equal(json_array_size(json_object_get(full, "lines")), STORE_LOG_LINES_MAX);
    assert_int_equal(json_integer_value(json_object_get(full, "dropped")), 0);
    assert_int_equal(store_log_add(store, &lines[STORE_LOG_LINES_MAX], 1, NULL, &err), 0);
    CG_AUTO_JSON json_t *lost = json_pack("{s:i, s:i}", id, 7, "018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01", 1);
    assert_int_equal(store_log_add(store, &lines[STORE_LOG_LINES_MAX + 1], 1, lost, &err), 0);
    assert_int_equal(store_log_add(store, NULL, 0, lost, &err), 0);
    CG_AUTO_JSON json_t *log = log_of(store, id);
    assert_string_equal(err.message, "");
    assert_int_equal(json_array_size(json_object_get(log, "lines")), STORE_LOG_LINES_MAX);
    assert_string_equal(text_at(log, 0), "line 2");
    assert_string_equal(text_at(log, STORE_LOG_LINES_MAX - 1), "line 501");
    assert_int_equal(json_integer_value(json_object_get(log, "dropped")), 16);
    store_close(store);
}

static void cuts_a_long_line_between_characters(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE], text[STORE_LOG_TEXT_MAX + 10];
    struct store *store = open_store_with_import(id);
    memset(text, 'x', sizeof text);
    memcpy(text + STORE_LOG_TEXT_MAX - 1, "\xc3\xa4 more", 8);
    struct store_log_line line = line_of(id, "info", text);
    assert_int_equal(store_log_add(store, &line, 1, NULL, &err), 0);
    CG_AUTO_JSON json_t *log = log_of(store, id);
    assert_int_equal(strlen(text_at(log, 0)), STORE_LOG_TEXT_MAX - 1);
    memcpy(text + STORE_LOG_TEXT_MAX - 2, "\xc3\xa4", 3);
    assert_int_equal(store_log_add(store, &line, 1, NULL, &err), 0);
    CG_AUTO_JSON json_t *again = log_of(store, id);
    assert_string_equal(text_at(again, 1), text);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_lines_in_their_order),
        cmocka_unit_test(keeps_the_newest_and_counts_the_others),
        cmocka_unit_test(cuts_a_long_line_between_characters),
    };
    return cmocka_run_group_tests_name("import_log", tests, postgres_start, postgres_stop);
}
