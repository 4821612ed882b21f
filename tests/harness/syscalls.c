/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* syscall(): in glibc behind _GNU_SOURCE. */
#define _GNU_SOURCE
/* Here are the real functions, not the inline ones of a fortified build. */
#undef _FORTIFY_SOURCE
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local unsigned long countdown;
static _Thread_local unsigned watched;
static _Thread_local int wanted;
static _Thread_local unsigned failed;
static _Thread_local struct meanwhile {
    void (*function)(void *context);
    void *context;
} after_open, before_unlink;
static _Thread_local char *record;
static _Thread_local size_t record_room;

void syscalls_fail_at(unsigned long n, unsigned kinds, int error)
{
    countdown = n;
    watched = kinds;
    wanted = error;
    failed = 0;
}

unsigned syscalls_failed(void)
{
    return failed;
}

void syscalls_after_open(void (*meanwhile)(void *context), void *context)
{
    after_open = (struct meanwhile){meanwhile, context};
}

void syscalls_before_unlink(void (*meanwhile)(void *context), void *context)
{
    before_unlink = (struct meanwhile){meanwhile, context};
}

static void happen(struct meanwhile *meanwhile)
{
    struct meanwhile once = *meanwhile;
    *meanwhile = (struct meanwhile){NULL, NULL};
    if (once.function)
        once.function(once.context);
}

void syscalls_record(char *letters, size_t size)
{
    record = letters;
    record_room = size;
    if (letters)
        *letters = '\0';
}

static void note(enum syscalls_kind kind)
{
    static const char letters[] = "WRFNLUOMC";
    if (!record || record_room < 2)
        return;
    size_t bit = 0;
    while (!((unsigned)kind >> bit & 1U))
        bit++;
    *record++ = letters[bit];
    *record = '\0';
    record_room--;
}

/* Is this the call? A short write happens to writes alone. */
static bool fails_now(enum syscalls_kind kind)
{
    note(kind);
    if (countdown == 0 || !(watched & kind) || (wanted < 0 && kind != SYSCALLS_WRITE) || --countdown > 0)
        return false;
    failed = kind;
    if (wanted > 0)
        errno = wanted;
    return true;
}

/* What is left to be written of `size` bytes; 0 if the call fails. */
static size_t writable(size_t size)
{
    if (!fails_now(SYSCALLS_WRITE))
        return size;
    if (wanted > 0)
        return 0;
    if (wanted == SYSCALLS_SHORT_THEN_FULL) {
        wanted = ENOSPC;
        countdown = 1;
    }
    return (size + 1) / 2;
}

ssize_t write(int fd, const void *data, size_t size)
{
    size_t part = writable(size);
    return part == 0 && size > 0 ? -1 : syscall(SYS_write, fd, data, part);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    size_t part = writable(size);
    return part == 0 && size > 0 ? -1 : syscall(SYS_pwrite64, fd, data, part, at);
}

/* _FORTIFY_SOURCE calls the checked ones, which are in no header. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __pread64_chk(int fd, void *data, size_t size, off_t at, size_t room);

ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
    (void)room;
    return fails_now(SYSCALLS_READ) ? -1 : syscall(SYS_read, fd, data, size);
}

ssize_t __pread64_chk(int fd, void *data, size_t size, off_t at, size_t room)
{
    (void)room;
    return fails_now(SYSCALLS_READ) ? -1 : syscall(SYS_pread64, fd, data, size, at);
}

ssize_t read(int fd, void *data, size_t size)
{
    return fails_now(SYSCALLS_READ) ? -1 : syscall(SYS_read, fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t at)
{
    return fails_now(SYSCALLS_READ) ? -1 : syscall(SYS_pread64, fd, data, size, at);
}

int fsync(int fd)
{
    return fails_now(SYSCALLS_FSYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int old_fd, const char *old, int new_fd, const char *new)
{
    return fails_now(SYSCALLS_RENAME) ? -1 : (int)syscall(SYS_renameat2, old_fd, old, new_fd, new, 0);
}

int linkat(int old_fd, const char *old, int new_fd, const char *new, int flags)
{
    return fails_now(SYSCALLS_LINK) ? -1 : (int)syscall(SYS_linkat, old_fd, old, new_fd, new, flags);
}

int unlinkat(int fd, const char *path, int flags)
{
    happen(&before_unlink);
    return fails_now(SYSCALLS_UNLINK) ? -1 : (int)syscall(SYS_unlinkat, fd, path, flags);
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (fails_now(SYSCALLS_OPEN))
        return -1;
    int opened = (int)syscall(SYS_openat, fd, path, flags, mode);
    int error = errno;
    happen(&after_open);
    errno = error;
    return opened;
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    return fails_now(SYSCALLS_MAKE) ? -1 : (int)syscall(SYS_mkdirat, fd, path, mode);
}

int ftruncate(int fd, off_t size)
{
    return fails_now(SYSCALLS_CHANGE) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fchmod(int fd, mode_t mode)
{
    return fails_now(SYSCALLS_CHANGE) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int utimensat(int fd, const char *path, const struct timespec times[2], int flags)
{
    return fails_now(SYSCALLS_CHANGE) ? -1 : (int)syscall(SYS_utimensat, fd, path, times, flags);
}
