/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spooled.h"

#include "allocation.h"
#include "syscalls.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* What the disk says of its free space: blocks of 4 KiB, of which the last two are for the superuser alone. */
static uint64_t free_blocks = 1U << 20U;

int fstatvfs(int fd, struct statvfs *status)
{
    (void)fd;
    *status = (struct statvfs){.f_bsize = 65536, .f_frsize = 4096, .f_bfree = free_blocks + 2, .f_bavail = free_blocks};
    return 0;
}

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    free_blocks = 1U << 20U;
    return 0;
}

static struct spool *open_with_reserve(uint64_t reserve_bytes)
{
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("spool"), .reserve_bytes = reserve_bytes};
    struct spool *spool = spool_open(&options, &err);
    assert_string_equal(err.message, "");
    return spool;
}

static void makes_its_layout(void **state)
{
    (void)state;
    static const char *const directories[] = {
        "spool",        "spool/parts", "spool/contents", "spool/contents/00", "spool/contents/9f", "spool/contents/ff",
        "spool/damaged"};
    spool_close(spooled_open());
    spool_close(spooled_open());
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        struct stat status;
        assert_int_equal(stat(scratch_path(directories[i]), &status), 0);
        assert_true(S_ISDIR(status.st_mode));
        assert_int_equal(status.st_mode & 0027U, 0);
    }
    assert_int_equal(spooled_count(scratch_path("spool/contents")), 256);
    spool_close(NULL);
}

static void refuses_a_directory_that_others_write(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *message;
    } cases[] = {{0770, "its mode is 0770, expected 0750 or less"},
                 {0702, "its mode is 0702, expected 0750 or less"},
                 {01777, "its mode is 1777, expected 0750 or less"}};
    scratch_make_directory("spool");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct spool_options options = {.directory = scratch_path("spool")};
        assert_int_equal(chmod(scratch_path("spool"), cases[i].mode), 0);
        assert_null(spool_open(&options, &err));
        assert_error_has(&err, CG_E_CONFIG, cases[i].message);
    }
    assert_int_equal(chmod(scratch_path("spool"), 0755), 0);
    spool_close(spooled_open());
}

static void refuses_a_directory_of_another(void **state)
{
    (void)state;
    struct cg_error err = {0};
    /* Whoever runs the tests: "/" is not theirs, or root may give the directory away. */
    const char *path = "/";
    if (geteuid() == 0) {
        scratch_make_directory("spool");
        path = scratch_path("spool");
        assert_int_equal(chown(path, 1, 1), 0);
    }
    struct spool_options options = {.directory = path};
    assert_null(spool_open(&options, &err));
    assert_error_has(&err, CG_E_CONFIG, "belongs to user ");
}

static void refuses_what_is_no_directory(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("none/spool")};
    assert_null(spool_open(&options, &err));
    assert_error_has(&err, CG_E_IO, "cannot make the directory ");
    scratch_write("spool", "a file");
    options.directory = scratch_path("spool");
    assert_null(spool_open(&options, &err));
    assert_error_has(&err, CG_E_IO, "cannot open the directory ");
}

static void room_ends_at_the_reserve(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct spool *spool = open_with_reserve(4096 * 10);
    char expected[1200];
    free_blocks = 15;
    assert_int_equal(spool_room(spool, 4096 * 5 - 1, &err), 0);
    assert_int_equal(spool_room(spool, 4096 * 5, &err), 0);
    assert_int_equal(spool_room(spool, 4096 * 5 + 1, &err), -1);
    snprintf(expected, sizeof expected, "no room in %s: 61440 bytes are free, expected 20481 and a reserve of 40960",
             scratch_path("spool"));
    assert_error(&err, CG_E_LIMIT, expected);
    assert_int_equal(spool_room(spool, UINT64_MAX, &err), -1);
    cg_error_clear(&err);
    free_blocks = 10;
    assert_int_equal(spool_room(spool, 0, &err), 0);
    assert_int_equal(spool_room(spool, 1, &err), -1);
    cg_error_clear(&err);
    free_blocks = 9;
    assert_int_equal(spool_room(spool, 0, &err), -1);
    spool_close(spool);
}

/* Room that vanishes while a part is received, by others, is noticed within SPOOL_ROOM_EVERY. */
static void appending_keeps_the_reserve(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct spool *spool = open_with_reserve(4096 * 10);
    CG_AUTO_FREE char *data = calloc(1, SPOOL_ROOM_EVERY);
    struct spool_part *part = spooled_part(spool, "a", 0);
    spooled_append(part, data, 1);
    free_blocks = 9;
    spooled_append(part, data, SPOOL_ROOM_EVERY);
    assert_int_equal(spool_part_append(part, data, 1, &err), -1);
    assert_error_has(&err, CG_E_LIMIT, "36864 bytes are free, expected 1 and a reserve of 40960");
    free_blocks = 11;
    spooled_append(part, data, 1);
    assert_int_equal(spool_room(spool, 4096, &err), 0);
    assert_int_equal(spool_room(spool, 4097, &err), -1);
    assert_error_has(&err, CG_E_LIMIT, "45056 bytes are free, expected 4097 and a reserve of 40960");
    spool_part_close(part);
    free_blocks = 9;
    part = spooled_part(spool, "a", SPOOL_ROOM_EVERY + 2);
    assert_int_equal(spool_part_append(part, data, 1, &err), -1);
    assert_error_has(&err, CG_E_LIMIT, "no room in ");
    spool_part_discard(part);
    spool_close(spool);
}

/* Fails the n-th call of one kind. Did it come to that? */
static bool fails_cleanly(unsigned long n, enum syscalls_kind kind)
{
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("spool")};
    size_t descriptors = spooled_descriptors();
    scratch_clear();
    syscalls_fail_at(n, kind, ENOSPC);
    struct spool *spool = spool_open(&options, &err);
    bool failed = syscalls_failed() != 0;
    syscalls_fail_at(0, 0, 0);
    assert_true(failed ? !spool && err.code == CG_E_LIMIT : spool != NULL);
    spool_close(spool);
    assert_int_equal(spooled_descriptors(), descriptors);
    spool_close(spooled_open());
    return failed;
}

/* Of the many directories that are made, the first ones and the last one: the rest is alike. */
static void every_kind_of_call_failed_once(void **state)
{
    (void)state;
    for (unsigned long n = 1; fails_cleanly(n, SYSCALLS_OPEN); n++)
        assert_true(n < 10);
    for (unsigned long n = 1; fails_cleanly(n, SYSCALLS_FSYNC); n++)
        assert_true(n < 10);
    for (unsigned long n = 1; n <= 5; n++)
        assert_true(fails_cleanly(n, SYSCALLS_MAKE));
    assert_true(fails_cleanly(4 + 256, SYSCALLS_MAKE));
    assert_false(fails_cleanly(5 + 256, SYSCALLS_MAKE));
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct spool_options options = {.directory = scratch_path("spool")};
        allocation_fail_at(n);
        struct spool *spool = spool_open(&options, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        assert_true(spool || err.code == CG_E_MEMORY);
        spool_close(spool);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(makes_its_layout, begin),
        cmocka_unit_test_setup(refuses_a_directory_that_others_write, begin),
        cmocka_unit_test_setup(refuses_a_directory_of_another, begin),
        cmocka_unit_test_setup(refuses_what_is_no_directory, begin),
        cmocka_unit_test_setup(room_ends_at_the_reserve, begin),
        cmocka_unit_test_setup(appending_keeps_the_reserve, begin),
        cmocka_unit_test_setup(every_kind_of_call_failed_once, begin),
        cmocka_unit_test_setup(survives_failed_allocations, begin),
    };
    return cmocka_run_group_tests_name("spool", tests, scratch_create, scratch_remove);
}
