/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "logic/moved_back.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void link_to(const char *target, const char *name)
{
    unlink(scratch_path(name));
    assert_int_equal(symlink(target, scratch_path(name)), 0);
}

static int back(const char *upload, struct cg_error *err)
{
    return moved_back(scratch_path("packages/n/1/1"), scratch_path(upload), err);
}

static void a_moved_file_comes_back(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stat st;
    scratch_write("packages/n/1/1/images/a.tar", "a");
    scratch_make_directory("work");
    link_to("../packages/n/1/1/images/a.tar", "work/a.tar");
    assert_int_equal(back("work/a.tar", &err), 1);
    assert_int_equal(lstat(scratch_path("work/a.tar"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_size, 1);
    assert_int_equal(access(scratch_path("packages/n/1/1/images/a.tar"), F_OK), -1);
    assert_int_equal(back("work/a.tar", &err), 0);
}

static void nothing_else_is_touched(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("packages/n/1/1/b", "b");
    scratch_write("packages/n/1/10/b", "other build");
    scratch_make_directory("packages/n/1/1/d");
    scratch_write("work/plain", "plain");
    link_to("../packages/n/1/10/b", "work/other");
    link_to("../packages/n/1/1/d", "work/directory");
    link_to("../packages/n/1/1", "work/itself");
    link_to("../packages/n/1/1/none", "work/dangling");
    assert_int_equal(back("work/plain", &err), 0);
    assert_int_equal(back("work/other", &err), 0);
    assert_int_equal(back("work/directory", &err), 0);
    assert_int_equal(back("work/itself", &err), 0);
    assert_int_equal(back("work/dangling", &err), 0);
    assert_int_equal(back("work/none", &err), 0);
    assert_int_equal(access(scratch_path("packages/n/1/10/b"), F_OK), 0);
    assert_int_equal(access(scratch_path("packages/n/1/1/d"), F_OK), 0);
}

static void a_build_reached_by_a_link_is_the_same_build(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("vol/packages/n/2/1/c", "c");
    scratch_make_directory("packages/n/2");
    link_to("../../../vol/packages/n/2/1", "packages/n/2/1");
    link_to("../vol/packages/n/2/1/c", "work/c");
    assert_int_equal(moved_back(scratch_path("packages/n/2/1"), scratch_path("work/c"), &err), 1);
}

static void between_file_systems_it_is_copied(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char directory[] = "/dev/shm/cg-import-test-XXXXXX";
    char file[80];
    char text[8] = "";
    struct stat here;
    struct stat there;
    if (!mkdtemp(directory))
        skip();
    if (stat(directory, &there) < 0 || stat(scratch_path(""), &here) < 0 || here.st_dev == there.st_dev) {
        rmdir(directory);
        skip();
    }
    snprintf(file, sizeof file, "%s/f", directory);
    FILE *writing = fopen(file, "w");
    assert_non_null(writing);
    fputs("far", writing);
    fclose(writing);
    link_to(file, "work/far");
    assert_int_equal(moved_back(directory, scratch_path("work/far"), &err), 1);
    FILE *reading = fopen(scratch_path("work/far"), "r");
    assert_non_null(reading);
    assert_non_null(fgets(text, sizeof text, reading));
    fclose(reading);
    assert_string_equal(text, "far");
    unlink(file);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_file_comes_back),
        cmocka_unit_test(nothing_else_is_touched),
        cmocka_unit_test(a_build_reached_by_a_link_is_the_same_build),
        cmocka_unit_test(between_file_systems_it_is_copied),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
