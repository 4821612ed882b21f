/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memfd_create(2): Linux, in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "unit.h"

#include "logic/file_copy.h"
#include "scratch.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP (256 * 1024)
#define MOST (2 * STEP + 1)

static char content[MOST];
static char copied[MOST + 1];

/* A file with the first bytes of the content: on the disk, or in memory, from where the kernel copies to no disk. */
static int source(size_t size, int in_memory)
{
    int fd = in_memory ? memfd_create("source", MFD_CLOEXEC)
                       : open(scratch_path("source"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), size);
    return fd;
}

static int target(void)
{
    int fd = open(scratch_path("target"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    return fd;
}

/* The target holds the first `size` bytes of the content and no more. */
static void assert_copied(int to, size_t size)
{
    assert_int_equal(pread(to, copied, sizeof copied, 0), size);
    assert_memory_equal(copied, content, size);
}

static void all_bytes_are_copied(void **state)
{
    static const size_t sizes[] = {0, 1, STEP - 1, STEP, STEP + 1, MOST};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i / 2];
        int from = source(size, i % 2);
        int to = target();
        assert_int_equal(file_copy(from, to, size), 0);
        assert_copied(to, size);
        close(from);
        close(to);
    }
}

static void no_more_is_copied_than_was_asked_for_and_no_less_than_there_is(void **state)
{
    (void)state;
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        int from = source(1000, in_memory);
        int to = target();
        assert_int_equal(file_copy(from, to, 10), 0);
        assert_copied(to, 10);
        close(to);
        to = target();
        assert_int_equal(file_copy(from, to, MOST), 0);
        assert_copied(to, 1000);
        close(from);
        close(to);
    }
}

/* Reads and writes that fail are told; those that were interrupted or came to half of it go on. */
static void failures_of_the_disk(void **state)
{
    static const struct {
        unsigned kind;
        int error;
        int result;
    } cases[] = {{SYSCALLS_READ, EIO, -1},
                 {SYSCALLS_WRITE, ENOSPC, -1},
                 {SYSCALLS_READ, EINTR, 0},
                 {SYSCALLS_WRITE, EINTR, 0},
                 {SYSCALLS_WRITE, SYSCALLS_SHORT, 0},
                 {SYSCALLS_WRITE, SYSCALLS_SHORT_THEN_FULL, -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int from = source(MOST, 1);
        int to = target();
        syscalls_fail_at(2, cases[i].kind, cases[i].error);
        int result = file_copy(from, to, MOST);
        int error = errno;
        assert_int_equal(syscalls_failed(), cases[i].kind);
        syscalls_fail_at(0, 0, 0);
        assert_int_equal(result, cases[i].result);
        if (result == 0)
            assert_copied(to, MOST);
        else
            assert_int_equal(error, cases[i].error < 0 ? ENOSPC : cases[i].error);
        close(from);
        close(to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bytes_are_copied),
        cmocka_unit_test(no_more_is_copied_than_was_asked_for_and_no_less_than_there_is),
        cmocka_unit_test(failures_of_the_disk),
    };
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i * 7 + i / 251);
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
