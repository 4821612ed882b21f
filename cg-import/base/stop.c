/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/stop.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

static int set_flags(int fd)
{
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return -1;
    return fcntl(fd, F_SETFL, O_NONBLOCK);
}

int stop_init(struct stop *stop, struct cg_error *err)
{
    atomic_init(&stop->level_, STOP_NONE);
    if (pipe(stop->pipe_) != 0) {
        stop->pipe_[0] = stop->pipe_[1] = -1;
        return cg_fail_errno(err, "make", "a pipe");
    }
    /* Non-blocking, so that a signal handler never waits for room in the pipe. */
    if (set_flags(stop->pipe_[0]) != 0 || set_flags(stop->pipe_[1]) != 0) {
        cg_fail_errno(err, "set up", "a pipe");
        stop_finish(stop);
        return -1;
    }
    return 0;
}

void stop_request(struct stop *stop)
{
    int saved = errno;
    int level = atomic_load(&stop->level_);
    while (level < STOP_NOW && !atomic_compare_exchange_weak(&stop->level_, &level, level + 1))
        ;
    /* One byte, never read: the pipe stays readable. That it is full is as good as written. */
    ssize_t written = write(stop->pipe_[1], "", 1);
    (void)written;
    errno = saved;
}

enum stop_level stop_level(const struct stop *stop)
{
    return stop ? (enum stop_level)atomic_load(&stop->level_) : STOP_NONE;
}

int stop_sleep(const struct stop *stop, unsigned milliseconds)
{
    uint64_t end = clock_monotonic_ms() + milliseconds;
    struct pollfd wake = {.fd = stop ? stop->pipe_[0] : -1, .events = POLLIN};
    for (;;) {
        if (stop_level(stop) != STOP_NONE)
            return 1;
        uint64_t now = clock_monotonic_ms();
        if (now >= end)
            return 0;
        uint64_t left = end - now;
        poll(&wake, 1, left > INT_MAX ? INT_MAX : (int)left);
    }
}

int stop_descriptor(const struct stop *stop)
{
    return stop ? stop->pipe_[0] : -1;
}

void stop_finish(struct stop *stop)
{
    for (int i = 0; i < 2; i++) {
        if (stop->pipe_[i] >= 0)
            close(stop->pipe_[i]);
        stop->pipe_[i] = -1;
    }
}
