/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scratch.h"

#include "cli/service_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that listens at `name`, "@" for an abstract one; the descriptor. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
    return fd;
}

static void hears(const char *name)
{
    struct cg_error err = {0};
    char text[64] = "";
    int fd = listen_at(name);
    setenv("NOTIFY_SOCKET", name, 1);
    assert_int_equal(service_manager_tell("READY=1", &err), 0);
    assert_int_equal(recv(fd, text, sizeof text - 1, 0), 7);
    assert_string_equal(text, "READY=1");
    close(fd);
}

static void a_manager_is_told(void **state)
{
    (void)state;
    char name[64];
    hears(scratch_path("notify"));
    snprintf(name, sizeof name, "@cg-import-test-%ld", (long)getpid());
    hears(name);
}

static void nobody_need_listen(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(service_manager_tell("READY=1", &err), 0);
    setenv("NOTIFY_SOCKET", "", 1);
    assert_int_equal(service_manager_tell("READY=1", &err), 0);
}

static void one_that_is_gone_is_an_error(void **state)
{
    (void)state;
    struct cg_error err = {0};
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_int_equal(service_manager_tell("READY=1", &err), -1);
    assert_error(&err, CG_E_CONFIG, "NOTIFY_SOCKET is \"relative\", expected a path or @name");
    setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    assert_int_equal(service_manager_tell("READY=1", &err), -1);
    assert_error(&err, CG_E_IO, "cannot tell /nonexistent/notify: No such file or directory");
}

static void the_watchdog_is_fed_twice_in_its_time(void **state)
{
    (void)state;
    char other[16];
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    assert_int_equal(service_manager_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "60000000", 1);
    assert_int_equal(service_manager_watchdog_ms(), 30000);
    snprintf(other, sizeof other, "%ld", (long)getpid() + 1);
    setenv("WATCHDOG_PID", other, 1);
    assert_int_equal(service_manager_watchdog_ms(), 0);
    snprintf(other, sizeof other, "%ld", (long)getpid());
    setenv("WATCHDOG_PID", other, 1);
    assert_int_equal(service_manager_watchdog_ms(), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_is_told),
        cmocka_unit_test(nobody_need_listen),
        cmocka_unit_test(one_that_is_gone_is_an_error),
        cmocka_unit_test(the_watchdog_is_fed_twice_in_its_time),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
