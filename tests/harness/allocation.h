/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_ALLOCATION_H
#define TESTS_ALLOCATION_H

/*
 * Fails the n-th allocation: run the call under test for n = 1, 2, ... until it succeeds.
 *
 * Interposes malloc, calloc and realloc of the whole program (glibc; strdup and libraries come through them too).
 * Under the address sanitizer, which owns the allocator, nothing fails and the loop ends after its first round.
 */

#include <stdbool.h>

/* The n-th allocation from here on fails, once; 0 lets all succeed. */
void allocation_fail_at(unsigned long n);

/* Did an allocation fail since allocation_fail_at()? */
bool allocation_failed(void);

/* Can allocations be made to fail in this build? */
bool allocation_can_fail(void);

#endif
