/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/version.h"

static void tells_its_own_and_its_libraries(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_string_equal(cg_version(), CG_VERSION);
    assert_int_equal(cg_version_libraries(&text, &err), 0);
    static const char *const names[] = {"jansson 2.", ", OpenSSL 3.", ", zlib 1.", ", PCRE2 10."};
    const char *at = cg_bytes_text(&text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        at = strstr(at, names[i]);
        assert_non_null(at);
    }
    assert_null(strchr(strstr(at, "PCRE2 ") + strlen("PCRE2 "), ' ')); /* without its date */
}

static void fails_without_memory(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (!allocation_can_fail())
        return;
    allocation_fail_at(1);
    assert_int_equal(cg_version_libraries(&text, &err), -1);
    allocation_fail_at(0);
    assert_error(&err, CG_E_MEMORY, "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_its_own_and_its_libraries),
        cmocka_unit_test(fails_without_memory),
    };
    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
