/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time comes in from outside, so each deadline is met to the millisecond. */
#include "unit.h"

#include "intake/limits.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    struct limits *limits;
    struct limits_connection *connection;
    int ours, theirs;
};

static struct pair open_pair(const struct intake_limits *given)
{
    struct cg_error err = {0};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct pair pair = {.limits = limits_create(given, &err), .ours = fds[0], .theirs = fds[1]};
    pair.connection = limits_opened(pair.limits, pair.ours, 1000);
    return pair;
}

static void close_pair(struct pair *pair)
{
    limits_closed(pair->limits, pair->connection);
    limits_destroy(pair->limits);
    close(pair->ours);
    close(pair->theirs);
}

/* The other side sees the end of the connection. */
static bool was_shut(const struct pair *pair)
{
    char byte;
    return recv(pair->theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

static const struct intake_limits small = {.header_seconds = 2, .idle_seconds = 3, .rate_min = 100};

static void zeroes_are_the_documented_limits(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct limits *limits = limits_create(&(struct intake_limits){0}, &err);
    const struct intake_limits *given = limits_given(limits);
    assert_int_equal(given->metadata_bytes, 64 << 20);
    assert_true(given->output_bytes == UINT64_C(1) << 40);
    assert_int_equal(given->outputs, 10000);
    assert_int_equal(given->connections, 1000);
    assert_int_equal(given->connections_per_caller, 64);
    assert_int_equal(given->imports_per_caller, 1000);
    assert_int_equal(given->header_seconds, 10);
    assert_int_equal(given->idle_seconds, 60);
    assert_int_equal(given->rate_min, 1024);
    assert_int_equal(given->rate_seconds, 10);
    limits_destroy(limits);
}

static void phases_have_deadlines(void **state)
{
    (void)state;
    static const struct {
        enum limits_phase phase;
        unsigned most_ms;
    } cases[] = {{LIMITS_HEAD, 2000}, {LIMITS_NEXT, 5000}, {LIMITS_ANSWER, 3000}, {LIMITS_LINGER, LIMITS_LINGER_MS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair pair = open_pair(&small);
        limits_enter(pair.limits, pair.connection, cases[i].phase, 5000);
        assert_int_equal(limits_sweep(pair.limits, 5000 + cases[i].most_ms), 0);
        assert_false(was_shut(&pair));
        assert_int_equal(limits_sweep(pair.limits, 5000 + cases[i].most_ms + 1), 1);
        assert_true(was_shut(&pair));
        assert_int_equal(limits_sweep(pair.limits, 5000 + cases[i].most_ms + 2), 0);
        close_pair(&pair);
    }
}

static void a_new_connection_waits_for_its_head(void **state)
{
    (void)state;
    struct pair pair = open_pair(&small);
    assert_int_equal(limits_sweep(pair.limits, 3000), 0);
    assert_int_equal(limits_sweep(pair.limits, 3001), 1);
    close_pair(&pair);
}

static void work_has_no_deadline(void **state)
{
    (void)state;
    struct pair pair = open_pair(&small);
    limits_enter(pair.limits, pair.connection, LIMITS_WORK, 1000);
    assert_int_equal(limits_sweep(pair.limits, 1000000000), 0);
    close_pair(&pair);
}

/* A body that sends `bytes` in its first window of ten seconds. */
static unsigned dropped_after(size_t bytes)
{
    struct pair pair = open_pair(&small);
    limits_enter(pair.limits, pair.connection, LIMITS_BODY, 1000);
    limits_received(pair.limits, pair.connection, bytes, 2000);
    limits_worked(pair.limits, pair.connection, 2000);
    assert_int_equal(limits_sweep(pair.limits, 1000 + 10000 - 1), 0);
    unsigned count = limits_sweep(pair.limits, 1000 + 10000);
    close_pair(&pair);
    return count;
}

static void bodies_have_a_minimum_rate(void **state)
{
    (void)state;
    assert_int_equal(dropped_after(999), 1);
    assert_int_equal(dropped_after(1000), 0);
    assert_int_equal(dropped_after(1001), 0);
    assert_int_equal(dropped_after(0), 1);
}

static void a_good_window_does_not_excuse_the_next(void **state)
{
    (void)state;
    struct pair pair = open_pair(&small);
    limits_enter(pair.limits, pair.connection, LIMITS_BODY, 1000);
    limits_received(pair.limits, pair.connection, 1 << 30, 2000);
    limits_worked(pair.limits, pair.connection, 2000);
    assert_int_equal(limits_sweep(pair.limits, 11000), 0);
    assert_int_equal(limits_sweep(pair.limits, 20999), 0);
    assert_int_equal(limits_sweep(pair.limits, 21000), 1);
    close_pair(&pair);
}

static void time_of_handlers_does_not_count(void **state)
{
    (void)state;
    struct pair pair = open_pair(&small);
    limits_enter(pair.limits, pair.connection, LIMITS_BODY, 1000);
    limits_received(pair.limits, pair.connection, 1, 2000);
    assert_int_equal(limits_sweep(pair.limits, 900000), 0);
    limits_worked(pair.limits, pair.connection, 900000);
    assert_int_equal(limits_sweep(pair.limits, 898000 + 10999), 0);
    assert_int_equal(limits_sweep(pair.limits, 898000 + 11000), 1);
    close_pair(&pair);
}

static void connections_are_counted(void **state)
{
    (void)state;
    struct intake_limits given = {.connections = 2};
    struct pair pair = open_pair(&given);
    assert_int_equal(limits_connections(pair.limits), 1);
    assert_true(limits_admits(pair.limits, 1300));
    struct limits_connection *second = limits_opened(pair.limits, -1, 1000);
    limits_enter(pair.limits, pair.connection, LIMITS_BODY, 1000);
    limits_enter(pair.limits, second, LIMITS_WORK, 1000);
    assert_false(limits_admits(pair.limits, 1300));
    limits_closed(pair.limits, second);
    assert_true(limits_admits(pair.limits, 1300));
    close_pair(&pair);
}

static void who_waits_longest_gives_way(void **state)
{
    (void)state;
    struct intake_limits given = {.connections = 2};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct pair pair = open_pair(&given), other = {.theirs = ends[1]};
    struct limits_connection *second = limits_opened(pair.limits, ends[0], 1000);
    limits_enter(pair.limits, pair.connection, LIMITS_NEXT, 900);
    limits_enter(pair.limits, second, LIMITS_WORK, 900);
    /* Who was answered before is idle for a while first. */
    assert_false(limits_admits(pair.limits, 10899));
    limits_enter(pair.limits, second, LIMITS_HEAD, 1000);
    assert_true(limits_admits(pair.limits, 10900));
    assert_true(was_shut(&pair));
    assert_false(was_shut(&other));
    /* Its place is given once, though the library has not closed it yet. */
    struct limits_connection *third = limits_opened(pair.limits, -1, 1100);
    limits_enter(pair.limits, third, LIMITS_WORK, 1100);
    assert_true(limits_admits(pair.limits, 1300));
    assert_true(was_shut(&other));
    struct limits_connection *fourth = limits_opened(pair.limits, -1, 1200);
    /* A library that closes nothing gets no more. */
    assert_false(limits_admits(pair.limits, 1300));
    assert_int_equal(limits_sweep(pair.limits, 1200), 2);
    assert_int_equal(limits_sweep(pair.limits, 1200), 0);
    limits_closed(pair.limits, second);
    limits_enter(pair.limits, fourth, LIMITS_ANSWER, 1200);
    assert_false(limits_admits(pair.limits, 1300));
    limits_closed(pair.limits, third);
    limits_closed(pair.limits, fourth);
    close(ends[0]);
    close(ends[1]);
    close_pair(&pair);
}

static void each_caller_has_its_share(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct limits *limits = limits_create(&(struct intake_limits){.connections_per_caller = 2}, &err);
    assert_int_equal(limits_caller_enter(limits, "a", &err), 0);
    assert_int_equal(limits_caller_enter(limits, "a", &err), 0);
    assert_int_equal(limits_caller_enter(limits, "a", &err), -1);
    assert_error(&err, CG_E_BUSY, "2 requests of this caller are being served; at most 2 are at once");
    assert_int_equal(limits_caller_enter(limits, "b", &err), 0);
    limits_caller_leave(limits, "a");
    assert_int_equal(limits_caller_enter(limits, "a", &err), 0);
    limits_caller_leave(limits, "a");
    limits_caller_leave(limits, "a");
    limits_caller_leave(limits, "b");
    assert_int_equal(limits_caller_enter(limits, "a", &err), 0);
    limits_destroy(limits);
}

static void busy_is_a_request_under_way(void **state)
{
    (void)state;
    struct pair pair = open_pair(&small);
    assert_false(limits_busy(pair.limits));
    limits_enter(pair.limits, pair.connection, LIMITS_WORK, 1000);
    assert_true(limits_busy(pair.limits));
    limits_enter(pair.limits, pair.connection, LIMITS_NEXT, 1000);
    assert_false(limits_busy(pair.limits));
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroes_are_the_documented_limits),    cmocka_unit_test(phases_have_deadlines),
        cmocka_unit_test(a_new_connection_waits_for_its_head), cmocka_unit_test(work_has_no_deadline),
        cmocka_unit_test(bodies_have_a_minimum_rate),          cmocka_unit_test(a_good_window_does_not_excuse_the_next),
        cmocka_unit_test(time_of_handlers_does_not_count),     cmocka_unit_test(connections_are_counted),
        cmocka_unit_test(who_waits_longest_gives_way),         cmocka_unit_test(each_caller_has_its_share),
        cmocka_unit_test(busy_is_a_request_under_way),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
