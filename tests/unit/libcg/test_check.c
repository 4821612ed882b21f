/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "metadata_document.h"

#include "cg/check.h"

#include <pthread.h>

/* A document with findings of all layers, in this order. */
static const char mixed[] = "{\"metadata_version\": false, \"build\": {\"name\": \"a/b\", \"name\": \"a/b\"},\n"
                            " \"buildroots\": [], \"output\": [{\"buildroot_id\": 1}]}";

static void accepts_and_shows_the_metadata(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    CG_AUTO_METADATA struct cg_metadata *metadata = NULL;
    assert_int_equal(cg_check(metadata_document_text, strlen(metadata_document_text), NULL, &report, &metadata, &err),
                     0);
    assert_int_equal(cg_report_size(report), 0);
    assert_string_equal(metadata->nvr, "test-container-1.0-1");
}

static void reports_all_layers_in_document_order(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *pointer;
        size_t times;
    } expected[] = {
        {"metadata-version.integer", "/metadata_version", 1},
        {"schema.required", "/build", 6}, /* version, release, source, start_time, end_time, extra */
        {"json.duplicate-name", "/build/name", 1},
        {"nvr.name", "/build/name", 1},
        {"schema.minItems", "/buildroots", 1},
        {"schema.required", "/output/0", 5}, /* filename, filesize, checksum, checksum_type, type */
        {"output.buildroot-id", "/output/0/buildroot_id", 1},
    };
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    struct cg_metadata *metadata = (struct cg_metadata *)&err;
    assert_int_equal(cg_check(mixed, strlen(mixed), NULL, &report, &metadata, &err), 1);
    assert_null(metadata);
    size_t at = 0;
    for (size_t e = 0; e < sizeof expected / sizeof expected[0]; e++)
        for (size_t i = 0; i < expected[e].times; i++, at++) {
            assert_true(at < cg_report_size(report));
            assert_string_equal(cg_report_get(report, at)->rule, expected[e].rule);
            assert_string_equal(cg_report_get(report, at)->pointer, expected[e].pointer);
        }
    assert_int_equal(cg_report_size(report), at);
}

static void a_text_that_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "nonsense", "{\"a\": NaN}", "\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = NULL;
        assert_int_equal(cg_check(texts[i], strlen(texts[i]), NULL, &report, NULL, &err), 1);
        assert_int_equal(cg_report_size(report), 1);
        assert_string_equal(cg_report_get(report, 0)->rule, "json.syntax");
        assert_int_equal(err.code, CG_OK);
    }
}

static void any_other_json_value_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "[]", "{}", "\"x\"", "0", "[[]]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = NULL;
        assert_int_equal(cg_check(texts[i], strlen(texts[i]), NULL, &report, NULL, &err), 1);
        assert_true(cg_report_size(report) > 0);
    }
}

static void strict_makes_warnings_errors(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    metadata_document_edit(document, "/build/source", "null");
    CG_AUTO_FREE char *text = json_dumps(document, 0);
    for (int strict = 0; strict < 2; strict++) {
        struct cg_error err = {0};
        struct cg_check_options options = {.strict = strict == 1};
        CG_AUTO_REPORT struct cg_report *report = NULL;
        CG_AUTO_METADATA struct cg_metadata *metadata = NULL;
        assert_int_equal(cg_check(text, strlen(text), &options, &report, &metadata, &err), strict);
        assert_int_equal(cg_report_count(report, strict ? CG_LEVEL_ERROR : CG_LEVEL_WARNING), 1);
        assert_int_equal(metadata == NULL, strict);
    }
}

static void says_what_is_wrong_in_the_packagers_words(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *value, *message, *expected, *got;
    } findings[] = {
        {"/build/name", "'../evil'", "\"../evil\" has a slash, which a name must not: it is a directory on the hub",
         "a package name of letters, digits and _ . + -", "\"../evil\""},
        {"/build/end_time", "1760000000000", "end_time lies outside the years 1 to 9999; are these milliseconds?",
         "seconds since 1970, like 1760000000", "1760000000000"},
        {"/output/1/buildroot_id", "'1'", "no buildroot has this id; one has it as a number, and 1 is not \"1\"",
         "the id of one of the buildroots", "\"1\""},
        {"/output/0/filename", "'a.oci'", "no archive type has this file name's extension",
         "an extension of a stock hub's archive types, like tar.gz, json, zip, qcow2, or check with --profile against "
         "your hub",
         "\"a.oci\""},
        {"/output/1/checksum", "'0123456789ABCDEF0123456789ABCDEF'",
         "the hub compares with lower-case digits, so upper-case ones never match", "32 lower-case hexadecimal digits",
         "\"0123456789ABCDEF0123456789ABCDEF\""},
        {"/build/task_id", "[1]", NULL, NULL, NULL},
    };
    for (size_t i = 0; findings[i].message; i++) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *document = metadata_document_good();
        CG_AUTO_REPORT struct cg_report *report = NULL;
        metadata_document_edit(document, findings[i].pointer, findings[i].value);
        CG_AUTO_FREE char *text = json_dumps(document, 0);
        assert_int_equal(cg_check(text, strlen(text), NULL, &report, NULL, &err), 1);
        assert_int_equal(cg_report_size(report), 1);
        const struct cg_finding *finding = cg_report_get(report, 0);
        assert_string_equal(finding->message, findings[i].message);
        assert_string_equal(finding->expected, findings[i].expected);
        assert_string_equal(finding->got, findings[i].got);
    }
}

static void keeps_a_hundred_and_counts_the_rest(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    for (int i = 0; i < 150; i++)
        metadata_document_edit(document, "/buildroots/0/tools/-", "{'name': null, 'version': '1'}");
    CG_AUTO_FREE char *text = json_dumps(document, 0);
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    assert_int_equal(cg_check(text, strlen(text), NULL, &report, NULL, &err), 1);
    assert_int_equal(cg_report_size(report), 100);
    assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), 150);
    assert_int_equal(cg_report_dropped(report), 50);
}

static void *check_often(void *checker)
{
    for (int i = 0; i < 200; i++) {
        struct cg_error err = {0};
        const char *text = i % 2 ? mixed : metadata_document_text;
        CG_AUTO_REPORT struct cg_report *report = NULL;
        if (cg_checker_check(checker, text, strlen(text), NULL, &report, NULL, &err) != i % 2)
            return checker;
    }
    return NULL;
}

static void one_checker_serves_many_threads(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_CHECKER struct cg_checker *checker = cg_checker_create(&err);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_often, checker), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    cg_checker_destroy(NULL);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    const char *const texts[] = {metadata_document_text, mixed};
    for (size_t t = 0; t < 2; t++) {
        for (unsigned long n = 1;; n++) {
            struct cg_error err = {0};
            CG_AUTO_REPORT struct cg_report *report = NULL;
            CG_AUTO_METADATA struct cg_metadata *metadata = NULL;
            allocation_fail_at(n);
            int verdict = cg_check(texts[t], strlen(texts[t]), NULL, &report, &metadata, &err);
            bool failed = allocation_failed();
            allocation_fail_at(0);
            if (verdict >= 0) {
                assert_int_equal(verdict, t);
                assert_true(n > 100 || !allocation_can_fail());
                if (!failed)
                    break;
                continue; /* libc did without it */
            }
            assert_null(report);
            assert_null(metadata);
            assert_int_equal(err.code, CG_E_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_shows_the_metadata),
        cmocka_unit_test(reports_all_layers_in_document_order),
        cmocka_unit_test(a_text_that_is_no_json_is_refused),
        cmocka_unit_test(any_other_json_value_is_refused),
        cmocka_unit_test(strict_makes_warnings_errors),
        cmocka_unit_test(says_what_is_wrong_in_the_packagers_words),
        cmocka_unit_test(keeps_a_hundred_and_counts_the_rest),
        cmocka_unit_test(one_checker_serves_many_threads),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
