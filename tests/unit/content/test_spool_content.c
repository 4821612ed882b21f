/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spooled.h"

#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* No content has it in these tests. */
static const char absent[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

static void make_old(const char *sha256)
{
    assert_int_equal(utimensat(AT_FDCWD, spooled_content_path(sha256), long_ago, 0), 0);
}

/* Changes what is in a content's file, as a failing disk would. */
static void damage(const char *sha256, const char *text)
{
    const char *path = spooled_content_path(sha256);
    assert_int_equal(chmod(path, 0600), 0);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void opens_and_verifies(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests = spooled_text(*state, "a content");
    assert_spooled(*state, digests.sha256, "a content", 9);
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), 0);
}

static void says_that_it_is_gone(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    char expected[128];
    snprintf(expected, sizeof expected, "cannot open the content %s: No such file or directory", absent);
    assert_int_equal(spool_content_open(*state, absent, &size, &err), -1);
    assert_error(&err, CG_E_IO, expected);
    assert_int_equal(spool_content_verify(*state, absent, &err), -1);
    assert_error(&err, CG_E_IO, expected);
    assert_int_equal(spool_content_remove(*state, absent, 0, &err), 0);
    assert_int_equal(spool_content_set_aside(*state, absent, &err), 0);
}

static void damage_is_set_aside(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    char expected[256], aside[128];
    struct cg_digests digests = spooled_text(*state, "a content");
    struct cg_digests other = spooled_digests("b content", 9);
    damage(digests.sha256, "b content");
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), -1);
    snprintf(expected, sizeof expected, "the content %s of 9 bytes has the sha256 %s", digests.sha256, other.sha256);
    assert_error(&err, CG_E_MISMATCH, expected);
    snprintf(aside, sizeof aside, "spool/damaged/%s", digests.sha256);
    assert_int_equal(access(scratch_path(aside), F_OK), 0);
    assert_int_equal(spool_content_open(*state, digests.sha256, &size, &err), -1);
    assert_error_has(&err, CG_E_IO, "No such file or directory");
    spooled_text(*state, "a content");
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), 0);
}

static void a_content_of_wrong_size_gives_way(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests = spooled_text(*state, "a content");
    damage(digests.sha256, "a cont");
    spooled_text(*state, "a content");
    assert_spooled(*state, digests.sha256, "a content", 9);
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), 0);
    assert_int_equal(spooled_count(scratch_path("spool/damaged")), 1);
}

static void a_read_error_sets_nothing_aside(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests = spooled_text(*state, "a content");
    syscalls_fail_at(1, SYSCALLS_READ, EIO);
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), -1);
    syscalls_fail_at(0, 0, 0);
    assert_error_has(&err, CG_E_IO, "Input/output error");
    assert_int_equal(spool_content_verify(*state, digests.sha256, &err), 0);
}

static void only_the_old_are_removed(void **state)
{
    struct cg_error err = {0};
    char expected[160];
    struct cg_digests digests = spooled_text(*state, "a content");
    assert_int_equal(spool_content_remove(*state, digests.sha256, 3600, &err), -1);
    snprintf(expected, sizeof expected, "the content %s is 0 s old, expected at least 3600 s", digests.sha256);
    assert_error(&err, CG_E_BUSY, expected);

    make_old(digests.sha256);
    spooled_text(*state, "a content");
    assert_int_equal(spool_content_remove(*state, digests.sha256, 3600, &err), -1);
    cg_error_clear(&err);

    make_old(digests.sha256);
    assert_int_equal(spool_content_remove(*state, digests.sha256, 3600, &err), 0);
    assert_int_equal(access(spooled_content_path(digests.sha256), F_OK), -1);
}

/* A part that lay for long and is finished at last makes a young content. */
static void an_old_part_makes_a_young_content(void **state)
{
    struct cg_error err = {0};
    struct spool_part *part = spooled_part(*state, "old", 0);
    spooled_append(part, "a content", 9);
    assert_int_equal(utimensat(AT_FDCWD, scratch_path("spool/parts/old"), long_ago, 0), 0);
    struct cg_digests digests = spooled_finish(part);
    assert_int_equal(spool_content_remove(*state, digests.sha256, 3600, &err), -1);
    assert_error_has(&err, CG_E_BUSY, "is 0 s old");
}

static void names_are_checked(void **state)
{
    static const char *const wrong[] = {"", "0123456789abcdef",
                                        "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
                                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
                                        "../../../../../../../../../../../../../../../../../../etc/passwd"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cg_error err = {0};
        uint64_t size;
        const char *expected = "is no sha256, expected 64 lower-case hexadecimal digits";
        assert_int_equal(spool_content_open(*state, wrong[i], &size, &err), -1);
        assert_error_has(&err, CG_E_USAGE, expected);
        assert_int_equal(spool_content_verify(*state, wrong[i], &err), -1);
        assert_error_has(&err, CG_E_USAGE, expected);
        assert_int_equal(spool_content_set_aside(*state, wrong[i], &err), -1);
        assert_error_has(&err, CG_E_USAGE, expected);
        assert_int_equal(spool_content_remove(*state, wrong[i], 0, &err), -1);
        assert_error_has(&err, CG_E_USAGE, expected);
        assert_int_equal(spool_content_place(*state, wrong[i], AT_FDCWD, "x", &err), -1);
        assert_error_has(&err, CG_E_USAGE, expected);
    }
}

static void what_is_no_file_is_no_content(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    assert_int_equal(mkdir(spooled_content_path(absent), 0700), 0);
    assert_int_equal(spool_content_open(*state, absent, &size, &err), -1);
    assert_error_has(&err, CG_E_IO, "is not a regular file");
    assert_int_equal(rmdir(spooled_content_path(absent)), 0);
    scratch_write("victim", "elsewhere");
    assert_int_equal(symlink(scratch_path("victim"), spooled_content_path(absent)), 0);
    assert_int_equal(spool_content_open(*state, absent, &size, &err), -1);
    assert_error_has(&err, CG_E_IO, "cannot open the content ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_and_verifies, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(says_that_it_is_gone, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(damage_is_set_aside, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_content_of_wrong_size_gives_way, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_read_error_sets_nothing_aside, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(only_the_old_are_removed, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(an_old_part_makes_a_young_content, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(names_are_checked, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_no_content, spooled_begin, spooled_end),
    };
    return cmocka_run_group_tests_name("spool_content", tests, scratch_create, scratch_remove);
}
