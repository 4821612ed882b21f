/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/output_verdict.h"

#include "unit.h"

/* A text as a field that is owned elsewhere takes it. */
#define TEXT(text) ((char[]){text})

static void assert_verdict(const struct store_output *output, uint64_t size_bytes, const char *message,
                           const char *pointer)
{
    struct cg_error err = {0};
    struct refusal refusal = {0};
    const struct cg_digests digests = {.size_bytes = size_bytes, .md5 = "aa", .sha256 = "bb", .adler32 = "cc"};
    assert_int_equal(output_verdict(output, &digests, &refusal, &err), message ? -1 : 0);
    if (message) {
        assert_error(&err, CG_E_MISMATCH, message);
        assert_string_equal(json_string_value(json_object_get(refusal.extra, "pointer")), pointer);
    }
    refusal_finish(&refusal);
}

static void test_files_and_outputs(void **state)
{
    (void)state;
    struct store_output output = {3, TEXT("a.tar"), 7, TEXT("md5"), TEXT("aa"), NULL, 0};
    assert_verdict(&output, 7, NULL, NULL);
    assert_verdict(&output, 6, "a.tar has 6 bytes, the metadata says 7", "/output/3/filesize");
    assert_verdict(&output, 8, "a.tar has 8 bytes, the metadata says 7", "/output/3/filesize");
    output.checksum = TEXT("bb");
    assert_verdict(&output, 7, "a.tar has md5 aa, the metadata says bb", "/output/3/checksum");
    output.checksum_type = TEXT("sha256");
    assert_verdict(&output, 7, NULL, NULL);
    output.checksum_type = TEXT("adler32");
    assert_verdict(&output, 7, "a.tar has adler32 cc, the metadata says bb", "/output/3/checksum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files_and_outputs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
