/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/digest_field.h"

#include "unit.h"

/* RFC 9530, appendix B.1: {"hello": "world"} and a line feed. */
#define EXAMPLE "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define EXAMPLE_HEX "44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38"

static void test_the_example_of_the_rfc(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char sha256[65] = "";
    assert_int_equal(digest_field_sha256("Repr-Digest", EXAMPLE, sha256, &err), 1);
    assert_string_equal(sha256, EXAMPLE_HEX);
    memset(sha256, 0, sizeof sha256);
    assert_int_equal(digest_field_sha256("Repr-Digest", "sha-512=:AA==:, \t" EXAMPLE ",x=:=:", sha256, &err), 1);
    assert_string_equal(sha256, EXAMPLE_HEX);
    assert_int_equal(digest_field_sha256("Repr-Digest", NULL, sha256, &err), 0);
}

static void test_what_cannot_be_verified_is_refused(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char sha256[65];
    assert_int_equal(digest_field_sha256("Content-Digest", "sha-512=:AA==:", sha256, &err), -1);
    assert_error(&err, CG_E_USAGE, "Content-Digest is \"sha-512=:AA==:\", expected sha-256=:BASE64:");
    assert_int_equal(digest_field_sha256("Content-Digest", "", sha256, &err), -1);
    assert_error(&err, CG_E_USAGE, "Content-Digest is \"\", expected sha-256=:BASE64:");
    static const char *const malformed[] = {"sha-256=::",
                                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
                                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
                                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDgA:",
                                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:",
                                            "sha-256=:RK-0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
                                            "sha-256=:RK=0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        assert_int_equal(digest_field_sha256("Content-Digest", malformed[i], sha256, &err), -1);
        assert_error(&err, CG_E_USAGE, "Content-Digest has a sha-256 that is no base64 of 32 bytes between colons");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_rfc),
        cmocka_unit_test(test_what_cannot_be_verified_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
