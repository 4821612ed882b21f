/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SYSCALLS_H
#define TESTS_SYSCALLS_H

/*
 * Fails the n-th system call on files: run the call under test for n = 1, 2, ... until it succeeds without one failing.
 *
 * Interposes, in the whole test program, what SYSCALLS lists; calls that libc makes for itself (stdio) are not seen.
 * Only calls of the thread that asked for it are counted.
 */

#include <stdbool.h>
#include <stddef.h>

enum syscalls_kind {
    SYSCALLS_WRITE = 1,    /* write, pwrite */
    SYSCALLS_READ = 2,     /* read, pread */
    SYSCALLS_FSYNC = 4,    /* fsync */
    SYSCALLS_RENAME = 8,   /* renameat */
    SYSCALLS_LINK = 16,    /* linkat */
    SYSCALLS_UNLINK = 32,  /* unlinkat */
    SYSCALLS_OPEN = 64,    /* openat */
    SYSCALLS_MAKE = 128,   /* mkdirat */
    SYSCALLS_CHANGE = 256, /* ftruncate, fchmod, utimensat */
    SYSCALLS_ALL = 511
};

/* Instead of an errno: half of what is to be written is written, in good health. Does nothing to other calls. */
#define SYSCALLS_SHORT (-1)
/* The same, and the next write fails with ENOSPC: how a disk fills up. */
#define SYSCALLS_SHORT_THEN_FULL (-2)

/* The n-th call of `kinds` (combined with |) from here on fails with errno `error`, once; 0 lets all succeed. */
void syscalls_fail_at(unsigned long n, unsigned kinds, int error);

/* What happens at the same time: called once, right after the next openat, or right before the next unlinkat. */
void syscalls_after_open(void (*meanwhile)(void *context), void *context);
void syscalls_before_unlink(void (*meanwhile)(void *context), void *context);

/*
 * From here on each call leaves its letter in `letters`, NUL-terminated, as long as there is room: Write, Read, Fsync,
 * Name (renameat), Link, Unlink, Open, Make, Change. NULL ends it.
 */
void syscalls_record(char *letters, size_t size);

/* The kind that failed since syscalls_fail_at(), 0 if none did. */
unsigned syscalls_failed(void);

#endif
