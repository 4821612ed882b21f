/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_RUNNING_SERVER_H
#define TESTS_RUNNING_SERVER_H

/* A server on loopback with routes of the test, and a client that sends exactly the bytes it is told. */

#include "unit.h"

#include "intake/server_private.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* After this long without a byte a test gives up; nothing is measured with it. */
#define RUNNING_PATIENCE_MS 300000

static inline struct intake *running_start(struct intake_options *options, const struct intake_route *routes,
                                           size_t count)
{
    struct cg_error err = {0};
    struct router router = {.count = 1, .tables = {{routes, count}}};
    if (!options->unix_socket)
        options->address = "127.0.0.1";
    if (!options->threads)
        options->threads = 2;
    struct intake *intake = server_start(options, &router, &err);
    if (!intake)
        fail_msg("%s", err.message);
    return intake;
}

static inline int running_connect(const struct intake *intake)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(intake_port(intake))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline int running_connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    stpcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends; what the other side does not take any more is lost, which is for the test to see in the answer. */
static inline void running_send(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0)
            return;
        at += sent;
        size -= (size_t)sent;
    }
}

/* Reads until the server closes or `enough` is in it (NULL: until it closes). True if it closed. */
static inline bool running_read(int fd, char *text, size_t size, const char *enough)
{
    size_t filled = 0;
    text[0] = '\0';
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, RUNNING_PATIENCE_MS) <= 0)
            fail_msg("nothing came for %d ms after \"%s\"", RUNNING_PATIENCE_MS, text);
        ssize_t got = recv(fd, text + filled, size - 1 - filled, 0);
        if (got <= 0)
            return true;
        filled += (size_t)got;
        /* What comes may hold NUL bytes; texts are searched here. */
        for (size_t i = filled - (size_t)got; i < filled; i++)
            if (!text[i])
                text[i] = '?';
        text[filled] = '\0';
        if ((enough && strstr(text, enough)) || filled == size - 1)
            return false;
    }
}

/* One connection: sends `request`, reads all that comes until the server closes. */
static inline void running_exchange(const struct intake *intake, const char *request, char *text, size_t size)
{
    int fd = running_connect(intake);
    running_send(fd, request, strlen(request));
    shutdown(fd, SHUT_WR);
    running_read(fd, text, size, NULL);
    close(fd);
}

static inline size_t running_count(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        count++;
    return count;
}

#endif
