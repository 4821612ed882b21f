/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a confined process cannot do any more. Each look is made in a child, as nothing of it can be taken back. */
/* _GNU_SOURCE: syscall(2). */
#define _GNU_SOURCE
#include "scratch.h"
#include "unit.h"

#include "cg/auto.h"
#include "content/image_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FILE_BYTES 10000

static const struct image_limits limits = {.memory_bytes = 512U << 20, .file_bytes = FILE_BYTES, .cpu_s = 7};

/* Runs `look` in a confined child; the status as of waitpid(). It returns 0 if all is as it should be. */
static int confined(int (*look)(int directory_fd))
{
    int directory_fd = open(scratch_path(""), O_RDONLY | O_DIRECTORY);
    pid_t child = fork();
    if (child == 0) {
        struct cg_error err = {0};
        if (image_confine(&limits, directory_fd, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            _exit(99);
        }
        _exit(look(directory_fd));
    }
    close(directory_fd);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#define assert_confined(look)                                                                                          \
    do {                                                                                                               \
        int status_ = confined(look);                                                                                  \
        assert_true(WIFEXITED(status_));                                                                               \
        assert_int_equal(WEXITSTATUS(status_), 0);                                                                     \
    } while (0)

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    return 0;
}

static int look_at_network(int directory_fd)
{
    (void)directory_fd;
    int ends[2];
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 1;
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 2;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? 3 : 0;
}

static void there_is_no_network(void **state)
{
    (void)state;
    assert_confined(look_at_network);
}

static int look_at_processes(int directory_fd)
{
    (void)directory_fd;
    char name[] = "/bin/true", *arguments[] = {name, NULL}, *environment[] = {NULL};
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EPERM)
        return 1;
    if (execve(name, arguments, environment) == 0 || errno != EPERM)
        return 2;
    if (kill(getppid(), 0) == 0 || errno != EPERM)
        return 3;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

static void there_are_no_other_processes(void **state)
{
    (void)state;
    assert_confined(look_at_processes);
}

static int look_at_files(int directory_fd)
{
    struct stat status;
    int fd = openat(directory_fd, "mine", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1)
        return 1;
    if (pwrite(fd, "x", 1, FILE_BYTES) == 1 || errno != EFBIG)
        return 2;
    if (mkdirat(directory_fd, "below", 0700) < 0 || linkat(directory_fd, "mine", directory_fd, "below/mine", 0) < 0)
        return 3;
    /* A kernel without Landlock goes by owners and permission bits. */
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 2)
        return 0;
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return 4;
    if (openat(directory_fd, "../made", O_WRONLY | O_CREAT, 0600) >= 0)
        return 5;
    return stat("/etc/passwd", &status) == 0 && unlink("/etc/passwd") < 0 ? 0 : 6;
}

static void there_are_no_files_but_in_the_directory(void **state)
{
    (void)state;
    assert_confined(look_at_files);
}

static int look_at_limits(int directory_fd)
{
    (void)directory_fd;
    struct rlimit limit;
    if (getrlimit(RLIMIT_CPU, &limit) < 0 || limit.rlim_cur != limits.cpu_s)
        return 1;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 64)
        return 2;
    if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_cur != 0)
        return 3;
    const struct rlimit more = {.rlim_cur = 100, .rlim_max = 100};
    if (setrlimit(RLIMIT_CPU, &more) == 0)
        return 4;
#if !defined(__SANITIZE_ADDRESS__)
    char *memory = malloc(limits.memory_bytes);
    if (memory)
        return 5;
#endif
    return 0;
}

static void amounts_are_limited_for_good(void **state)
{
    (void)state;
    assert_confined(look_at_limits);
}

static int fail_hard(int directory_fd)
{
    (void)directory_fd;
    abort();
}

/* A process that ends itself is seen to: a signal of its own must come through. */
static void it_can_still_die(void **state)
{
    (void)state;
    int status = confined(fail_hard);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(there_is_no_network, begin),
        cmocka_unit_test_setup(there_are_no_other_processes, begin),
        cmocka_unit_test_setup(there_are_no_files_but_in_the_directory, begin),
        cmocka_unit_test_setup(amounts_are_limited_for_good, begin),
        cmocka_unit_test_setup(it_can_still_die, begin),
    };
    return cmocka_run_group_tests_name("image_confine", tests, scratch_create, scratch_remove);
}
