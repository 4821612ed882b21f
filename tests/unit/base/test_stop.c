/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

/* Longer than any test may take: a sleep of this ends only because it is woken. */
#define FOREVER_MS 600000

static void rises_level_by_level(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    assert_int_equal(stop_level(&stop), STOP_NONE);
    stop_request(&stop);
    assert_int_equal(stop_level(&stop), STOP_SOON);
    stop_request(&stop);
    assert_int_equal(stop_level(&stop), STOP_NOW);
    stop_request(&stop);
    assert_int_equal(stop_level(&stop), STOP_NOW);
    stop_finish(&stop);
}

static void sleeps_its_time(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    uint64_t before = clock_monotonic_ms();
    assert_int_equal(stop_sleep(&stop, 30), 0);
    assert_true(clock_monotonic_ms() - before >= 30);
    before = clock_monotonic_ms();
    assert_int_equal(stop_sleep(NULL, 30), 0);
    assert_true(clock_monotonic_ms() - before >= 30);
    assert_int_equal(stop_sleep(&stop, 0), 0);
    stop_finish(&stop);
}

static void needs_no_stop(void **state)
{
    (void)state;
    assert_int_equal(stop_level(NULL), STOP_NONE);
}

static void does_not_sleep_when_stopped(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    stop_request(&stop);
    assert_int_equal(stop_sleep(&stop, FOREVER_MS), 1);
    assert_int_equal(stop_sleep(&stop, FOREVER_MS), 1);
    stop_finish(&stop);
}

static void *request_from_thread(void *stop)
{
    stop_sleep(NULL, 20);
    stop_request(stop);
    return NULL;
}

static void wakes_for_another_thread(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    pthread_t thread;
    assert_int_equal(stop_init(&stop, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, request_from_thread, &stop), 0);
    assert_int_equal(stop_sleep(&stop, FOREVER_MS), 1);
    pthread_join(thread, NULL);
    stop_finish(&stop);
}

static struct stop *signalled;

static void on_signal(int number)
{
    (void)number;
    stop_request(signalled);
}

static void wakes_for_a_signal(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    signalled = &stop;
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;
    sigaction(SIGUSR1, &action, &before);
    errno = 42;
    raise(SIGUSR1);
    assert_int_equal(errno, 42);
    assert_int_equal(stop_sleep(&stop, FOREVER_MS), 1);
    sigaction(SIGUSR1, &before, NULL);
    stop_finish(&stop);
}

/* More requests than the pipe has room for: none of them blocks. */
static void never_blocks_a_request(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    for (int i = 0; i < 100000; i++)
        stop_request(&stop);
    assert_int_equal(stop_level(&stop), STOP_NOW);
    stop_finish(&stop);
}

static void is_not_inherited_by_programs(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    assert_true(fcntl(stop.pipe_[0], F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(stop.pipe_[1], F_GETFD) & FD_CLOEXEC);
    stop_finish(&stop);
    stop_finish(&stop);
}

static void says_when_there_are_no_descriptors(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stop stop;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    int result = stop_init(&stop, &err);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(result, -1);
    assert_error(&err, CG_E_IO, "cannot make a pipe: Too many open files");
    stop_finish(&stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rises_level_by_level),
        cmocka_unit_test(sleeps_its_time),
        cmocka_unit_test(needs_no_stop),
        cmocka_unit_test(does_not_sleep_when_stopped),
        cmocka_unit_test(wakes_for_another_thread),
        cmocka_unit_test(wakes_for_a_signal),
        cmocka_unit_test(never_blocks_a_request),
        cmocka_unit_test(is_not_inherited_by_programs),
        cmocka_unit_test(says_when_there_are_no_descriptors),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
