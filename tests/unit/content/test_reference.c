/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* syscall(), RENAME_EXCHANGE: in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
#include "unit.h"

#include "scratch.h"

#include "cg/auto.h"
#include "content/reference.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RACES = 3000 };

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    scratch_write("root/image", "inside");
    scratch_write("root/a/b/image", "inside");
    scratch_write("outside/image", "outside");
    return 0;
}

static int reference(const char *name, const char *path, struct cg_error *err)
{
    const struct reference_root roots[] = {
        {"other", "/nonexistent"}, {"builds", scratch_path("root")}, {"dev", "/dev"}};
    return reference_open(roots, 3, name, path, err);
}

static void assert_opens(const char *path)
{
    struct cg_error err = {0};
    char text[16] = "";
    CG_AUTO_FD int fd = reference("builds", path, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(read(fd, text, sizeof text - 1), 6);
    assert_string_equal(text, "inside");
}

static void assert_refused(const char *path, enum cg_code code, const char *message)
{
    struct cg_error err = {0};
    assert_int_equal(reference("builds", path, &err), -1);
    assert_error_has(&err, code, message);
}

static void opens_below_its_root(void **state)
{
    (void)state;
    assert_opens("image");
    assert_opens("a/b/image");
    assert_opens("a//b/./image");
}

static void a_root_may_be_reached_by_a_link(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(symlink("root", scratch_path("link-to-root")), 0);
    const struct reference_root root = {"linked", scratch_path("link-to-root")};
    CG_AUTO_FD int fd = reference_open(&root, 1, "linked", "image", &err);
    assert_true(fd >= 0);
}

static void only_configured_roots(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(reference("elsewhere", "image", &err), -1);
    assert_error(&err, CG_E_USAGE, "no root is called \"elsewhere\"");
    assert_int_equal(reference_open(NULL, 0, "builds", "image", &err), -1);
    assert_error(&err, CG_E_USAGE, "no root is called \"builds\"");
    assert_int_equal(reference("other", "image", &err), -1);
    assert_error(&err, CG_E_IO, "cannot open the root /nonexistent: No such file or directory");
}

static void paths_stay_below(void **state)
{
    (void)state;
    static const char *const dots[] = {"..", "../outside/image", "a/../image", "a/..", "a/b/../../../outside/image"};
    for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++)
        assert_refused(dots[i], CG_E_USAGE, "has the step \"..\", expected a path that stays below its root");
    assert_refused("", CG_E_USAGE, "\"\" is no path below a root, expected a relative path");
    assert_refused("/etc/passwd", CG_E_USAGE, "\"/etc/passwd\" is no path below a root, expected a relative path");
    char longest[PATH_MAX + 1];
    memset(longest, '/', sizeof longest);
    longest[0] = '.';
    longest[PATH_MAX - 1] = '\0';
    assert_refused(longest, CG_E_USAGE, "is not a regular file");
    longest[PATH_MAX - 1] = '/';
    longest[PATH_MAX] = '\0';
    assert_refused(longest, CG_E_USAGE, "is no path below a root");
    scratch_write("root/..image", "inside");
    assert_opens("..image");
    assert_refused("none", CG_E_IO, "cannot open none: No such file or directory");
    assert_refused("image/", CG_E_IO, "cannot open image/: Not a directory");
}

/* At every position: first, middle, last; to within the root, too, since what it leads to may change. */
static void no_symbolic_link(void **state)
{
    (void)state;
    assert_int_equal(symlink("image", scratch_path("root/last")), 0);
    assert_int_equal(symlink("a", scratch_path("root/first")), 0);
    assert_int_equal(symlink("b", scratch_path("root/a/middle")), 0);
    assert_int_equal(symlink(scratch_path("outside"), scratch_path("root/a/out")), 0);
    assert_int_equal(symlink("/etc/passwd", scratch_path("root/a/b/absolute")), 0);
    static const char *const links[] = {"last", "first/b/image", "a/middle/image", "a/out/image", "a/b/absolute"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        assert_refused(links[i], CG_E_USAGE, "is a symbolic link or passes one, expected none");
    struct cg_error err = {0};
    const struct reference_root magic = {"magic", "/proc/self"};
    assert_int_equal(reference_open(&magic, 1, "magic", "exe", &err), -1);
    assert_error_has(&err, CG_E_USAGE, "is a symbolic link or passes one");
    assert_int_equal(reference_open(&magic, 1, "magic", "root/etc/passwd", &err), -1);
    assert_error_has(&err, CG_E_USAGE, "is a symbolic link or passes one");
}

/* A FIFO would wait for its writer for ever. */
static void only_regular_files(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(mkfifo(scratch_path("root/fifo"), 0600), 0);
    assert_refused("fifo", CG_E_USAGE, "\"fifo\" is not a regular file");
    assert_refused("a", CG_E_USAGE, "\"a\" is not a regular file");
    assert_refused(".", CG_E_USAGE, "\".\" is not a regular file");
    assert_int_equal(reference("dev", "null", &err), -1);
    assert_error(&err, CG_E_USAGE, "\"null\" is not a regular file");
}

/* The names that change places, and how long. */
struct swap {
    atomic_bool going;
    char directory[512];
    char link[512];
};

/* A directory and a link to the outside change places all the time. */
static void *swap_places(void *context)
{
    struct swap *swap = context;
    while (atomic_load(&swap->going))
        syscall(SYS_renameat2, AT_FDCWD, swap->directory, AT_FDCWD, swap->link, RENAME_EXCHANGE);
    return NULL;
}

static void no_race_leaves_the_root(void **state)
{
    (void)state;
    struct swap swap = {.going = true};
    pthread_t thread;
    unsigned inside = 0, outside = 0;
    assert_int_equal(symlink(scratch_path("outside"), scratch_path("root/a/link")), 0);
    snprintf(swap.directory, sizeof swap.directory, "%s", scratch_path("root/a/b"));
    snprintf(swap.link, sizeof swap.link, "%s", scratch_path("root/a/link"));
    assert_int_equal(pthread_create(&thread, NULL, swap_places, &swap), 0);
    for (unsigned i = 0; i < RACES; i++) {
        struct cg_error err = {0};
        char text[16] = "";
        CG_AUTO_FD int fd = reference("builds", "a/b/image", &err);
        if (fd < 0)
            continue;
        bool right = read(fd, text, sizeof text - 1) == 6 && strcmp(text, "inside") == 0;
        inside += right;
        outside += !right;
    }
    atomic_store(&swap.going, false);
    pthread_join(thread, NULL);
    assert_int_equal(outside, 0);
    assert_true(inside > 0);
}

static void leaves_no_descriptor(void **state)
{
    (void)state;
    struct cg_error err = {0};
    int before = dup(0);
    close(before);
    reference("builds", "none", &err);
    reference("builds", "a", &err);
    CG_AUTO_FD int fd = reference("builds", "image", &err);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    int after = dup(0);
    close(after);
    assert_true(after <= before + 1);
}

/* This process has openat2 no more. */
static void forget_openat2(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38U /* ENOSYS */),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof steps[0], .filter = steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(2);
}

static void an_old_kernel_is_told(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct cg_error err = {0};
        forget_openat2();
        int fd = reference("builds", "image", &err);
        bool told = fd == -1 && err.code == CG_E_UNSUPPORTED &&
                    strcmp(err.message, "cannot open \"image\" safely: this kernel has no openat2") == 0;
        _exit(told ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opens_below_its_root, begin),
        cmocka_unit_test_setup(a_root_may_be_reached_by_a_link, begin),
        cmocka_unit_test_setup(only_configured_roots, begin),
        cmocka_unit_test_setup(paths_stay_below, begin),
        cmocka_unit_test_setup(no_symbolic_link, begin),
        cmocka_unit_test_setup(only_regular_files, begin),
        cmocka_unit_test_setup(no_race_leaves_the_root, begin),
        cmocka_unit_test_setup(leaves_no_descriptor, begin),
        cmocka_unit_test_setup(an_old_kernel_is_told, begin),
    };
    return cmocka_run_group_tests_name("reference", tests, scratch_create, scratch_remove);
}
