/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/report.h"

#include <stdio.h>

static void add(struct cg_report *report, enum cg_level level, const char *pointer, const char *message)
{
    struct cg_error err = {0};
    struct cg_finding finding = {.level = level, .rule = "test.rule", .pointer = pointer, .message = message};
    assert_int_equal(cg_report_add(report, &finding, &err), 0);
}

static struct cg_report *created(void)
{
    struct cg_error err = {0};
    struct cg_report *report = cg_report_create(&err);
    assert_non_null(report);
    return report;
}

static void assert_text(const struct cg_report *report, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_int_equal(cg_report_text(report, &text, &err), 0);
    assert_string_equal(cg_bytes_text(&text), expected);
}

static void assert_json(const struct cg_report *report, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = cg_report_json(report, &err);
    CG_AUTO_FREE char *text = json_dumps(json, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void says_nothing_is_wrong(void **state)
{
    (void)state;
    CG_AUTO_REPORT struct cg_report *report = created();
    assert_text(report, "no findings: acceptable\n");
    assert_json(report, "{\"verdict\":\"acceptable\",\"errors\":0,\"warnings\":0,\"dropped\":0,\"findings\":[]}");
}

static void shows_a_finding_whole(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = created();
    struct cg_finding finding = {.level = CG_LEVEL_ERROR,
                                 .rule = "output.checksum-type",
                                 .pointer = "/output/2/checksum_type",
                                 .message = "no checksum that Koji knows",
                                 .expected = "md5, sha1, sha256 or adler32",
                                 .got = "\"sha512\"",
                                 .schema_pointer = "/properties/output",
                                 .line = 7,
                                 .column = 12};
    assert_int_equal(cg_report_add(report, &finding, &err), 0);
    add(report, CG_LEVEL_WARNING, "", "no source");
    assert_text(report, "error at /output/2/checksum_type (output.checksum-type), line 7, column 12\n"
                        "    no checksum that Koji knows\n"
                        "    expected: md5, sha1, sha256 or adler32\n"
                        "    found: \"sha512\"\n"
                        "warning at the top of the document (test.rule)\n"
                        "    no source\n"
                        "1 error, 1 warning: refused\n");
    assert_json(report,
                "{\"verdict\":\"refused\",\"errors\":1,\"warnings\":1,\"dropped\":0,\"findings\":["
                "{\"level\":\"error\",\"rule\":\"output.checksum-type\",\"pointer\":\"/output/2/checksum_type\","
                "\"message\":\"no checksum that Koji knows\",\"expected\":\"md5, sha1, sha256 or adler32\","
                "\"got\":\"\\\"sha512\\\"\",\"schema_pointer\":\"/properties/output\",\"line\":7,\"column\":12},"
                "{\"level\":\"warning\",\"rule\":\"test.rule\",\"pointer\":\"\",\"message\":\"no source\"}]}");
}

static void counts_each_level(void **state)
{
    (void)state;
    static const struct {
        int errors, warnings;
        const char *last_line;
    } cases[] = {
        {0, 1, "\n1 warning: acceptable\n"},
        {0, 2, "\n2 warnings: acceptable\n"},
        {1, 0, "\n1 error: refused\n"},
        {3, 0, "\n3 errors: refused\n"},
        {3, 1, "\n3 errors, 1 warning: refused\n"},
        {1, 2, "\n1 error, 2 warnings: refused\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = created();
        for (int n = 0; n < cases[i].errors; n++)
            add(report, CG_LEVEL_ERROR, "/a", "m");
        for (int n = 0; n < cases[i].warnings; n++)
            add(report, CG_LEVEL_WARNING, "/a", "m");
        CG_AUTO_BYTES struct cg_bytes text = {0};
        assert_int_equal(cg_report_text(report, &text, &err), 0);
        assert_string_equal(text.data + text.size - strlen(cases[i].last_line), cases[i].last_line);
    }
}

static void makes_warnings_errors_when_strict(void **state)
{
    (void)state;
    CG_AUTO_REPORT struct cg_report *report = created();
    add(report, CG_LEVEL_WARNING, "/a", "m");
    add(report, CG_LEVEL_ERROR, "/b", "m");
    cg_report_strict(report);
    assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), 2);
    assert_int_equal(cg_report_count(report, CG_LEVEL_WARNING), 0);
    assert_int_equal(cg_report_get(report, 0)->level, CG_LEVEL_ERROR);
    assert_text(report, "error at /a (test.rule)\n    m\nerror at /b (test.rule)\n    m\n2 errors: refused\n");
}

static void keeps_a_hundred_and_counts_the_rest(void **state)
{
    (void)state;
    CG_AUTO_REPORT struct cg_report *report = created();
    char pointer[16];
    for (int i = 0; i < CG_REPORT_MAX; i++) {
        snprintf(pointer, sizeof pointer, "/%d", i);
        add(report, CG_LEVEL_WARNING, pointer, "m");
        assert_int_equal(cg_report_size(report), i + 1);
        assert_int_equal(cg_report_dropped(report), 0);
    }
    add(report, CG_LEVEL_WARNING, "/more", "m");
    assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
    assert_int_equal(cg_report_dropped(report), 1);
    assert_string_equal(cg_report_get(report, 99)->pointer, "/99");

    add(report, CG_LEVEL_ERROR, "/bad", "m");
    assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
    assert_int_equal(cg_report_dropped(report), 2);
    assert_string_equal(cg_report_get(report, 98)->pointer, "/98");
    assert_string_equal(cg_report_get(report, 99)->pointer, "/bad");
    assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), 1);
    assert_int_equal(cg_report_count(report, CG_LEVEL_WARNING), 101);

    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_int_equal(cg_report_text(report, &text, &err), 0);
    assert_non_null(strstr(text.data, "\nand 2 more, not shown\n1 error, 101 warnings: refused\n"));
}

static void drops_an_error_only_among_errors(void **state)
{
    (void)state;
    CG_AUTO_REPORT struct cg_report *report = created();
    add(report, CG_LEVEL_WARNING, "/w", "m");
    for (int i = 0; i < CG_REPORT_MAX; i++)
        add(report, CG_LEVEL_ERROR, "/e", "m");
    assert_string_equal(cg_report_get(report, 0)->pointer, "/e");
    add(report, CG_LEVEL_ERROR, "/late", "m");
    assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
    assert_int_equal(cg_report_dropped(report), 2);
    assert_string_equal(cg_report_get(report, 99)->pointer, "/e");
}

static void never_lets_a_document_drive_the_terminal(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = created();
    struct cg_finding finding = {.level = CG_LEVEL_ERROR,
                                 .rule = "r\r",
                                 .pointer = "/\x1b[2J/\xc2\x9b",
                                 .message = "bell \a, delete \x7f",
                                 .expected = "line\nfeed, turn \xe2\x80\xae.",
                                 .got = "caf\xc3\xa9 \xff\xf0\x9f\x98\x80"};
    assert_int_equal(cg_report_add(report, &finding, &err), 0);
    assert_text(report, "error at /\\u001b[2J/\\u009b (r\\u000d)\n"
                        "    bell \\u0007, delete \\u007f\n"
                        "    expected: line\\u000afeed, turn \\u202e.\n"
                        "    found: caf\xc3\xa9 \xef\xbf\xbd\xf0\x9f\x98\x80\n"
                        "1 error: refused\n");
}

/* Sets a text of `size` bytes, the last of it `tail`, as every text of a finding and asserts what is kept. */
static void assert_kept(size_t size, const char *tail, size_t got_size, size_t message_size, const char *end)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = created();
    char text[2048];
    memset(text, 'x', sizeof text);
    memcpy(text + size - strlen(tail), tail, strlen(tail) + 1);
    struct cg_finding finding = {.rule = text, .pointer = text, .message = text, .expected = text, .got = text};
    assert_int_equal(cg_report_add(report, &finding, &err), 0);
    const struct cg_finding *kept = cg_report_get(report, 0);
    assert_int_equal(strlen(kept->got), got_size);
    assert_int_equal(strlen(kept->message), message_size);
    assert_int_equal(strlen(kept->pointer), message_size);
    assert_string_equal(kept->message + message_size - strlen(end), end);
}

static void cuts_long_texts_at_a_character(void **state)
{
    (void)state;
    assert_kept(119, "y", 119, 119, "xy");
    assert_kept(120, "y", 120, 120, "xy");
    assert_kept(121, "y", 120, 121, "xy");
    assert_kept(1023, "y", 120, 1023, "xy");
    assert_kept(1024, "y", 120, 1024, "xy");
    assert_kept(1025, "y", 120, 1024, "xx...");
    assert_kept(1025, "\xe2\x82\xac\xe2\x82\xac", 120, 1022, "xx...");
    assert_kept(1024, "\xe2\x82\xac", 120, 1024, "x\xe2\x82\xac");
}

static const char ordered_document[] =
    "{\"z\": [0, {\"q\": 1, \"p\": 2}, 3], \"a/b~\": 4, \"b\": {\"c\": 5}, \"\": 6, \"bb\": {\"0\": [], \"1\": null}}";

/* Property: whatever order they were added in, a value comes before what is in it, members as in the text. */
static void puts_findings_in_document_order(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = json_loads(ordered_document, 0, NULL);
    static const char *const order[] = {
        "",        "/z", "/z/0", "/z/1",      "/z/1/q", "/z/1/p", "/z/1/missing", "/z/2",       "/z/-/below",
        "/a~1b~0", "/b", "/b/c", "/b/c/in/5", "/",      "/bb",    "/bb/0",        "/not there",
    };
    enum { COUNT = sizeof order / sizeof order[0] };
    assert_int_equal(COUNT, 17); /* a prime, so that every step visits all */
    for (size_t step = 1; step < COUNT; step++) {
        CG_AUTO_REPORT struct cg_report *report = created();
        for (size_t i = 0; i < COUNT; i++)
            add(report, CG_LEVEL_ERROR, order[i * step % COUNT], "m");
        cg_report_sort(report, document);
        for (size_t i = 0; i < COUNT; i++)
            assert_string_equal(cg_report_get(report, i)->pointer, order[i]);
    }
}

static void keeps_the_order_of_adding_at_one_place(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = json_loads(ordered_document, 0, NULL);
    static const struct {
        const char *pointer, *message;
    } added[] = {{"/nope", "5"}, {"/z/7", "3"}, {"/b/c", "4"}, {"/also", "6"},
                 {"/z/1", "1"},  {"/z/1", "2"}, {"odd", "7"},  {"/z", "0"}};
    CG_AUTO_REPORT struct cg_report *report = created();
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++)
        add(report, CG_LEVEL_ERROR, added[i].pointer, added[i].message);
    cg_report_sort(report, document);
    for (size_t i = 0; i < cg_report_size(report); i++)
        assert_int_equal(cg_report_get(report, i)->message[0], (int)('0' + i));
    add(report, CG_LEVEL_ERROR, "", "last");
    cg_report_sort(report, NULL);
    assert_string_equal(cg_report_get(report, 0)->pointer, "/z");
    assert_string_equal(cg_report_get(report, cg_report_size(report) - 1)->pointer, "");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        allocation_fail_at(n);
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        struct cg_finding finding = {.level = CG_LEVEL_ERROR,
                                     .rule = "rule",
                                     .pointer = "/pointer",
                                     .message = "message",
                                     .expected = "expected",
                                     .got = "got",
                                     .schema_pointer = "/schema",
                                     .line = 1,
                                     .column = 1};
        int result = report ? cg_report_add(report, &finding, &err) : -1;
        if (report && result < 0)
            assert_int_equal(cg_report_size(report), 0);
        if (result == 0)
            result = cg_report_text(report, &text, &err);
        CG_AUTO_JSON json_t *json = result == 0 ? cg_report_json(report, &err) : NULL;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_non_null(json);
            assert_true(n > 20 || !allocation_can_fail());
            return;
        }
        assert_null(json);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

static void destroys_nothing(void **state)
{
    (void)state;
    cg_report_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_is_wrong),
        cmocka_unit_test(shows_a_finding_whole),
        cmocka_unit_test(counts_each_level),
        cmocka_unit_test(makes_warnings_errors_when_strict),
        cmocka_unit_test(keeps_a_hundred_and_counts_the_rest),
        cmocka_unit_test(drops_an_error_only_among_errors),
        cmocka_unit_test(never_lets_a_document_drive_the_terminal),
        cmocka_unit_test(cuts_long_texts_at_a_character),
        cmocka_unit_test(puts_findings_in_document_order),
        cmocka_unit_test(keeps_the_order_of_adding_at_one_place),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(destroys_nothing),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
