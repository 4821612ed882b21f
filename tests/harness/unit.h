/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

/* What every C test includes: cmocka with its prerequisites, and two checks of struct cg_error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cg/error.h"

/* The error has this code and exactly this message; it is cleared for the next check. */
#define assert_error(err, expected_code, expected_message)                                                             \
    do {                                                                                                               \
        assert_string_equal((err)->message, (expected_message));                                                       \
        assert_int_equal((err)->code, (expected_code));                                                                \
        cg_error_clear(err);                                                                                           \
    } while (0)

/* The error has this code and its message contains this text; it is cleared for the next check. */
#define assert_error_has(err, expected_code, part)                                                                     \
    do {                                                                                                               \
        if (!strstr((err)->message, (part)))                                                                           \
            fail_msg("\"%s\" does not contain \"%s\"", (err)->message, (part));                                        \
        assert_int_equal((err)->code, (expected_code));                                                                \
        cg_error_clear(err);                                                                                           \
    } while (0)

#endif
