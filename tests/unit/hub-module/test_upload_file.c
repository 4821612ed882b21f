/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/auto.h"
#include "logic/upload_file.h"
#include "scratch.h"

#include <stdio.h>

static int open_it(const char *directory, const char *name, int64_t user, struct cg_error *err)
{
    return upload_file_open(scratch_path(""), directory, name, user, err);
}

static void opens_a_file_of_the_callers_own(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char text[8] = "";
    scratch_write("up/1/.user", "7");
    scratch_write("up/1/a/metadata.json", "{}");
    int fd CG_AUTO_FD = open_it("up/1", "a/metadata.json", 7, &err);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof text), 2);
    assert_string_equal(text, "{}");
}

static void another_users_is_refused(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("up/2/.user", "8\n");
    scratch_write("up/2/m.json", "{}");
    assert_int_equal(open_it("up/2", "m.json", 7, &err), -1);
    assert_error(&err, CG_E_AUTH, "the upload directory up/2 is another user's");
    int own CG_AUTO_FD = open_it("up/2", "m.json", 8, &err);
    int any CG_AUTO_FD = open_it("up/2", "m.json", UPLOAD_ANY_USER, &err);
    assert_true(own >= 0 && any >= 0);
}

static void a_directory_that_names_nobody_is_nobodys(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "7x", " "};
    struct cg_error err = {0};
    scratch_write("up/3/m.json", "{}");
    assert_int_equal(open_it("up/3", "m.json", 7, &err), -1);
    assert_error(&err, CG_E_AUTH, "the upload directory up/3 is another user's");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        scratch_write("up/3/.user", bad[i]);
        assert_int_equal(open_it("up/3", "m.json", 7, &err), -1);
        assert_error(&err, CG_E_AUTH, "the upload directory up/3 is another user's");
    }
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/etc/passwd", "..", "../m.json", "a/../m.json", "a/", ".user", "a/.m.json"};
    struct cg_error err = {0};
    char expected[160];
    scratch_write("up/4/.user", "7");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(open_it("up/4", bad[i], 7, &err), -1);
        snprintf(expected, sizeof expected,
                 "\"%s\" is no name of an upload: expected a path below the upload directory", bad[i]);
        assert_error(&err, CG_E_USAGE, expected);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(open_it(bad[i], "m.json", 7, &err), -1);
        snprintf(expected, sizeof expected,
                 "\"%s\" is no upload directory: expected a path below the hub's work directory", bad[i]);
        assert_error(&err, CG_E_USAGE, expected);
    }
}

static void only_a_regular_file_is_opened(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("up/5/.user", "7");
    scratch_make_directory("up/5/d.json");
    assert_int_equal(symlink("/etc/passwd", scratch_path("up/5/l.json")), 0);
    assert_int_equal(open_it("up/5", "d.json", 7, &err), -1);
    assert_error(&err, CG_E_MISMATCH, "d.json is no regular file");
    assert_int_equal(open_it("up/5", "l.json", 7, &err), -1);
    assert_error(&err, CG_E_MISMATCH, "no such file: l.json");
    assert_int_equal(open_it("up/5", "none.json", 7, &err), -1);
    assert_error(&err, CG_E_MISMATCH, "no such file: none.json");
    assert_int_equal(open_it("up/none", "m.json", 7, &err), -1);
    assert_error(&err, CG_E_MISMATCH, "no such upload directory: up/none");
}

static void the_owner_may_not_be_told_by_a_link(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("up/6/m.json", "{}");
    scratch_write("up/seven", "7");
    assert_int_equal(symlink("../seven", scratch_path("up/6/.user")), 0);
    assert_int_equal(open_it("up/6", "m.json", 7, &err), -1);
    assert_error(&err, CG_E_AUTH, "the upload directory up/6 is another user's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_a_file_of_the_callers_own),
        cmocka_unit_test(another_users_is_refused),
        cmocka_unit_test(a_directory_that_names_nobody_is_nobodys),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(only_a_regular_file_is_opened),
        cmocka_unit_test(the_owner_may_not_be_told_by_a_link),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
