/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/parcels.h"
#include "unit.h"

#include <string.h>

/* Of which files the stated checksum is made while they are sent. */
static void a_large_file_is_judged_here_by_sha256_only(void **state)
{
    static const struct {
        uint64_t size_bytes;
        enum cg_digest_kind stated;
        unsigned made;
    } cases[] = {
        {IMPORT_JUDGED_BYTES - 1, CG_DIGEST_MD5, CG_DIGEST_MD5},
        {IMPORT_JUDGED_BYTES, CG_DIGEST_MD5, CG_DIGEST_MD5},
        {IMPORT_JUDGED_BYTES + 1, CG_DIGEST_MD5, 0},
        {IMPORT_JUDGED_BYTES + 1, CG_DIGEST_SHA1, 0},
        {IMPORT_JUDGED_BYTES + 1, CG_DIGEST_SHA256, CG_DIGEST_SHA256},
        {0, CG_DIGEST_SHA1, CG_DIGEST_SHA1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_output output = {.checksum_kind = cases[i].stated, .size_bytes = cases[i].size_bytes};
        struct import_parcel parcel = {.output = &output};
        assert_int_equal(import_parcel_kinds(&parcel), cases[i].made);
    }
}

static void what_was_not_made_is_not_judged(void **state)
{
    struct import_result result = {0};
    struct import_work work = {.result = &result};
    struct cg_output output = {.checksum_kind = CG_DIGEST_MD5, .checksum = "0123456789abcdef0123456789abcdef"};
    struct import_parcel parcel = {.output = &output, .path = (char[]){"a.tar"}};
    struct cg_digests digests = {.sha256 = "00"};
    struct cg_error err = {0};
    (void)state;
    assert_int_equal(import_parcel_judge(&work, &parcel, &digests, &err), 0);
    strcpy(digests.md5, output.checksum);
    assert_int_equal(import_parcel_judge(&work, &parcel, &digests, &err), 0);

    output.json = json_pack("{s:s}", "checksum", output.checksum);
    result.report = cg_report_create(&err);
    digests.md5[0] = '1';
    assert_int_equal(import_parcel_judge(&work, &parcel, &digests, &err), -1);
    assert_int_equal(err.code, CG_E_MISMATCH);
    assert_string_equal(err.message, "a.tar has the md5 1123456789abcdef0123456789abcdef, the metadata says "
                                     "0123456789abcdef0123456789abcdef");
    assert_string_equal(cg_report_get(result.report, 0)->rule, "file.checksum");
    cg_report_destroy(result.report);
    json_decref((json_t *)(uintptr_t)output.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_file_is_judged_here_by_sha256_only),
        cmocka_unit_test(what_was_not_made_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
