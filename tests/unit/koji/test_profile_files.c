/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/auto.h"
#include "koji/profile_files.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void expands_the_home(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"~", "/h", "/h"},
        {"~/x", "/h", "/h/x"},
        {"~/x", "/h/", "/h/x"},
        {"~", "/", "/"},
        {"~/x", "/", "/x"},
        {"/a/~", "/h", "/a/~"},
        {"a~", "/h", "a~"},
        {"", "/h", ""},
        {"~//x", "/h", "/h//x"},
        {"~root/x", "/h", "/root/x"},
        {"~no-such-user-here/x", "/h", "~no-such-user-here/x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_FREE char *path = profile_expand_home(cases[i][0], cases[i][1], &err);
        assert_string_equal(path, cases[i][2]);
    }
}

static void asks_the_environment_then_the_password_database(void **state)
{
    (void)state;
    struct cg_error err = {0};
    const char *home = getenv("HOME");
    CG_AUTO_FREE char *before = strdup(home ? home : "");
    setenv("HOME", "/from/environment", 1);
    CG_AUTO_FREE char *first = profile_expand_home("~/x", NULL, &err);
    assert_string_equal(first, "/from/environment/x");
    unsetenv("HOME");
    CG_AUTO_FREE char *second = profile_expand_home("~/x", NULL, &err);
    assert_int_not_equal(second[0], '~');
    if (home)
        setenv("HOME", before, 1);
}

static void lists_conf_files_in_order(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_PROFILE_FILES struct profile_files files = {0};
    scratch_write("d/b.conf", "");
    scratch_write("d/a.conf", "");
    scratch_write("d/B.conf", "");
    scratch_write("d/.conf", "");
    scratch_write("d/x.conf~", "");
    scratch_write("d/conf", "");
    scratch_make_directory("d/c.conf");
    scratch_write("z", "");
    assert_int_equal(profile_files_add(&files, scratch_path("z"), PROFILE_OPTIONAL, &err), 0);
    assert_int_equal(profile_files_add(&files, scratch_path("d"), PROFILE_OPTIONAL, &err), 0);
    assert_int_equal(profile_files_add(&files, scratch_path("none"), PROFILE_OPTIONAL, &err), 0);
    static const char *const expected[] = {"z", "d/.conf", "d/B.conf", "d/a.conf", "d/b.conf"};
    assert_int_equal(files.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < files.count; i++)
        assert_string_equal(files.paths[i], scratch_path(expected[i]));
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    scratch_clear();
    scratch_write("d/a.conf", "");
    scratch_write("d/b.conf", "");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        AUTO_PROFILE_FILES struct profile_files files = {0};
        allocation_fail_at(n);
        int result = profile_files_add(&files, scratch_path("d"), PROFILE_REQUIRED, &err);
        CG_AUTO_FREE char *path = result == 0 ? profile_expand_home("~/x", "/h", &err) : NULL;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(files.count, 2);
            assert_string_equal(path, "/h/x");
            assert_true(n > 4 || !allocation_can_fail());
            return;
        }
        if (!path)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_the_home),
        cmocka_unit_test(asks_the_environment_then_the_password_database),
        cmocka_unit_test(lists_conf_files_in_order),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("profile_files", tests, scratch_create, scratch_remove);
}
