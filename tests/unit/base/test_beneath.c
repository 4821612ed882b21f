/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scratch.h"

#include "base/beneath.h"
#include "cg/auto.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Files are tried in many ways by tests/unit/content/test_reference.c, through the roots of the configuration. */

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    scratch_write("root/a/file", "inside");
    scratch_write("outside/file", "outside");
    assert_int_equal(symlink("../outside", scratch_path("root/link")), 0);
    assert_int_equal(symlink("root", scratch_path("root-link")), 0);
    return 0;
}

static void a_file_is_opened(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char text[16] = "";
    CG_AUTO_FD int fd = beneath_open_file(scratch_path("root-link"), "a/file", &err);
    assert_int_equal(read(fd, text, sizeof text), 6);
    assert_string_equal(text, "inside");
}

static void a_directory_is_opened_to_work_in(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FD int directory = beneath_open_directory(scratch_path("root"), "a", &err);
    CG_AUTO_FD int made = openat(directory, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    CG_AUTO_FD int top = beneath_open_directory(scratch_path("root"), ".", &err);
    assert_true(top >= 0);
    assert_int_equal(access(scratch_path("root/a/new"), F_OK), 0);
}

static void assert_refused(const char *path, enum cg_code code, const char *message)
{
    struct cg_error err = {0};
    assert_int_equal(beneath_open_directory(scratch_path("root"), path, &err), -1);
    assert_error(&err, code, message);
}

static void nothing_outside_is_opened(void **state)
{
    (void)state;
    assert_refused("link", CG_E_USAGE, "\"link\" is a symbolic link or passes one, expected none");
    assert_refused("../outside", CG_E_USAGE,
                   "\"../outside\" has the step \"..\", expected a path that stays below its root");
    assert_refused("/", CG_E_USAGE, "\"/\" is no path below a root, expected a relative path");
    assert_refused("", CG_E_USAGE, "\"\" is no path below a root, expected a relative path");
    assert_refused("a/file", CG_E_IO, "cannot open a/file: Not a directory");
    assert_refused("none", CG_E_IO, "cannot open none: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_is_opened, begin),
        cmocka_unit_test_setup(a_directory_is_opened_to_work_in, begin),
        cmocka_unit_test_setup(nothing_outside_is_opened, begin),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
