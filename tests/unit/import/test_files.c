/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "import/files.h"
#include "scratch.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* One output "hello" of 5 bytes, in relpath r. */
static struct cg_output output;
static struct cg_metadata metadata = {.outputs = &output, .output_count = 1};
static json_t *document;

static int set_up(void **state)
{
    document = json_pack("{s:[{s:s, s:i, s:s, s:s}]}", "output", "filename", "hello", "filesize", 5, "checksum",
                         "5d41402abc4b2a76b9719d911017c592", "checksum_type", "md5");
    const json_t *json = json_array_get(json_object_get(document, "output"), 0);
    output = (struct cg_output){
        .kind = CG_OUTPUT_ARCHIVE,
        .filename = "hello",
        .relpath = "r",
        .size_bytes = 5,
        .checksum_kind = CG_DIGEST_MD5,
        .checksum = json_string_value(json_object_get(json, "checksum")),
        .json = json,
    };
    metadata.document = document;
    if (scratch_create(state) < 0)
        return -1;
    return mkdir(scratch_path("r"), 0700);
}

static int tear_down(void **state)
{
    json_decref(document);
    return scratch_remove(state);
}

/* Checks; expects `rule` with its texts, or nothing for NULL. */
static void check(enum import_files_depth depth, const char *rule, const char *pointer, const char *message,
                  const char *expected, const char *got)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    int result = import_files_check(&metadata, scratch_path(""), depth, NULL, report, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(result, rule ? 1 : 0);
    assert_int_equal(cg_report_size(report), rule ? 1 : 0);
    if (!rule)
        return;
    const struct cg_finding *finding = cg_report_get(report, 0);
    assert_string_equal(finding->rule, rule);
    assert_string_equal(finding->pointer, pointer);
    assert_string_equal(finding->message, message);
    assert_string_equal(finding->expected, expected);
    assert_string_equal(finding->got, got);
    assert_int_equal(finding->level, CG_LEVEL_ERROR);
}

static void a_file_as_stated_is_good(void **state)
{
    (void)state;
    scratch_write("r/hello", "hello");
    check(IMPORT_FILES_SIZES, NULL, NULL, NULL, NULL, NULL);
    check(IMPORT_FILES_CHECKSUMS, NULL, NULL, NULL, NULL, NULL);
    assert_int_equal(rename(scratch_path("r/hello"), scratch_path("other")), 0);
    assert_int_equal(symlink("../other", scratch_path("r/hello")), 0);
    check(IMPORT_FILES_CHECKSUMS, NULL, NULL, NULL, NULL, NULL);
}

static void a_missing_file_is_found(void **state)
{
    (void)state;
    check(IMPORT_FILES_SIZES, "file.missing", "/output/0/filename", "there is no file r/hello",
          "a file that can be read in the directory of the outputs", "\"hello\"");
}

static void what_is_no_file_is_found(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch_path("r/hello"), 0700), 0);
    check(IMPORT_FILES_SIZES, "file.not-regular", "/output/0/filename", "r/hello is not a regular file",
          "a regular file", "\"hello\"");
    assert_int_equal(rmdir(scratch_path("r/hello")), 0);
    assert_int_equal(mkfifo(scratch_path("r/hello"), 0600), 0);
    check(IMPORT_FILES_SIZES, "file.not-regular", "/output/0/filename", "r/hello is not a regular file",
          "a regular file", "\"hello\"");
}

static void another_size_is_found(void **state)
{
    (void)state;
    scratch_write("r/hello", "hell");
    check(IMPORT_FILES_SIZES, "file.size", "/output/0/filesize", "r/hello has another size than the metadata states",
          "5", "4");
    scratch_write("r/hello", "hello!");
    check(IMPORT_FILES_CHECKSUMS, "file.size", "/output/0/filesize",
          "r/hello has another size than the metadata states", "5", "6");
}

static void another_content_is_found_when_it_is_read(void **state)
{
    (void)state;
    scratch_write("r/hello", "hellO");
    check(IMPORT_FILES_SIZES, NULL, NULL, NULL, NULL, NULL);
    check(IMPORT_FILES_CHECKSUMS, "file.checksum", "/output/0/checksum",
          "r/hello has another md5 than the metadata states", "\"5d41402abc4b2a76b9719d911017c592\"",
          "\"06612c0d9c73d47a7042afd7024d7c82\"");
}

static void a_missing_directory_is_a_failure(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    char expected[200];
    snprintf(expected, sizeof expected, "cannot open directory %s: No such file or directory", scratch_path("none"));
    assert_int_equal(import_files_check(&metadata, scratch_path("none"), IMPORT_FILES_SIZES, NULL, report, &err), -1);
    assert_error(&err, CG_E_IO, expected);
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        in_scratch(a_file_as_stated_is_good),
        in_scratch(a_missing_file_is_found),
        in_scratch(what_is_no_file_is_found),
        in_scratch(another_size_is_found),
        in_scratch(another_content_is_found_when_it_is_read),
        in_scratch(a_missing_directory_is_a_failure),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
