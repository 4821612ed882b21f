/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "import/batch.h"
#include "scratch.h"

#include <stdio.h>

static int read_list(const char *text, struct import_batch *batch, struct cg_error *err)
{
    scratch_write("list", text);
    return import_batch_read(scratch_path("list"), batch, err);
}

#define AUTO_BATCH CG_AUTO(import_batch_finish)

static void reads_names_and_directories(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_BATCH struct import_batch batch = {0};
    assert_int_equal(read_list("# builds of today\n"
                               "\n"
                               "a/metadata.json a\n"
                               "  b\t# a directory\r\n"
                               "/x/m.json \"/y/with blank\"\n"
                               "'q\"q' c\\ d",
                               &batch, &err),
                     0);
    assert_int_equal(batch.count, 4);
    assert_string_equal(batch.items[0].metadata_path, scratch_path("a/metadata.json"));
    assert_string_equal(batch.items[0].directory, scratch_path("a"));
    assert_int_equal(batch.items[0].line, 3);
    assert_string_equal(batch.items[1].metadata_path, scratch_path("b/metadata.json"));
    assert_string_equal(batch.items[1].directory, scratch_path("b"));
    assert_int_equal(batch.items[1].line, 4);
    assert_string_equal(batch.items[2].metadata_path, "/x/m.json");
    assert_string_equal(batch.items[2].directory, "/y/with blank");
    assert_string_equal(batch.items[3].metadata_path, scratch_path("q\"q"));
    assert_string_equal(batch.items[3].directory, scratch_path("c d"));
    assert_int_equal(batch.items[3].error.code, CG_OK);
}

static void an_empty_list_has_no_items(void **state)
{
    (void)state;
    static const char *const empty[] = {"", "\n\n", "# nothing", "  \t \n#\n"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct cg_error err = {0};
        AUTO_BATCH struct import_batch batch = {0};
        assert_int_equal(read_list(empty[i], &batch, &err), 0);
        assert_int_equal(batch.count, 0);
    }
}

static void names_the_line_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *problem;
    } cases[] = {
        {"a b\nc d e\n", "2: it has more than two names"},
        {"'a", "1: a quote is not closed"},
        {"\n\n\"a\\\"", "3: a quote is not closed"},
        {"a \\", "1: a backslash ends the line"},
        {"'' b", "1: a name is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct import_batch batch = {0};
        char expected[200];
        snprintf(expected, sizeof expected, "%s:%s", scratch_path("list"), cases[i].problem);
        assert_int_equal(read_list(cases[i].text, &batch, &err), -1);
        assert_string_equal(err.hint, "a line is: METADATA DIRECTORY, or a directory that holds metadata.json");
        assert_error(&err, CG_E_USAGE, expected);
        assert_null(batch.items);
    }
}

/* A name is a C string further on: what stands behind the NUL would be dropped unseen, in quotes as elsewhere. */
static void refuses_a_nul_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {{"a\0b\n", 4}, {"\"a\0b\"\n", 6}, {"'a\0b'\n", 6}, {"\"a\\\0b\"\n", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct import_batch batch = {0};
        scratch_write_bytes("list", cases[i].text, cases[i].size, 0600);
        assert_int_equal(import_batch_read(scratch_path("list"), &batch, &err), -1);
        assert_error_has(&err, CG_E_USAGE, ":1: it holds a NUL character");
    }
}

static void says_when_there_is_no_list(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct import_batch batch = {0};
    assert_int_equal(import_batch_read(scratch_path("none"), &batch, &err), -1);
    assert_error_has(&err, CG_E_IO, "No such file or directory");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    scratch_write("list", "a b\n'c d'\n");
    const char *path = scratch_path("list");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        AUTO_BATCH struct import_batch batch = {0};
        allocation_fail_at(n);
        int result = import_batch_read(path, &batch, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_int_equal(batch.count, 2);
            return;
        }
        if (result < 0)
            assert_null(batch.items);
    }
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_remove)
    const struct CMUnitTest tests[] = {
        in_scratch(reads_names_and_directories),  in_scratch(an_empty_list_has_no_items),
        in_scratch(names_the_line_that_is_wrong), in_scratch(refuses_a_nul_wherever_it_stands),
        in_scratch(says_when_there_is_no_list),   in_scratch(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("batch_list", tests, NULL, NULL);
}
