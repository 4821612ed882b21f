/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spooled.h"

#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

struct fixture {
    struct spool *spool;
    struct cg_digests digests;
    int directory; /* "build" of the scratch directory */
};

static int begin(void **state)
{
    static struct fixture fixture;
    scratch_clear();
    fixture.spool = spooled_open();
    fixture.digests = spooled_text(fixture.spool, "a content");
    scratch_make_directory("build");
    fixture.directory = open(scratch_path("build"), O_RDONLY | O_DIRECTORY);
    *state = &fixture;
    return fixture.directory < 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    spool_close(fixture->spool);
    return close(fixture->directory);
}

static int place(const struct fixture *fixture, const char *path, struct cg_error *err)
{
    return spool_content_place(fixture->spool, fixture->digests.sha256, fixture->directory, path, err);
}

static void assert_file(const char *name, const char *text)
{
    char got[64];
    FILE *file = fopen(scratch_path(name), "rb");
    assert_non_null(file);
    size_t size = fread(got, 1, sizeof got, file);
    fclose(file);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(got, text, size);
}

static bool is_linked(const struct fixture *fixture, const char *name)
{
    struct stat placed, content;
    assert_int_equal(stat(scratch_path(name), &placed), 0);
    assert_int_equal(stat(spooled_content_path(fixture->digests.sha256), &content), 0);
    return placed.st_ino == content.st_ino;
}

static void links_without_a_copy(void **state)
{
    struct cg_error err = {0};
    assert_int_equal(place(*state, "image.tar.gz", &err), 0);
    assert_int_equal(place(*state, "a/b/image.tar.gz", &err), 0);
    assert_int_equal(place(*state, "a/b/other", &err), 0);
    assert_file("build/image.tar.gz", "a content");
    assert_true(is_linked(*state, "build/image.tar.gz"));
    assert_true(is_linked(*state, "build/a/b/image.tar.gz"));
    assert_true(is_linked(*state, "build/a/b/other"));
}

static void copies_where_links_cannot_be(void **state)
{
    static const int errors[] = {EXDEV, EPERM, EMLINK, EOPNOTSUPP};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct cg_error err = {0};
        syscalls_fail_at(1, SYSCALLS_LINK, errors[i]);
        assert_int_equal(place(*state, "a/image", &err), 0);
        assert_int_equal(syscalls_failed(), SYSCALLS_LINK);
        assert_file("build/a/image", "a content");
        assert_false(is_linked(*state, "build/a/image"));
    }
}

static void replaces_a_file(void **state)
{
    struct cg_error err = {0};
    scratch_write("build/image", "left by one that died");
    assert_int_equal(place(*state, "image", &err), 0);
    assert_int_equal(place(*state, "image", &err), 0);
    assert_file("build/image", "a content");
    assert_spooled(((struct fixture *)*state)->spool, ((struct fixture *)*state)->digests.sha256, "a content", 9);
}

static void stays_below_its_directory(void **state)
{
    static const char *const wrong[] = {"",         "/",          "/image",   ".",  "..",
                                        "../image", "a/../image", "a//image", "a/", "a/."};
    char expected[160];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(place(*state, wrong[i], &err), -1);
        snprintf(expected, sizeof expected, "\"%s\" is no place for a content, expected a relative path without \"..\"",
                 wrong[i]);
        assert_error(&err, CG_E_USAGE, expected);
    }
    char longest[NAME_MAX + 2];
    struct cg_error err = {0};
    memset(longest, 'x', sizeof longest);
    longest[NAME_MAX] = '\0';
    assert_int_equal(place(*state, longest, &err), 0);
    longest[NAME_MAX] = 'x';
    longest[NAME_MAX + 1] = '\0';
    assert_int_equal(place(*state, longest, &err), -1);
    assert_int_equal(err.code, CG_E_USAGE);
}

static void follows_no_symbolic_link(void **state)
{
    struct cg_error err = {0};
    scratch_make_directory("elsewhere");
    assert_int_equal(symlink(scratch_path("elsewhere"), scratch_path("build/a")), 0);
    assert_int_equal(place(*state, "a/image", &err), -1);
    assert_error_has(&err, CG_E_IO, "cannot open the directory a: ");
    assert_int_equal(spooled_count(scratch_path("elsewhere")), 0);
}

static void says_what_is_missing(void **state)
{
    struct cg_error err = {0};
    struct fixture *fixture = *state;
    assert_int_equal(spool_content_remove(fixture->spool, fixture->digests.sha256, 0, &err), 0);
    assert_int_equal(place(fixture, "image", &err), -1);
    assert_error(&err, CG_E_IO, "cannot place a content at image: No such file or directory");
}

/* Once by link, then by copy: after any failure no half file lies there, and trying again succeeds. */
static void every_call_failed_once(void **state)
{
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        size_t descriptors = spooled_descriptors();
        scratch_make_directory("build/a");
        syscalls_fail_at(n, SYSCALLS_ALL, ENOSPC);
        int result = place(*state, "a/image", &err);
        unsigned failed = syscalls_failed();
        syscalls_fail_at(0, 0, 0);
        assert_int_equal(result, failed ? -1 : 0);
        assert_true(!failed || err.code == CG_E_LIMIT);
        assert_int_equal(spooled_descriptors(), descriptors);
        assert_int_equal(spooled_count(scratch_path("build/a")), failed ? 0 : 1);
        unlink(scratch_path("build/a/image"));
        assert_int_equal(rmdir(scratch_path("build/a")), 0);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_without_a_copy, begin, end),
        cmocka_unit_test_setup_teardown(copies_where_links_cannot_be, begin, end),
        cmocka_unit_test_setup_teardown(replaces_a_file, begin, end),
        cmocka_unit_test_setup_teardown(stays_below_its_directory, begin, end),
        cmocka_unit_test_setup_teardown(follows_no_symbolic_link, begin, end),
        cmocka_unit_test_setup_teardown(says_what_is_missing, begin, end),
        cmocka_unit_test_setup_teardown(every_call_failed_once, begin, end),
    };
    return cmocka_run_group_tests_name("spool_place", tests, scratch_create, scratch_remove);
}
