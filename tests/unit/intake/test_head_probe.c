/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RTLD_NEXT */
#define _GNU_SOURCE
#include "unit.h"

#include "intake/head_probe.h"

#include <dlfcn.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

typedef const union MHD_ConnectionInfo *get_info(struct MHD_Connection *, enum MHD_ConnectionInfoType, ...);

/* What the library says of a head, for the test to change. */
static enum { TRUE_SIZE, NO_SIZE, SIZE_WITHOUT_THE_LAST_LINE } answer;

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    static union MHD_ConnectionInfo cut;
    get_info *library;
    void *symbol = dlsym(RTLD_NEXT, "MHD_get_connection_info");
    memcpy(&library, &symbol, sizeof library);
    const union MHD_ConnectionInfo *info = library(connection, type);
    if (answer == NO_SIZE || !info)
        return NULL;
    cut = *info;
    cut.header_size -= answer == SIZE_WITHOUT_THE_LAST_LINE ? 2 : 0;
    return &cut;
}

static void finds_the_form_of_the_library_that_is_here(void **state)
{
    (void)state;
    struct cg_error err = {0};
    answer = TRUE_SIZE;
    bool old = strncmp(MHD_get_version(), "0.9.", 4) == 0;
    assert_int_equal(head_probe(&err), old ? RAW_HEAD_CUT_LINES : RAW_HEAD_CUT_VALUES);
    assert_string_equal(err.message, "");
}

static void refuses_a_library_that_leaves_something_else(void **state)
{
    (void)state;
    char expected[200];
    snprintf(expected, sizeof expected, "libmicrohttpd %s leaves of requests what cannot be checked (request 1 of 32)",
             MHD_get_version());
    answer = NO_SIZE;
    for (; answer <= SIZE_WITHOUT_THE_LAST_LINE; answer++) {
        struct cg_error err = {0};
        assert_int_equal(head_probe(&err), RAW_HEAD_UNKNOWN);
        assert_string_equal(err.hint, "releases 0.9.75 and 1.0 are known to work");
        assert_error(&err, CG_E_UNSUPPORTED, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_form_of_the_library_that_is_here),
        cmocka_unit_test(refuses_a_library_that_leaves_something_else),
    };
    return cmocka_run_group_tests_name("head_probe", tests, NULL, NULL);
}
