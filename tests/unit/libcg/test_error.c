/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

static void records_what_went_wrong(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(cg_fail(&err, CG_E_NVR, "\"%s\" has %d dashes, expected %d", "a-b", 1, 2), -1);
    assert_int_equal(err.code, CG_E_NVR);
    assert_int_equal(err.fault, 0);
    assert_string_equal(err.message, "\"a-b\" has 1 dashes, expected 2");
    assert_string_equal(err.hint, "");
    assert_int_equal(cg_hint(&err, "add %s", "one"), -1);
    assert_string_equal(err.hint, "add one");
    cg_error_clear(&err);
    assert_int_equal(err.code, CG_OK);
    assert_string_equal(err.message, "");
    assert_string_equal(err.hint, "");
}

static void lets_the_first_error_win(void **state)
{
    (void)state;
    struct cg_error err = {0};
    cg_fail(&err, CG_E_BUSY, "first");
    cg_hint(&err, "first hint");
    assert_int_equal(cg_fail(&err, CG_E_NVR, "second"), -1);
    assert_int_equal(cg_fail_memory(&err), -1);
    assert_int_equal(cg_hint(&err, "second hint"), -1);
    assert_string_equal(err.hint, "first hint");
    assert_error(&err, CG_E_BUSY, "first");
}

static void needs_no_error_to_record_in(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(cg_fail(NULL, CG_E_BUSY, "first"), -1);
    assert_int_equal(cg_fail_memory(NULL), -1);
    assert_int_equal(cg_fail_errno(NULL, "open", "file"), -1);
    assert_int_equal(cg_hint(NULL, "hint"), -1);
    cg_error_clear(NULL);
    assert_int_equal(cg_hint(&err, "a hint without an error"), -1);
    assert_string_equal(err.hint, "");
}

static void names_the_file_and_the_reason(void **state)
{
    (void)state;
    struct cg_error err = {0};
    errno = EACCES;
    assert_int_equal(cg_fail_errno(&err, "open", "image.tar.gz"), -1);
    assert_error(&err, CG_E_IO, "cannot open image.tar.gz: Permission denied");
    cg_fail_memory(&err);
    assert_error(&err, CG_E_MEMORY, "out of memory");
}

/* Fails with a text of `length` bytes that ends in `tail`. */
static void fail_with(struct cg_error *err, size_t length, const char *tail)
{
    char text[CG_ERROR_MESSAGE_SIZE + 16];
    memset(text, 'x', sizeof text);
    memcpy(text + length - strlen(tail), tail, strlen(tail) + 1);
    cg_fail(err, CG_E_USAGE, "%s", text);
    cg_hint(err, "%s", text);
}

static void cuts_long_texts_at_a_character(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        const char *tail;
        size_t kept;
        const char *end;
    } cases[] = {
        {1022, "y", 1022, "xy"},
        {1023, "y", 1023, "xy"},
        {1024, "y", 1023, "xx..."},
        {1025, "\xe2\x82\xac\xe2\x82\xac", 1022, "xx..."},
        {1025, "\xf0\x9f\x98\x80yy", 1022, "xx..."},
        {1024, "\xf0\x9f\x98\x80", 1023, "xx..."},
        {1024, "\xe2\x82\xacyyyy", 1023, "\xe2\x82\xac..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        fail_with(&err, cases[i].length, cases[i].tail);
        assert_int_equal(strlen(err.message), cases[i].kept);
        assert_string_equal(err.message + cases[i].kept - strlen(cases[i].end), cases[i].end);
        assert_int_equal(strlen(err.hint), CG_ERROR_HINT_SIZE - 1);
        assert_string_equal(err.hint + CG_ERROR_HINT_SIZE - 5, "x...");
    }
}

/* Scripts, journals and databases hold these numbers: a row of this table is never changed, only rows are added. */
static const struct {
    enum cg_code code;
    int number;
    const char *name;
    int http_status, exit_status;
    bool retryable, refund;
    const char *python_class;
} frozen[] = {
    {CG_OK, 0, "CG_OK", 200, 0, false, false, "None"},
    {CG_E_MEMORY, 1, "CG_E_MEMORY", 503, 3, true, true, "MemoryError"},
    {CG_E_USAGE, 2, "CG_E_USAGE", 400, 2, false, true, "koji.ParameterError"},
    {CG_E_IO, 3, "CG_E_IO", 500, 2, false, true, "OSError"},
    {CG_E_CONFIG, 4, "CG_E_CONFIG", 500, 2, false, true, "koji.ConfigurationError"},
    {CG_E_INTERNAL, 5, "CG_E_INTERNAL", 500, 2, false, true, "RuntimeError"},
    {CG_E_INTERRUPTED, 6, "CG_E_INTERRUPTED", 503, 3, true, true, "KeyboardInterrupt"},
    {CG_E_SYNTAX, 20, "CG_E_SYNTAX", 400, 1, false, true, "koji.GenericError"},
    {CG_E_REFUSED, 21, "CG_E_REFUSED", 422, 1, false, true, "koji.GenericError"},
    {CG_E_NVR, 22, "CG_E_NVR", 422, 1, false, true, "koji.GenericError"},
    {CG_E_MISMATCH, 23, "CG_E_MISMATCH", 422, 1, false, true, "koji.GenericError"},
    {CG_E_LIMIT, 24, "CG_E_LIMIT", 413, 1, false, true, "koji.GenericError"},
    {CG_E_SCHEMA, 25, "CG_E_SCHEMA", 500, 2, false, true, "ValueError"},
    {CG_E_CONFLICT, 30, "CG_E_CONFLICT", 409, 4, false, true, "koji.GenericError"},
    {CG_E_RESERVED, 31, "CG_E_RESERVED", 409, 4, false, false, "koji.GenericError"},
    {CG_E_STRAY, 32, "CG_E_STRAY", 409, 4, false, false, "koji.GenericError"},
    {CG_E_UNREACHABLE, 40, "CG_E_UNREACHABLE", 502, 3, true, true, "OSError"},
    {CG_E_OFFLINE, 41, "CG_E_OFFLINE", 503, 3, true, true, "koji.ServerOffline"},
    {CG_E_BUSY, 42, "CG_E_BUSY", 503, 3, true, true, "koji.LockError"},
    {CG_E_AUTH, 43, "CG_E_AUTH", 403, 1, false, true, "koji.AuthError"},
    {CG_E_DENIED, 44, "CG_E_DENIED", 403, 1, false, true, "koji.ActionNotAllowed"},
    {CG_E_HUB_REFUSED, 45, "CG_E_HUB_REFUSED", 422, 1, false, true, "koji.GenericError"},
    {CG_E_HUB_FAULT, 46, "CG_E_HUB_FAULT", 502, 1, false, true, "koji.GenericError"},
    {CG_E_HUB_REPLY, 47, "CG_E_HUB_REPLY", 502, 3, true, true, "koji.GenericError"},
    {CG_E_SESSION, 48, "CG_E_SESSION", 502, 3, true, true, "koji.AuthExpired"},
    {CG_E_RETRIED, 49, "CG_E_RETRIED", 409, 5, false, false, "koji.RetryError"},
    {CG_E_UNKNOWN, 50, "CG_E_UNKNOWN", 504, 5, false, false, "koji.GenericError"},
    {CG_E_TRANSFER, 51, "CG_E_TRANSFER", 502, 3, true, true, "koji.GenericError"},
    {CG_E_TOO_LARGE, 52, "CG_E_TOO_LARGE", 413, 3, true, true, "koji.GenericError"},
    {CG_E_UNSUPPORTED, 53, "CG_E_UNSUPPORTED", 422, 1, false, true, "koji.GenericError"},
    {CG_E_TAG, 54, "CG_E_TAG", 502, 1, false, false, "koji.TagError"},
    {CG_E_FORM, 60, "CG_E_FORM", 400, 10, false, false, "ValueError"},
    {CG_E_SIGNATURE, 61, "CG_E_SIGNATURE", 403, 11, false, false, "ValueError"},
    {CG_E_QUORUM, 62, "CG_E_QUORUM", 503, 12, false, false, "ValueError"},
    {CG_E_PROOF, 63, "CG_E_PROOF", 422, 13, false, false, "ValueError"},
    {CG_E_FORK, 64, "CG_E_FORK", 409, 14, false, false, "ValueError"},
    {CG_E_DIFFERS, 65, "CG_E_DIFFERS", 409, 15, false, false, "ValueError"},
    {CG_E_INCOMPLETE, 66, "CG_E_INCOMPLETE", 404, 16, false, false, "ValueError"},
};
enum { FROZEN_COUNT = sizeof frozen / sizeof frozen[0] };

static void keeps_the_meaning_of_every_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < FROZEN_COUNT; i++) {
        const struct cg_code_info *info = cg_code_info(frozen[i].code);
        assert_int_equal(frozen[i].code, frozen[i].number);
        assert_int_equal(info->code, frozen[i].number);
        assert_string_equal(info->name, frozen[i].name);
        assert_int_equal(info->http_status, frozen[i].http_status);
        assert_int_equal(info->exit_status, frozen[i].exit_status);
        assert_int_equal(info->retryable, frozen[i].retryable);
        assert_int_equal(info->refund, frozen[i].refund);
        assert_string_equal(info->python_class, frozen[i].python_class);
    }
}

static void knows_no_number_that_is_not_frozen(void **state)
{
    (void)state;
    size_t known = 0;
    for (int number = -1; number < 300; number++) {
        const struct cg_code_info *info = cg_code_info((enum cg_code)number);
        assert_non_null(info->meaning);
        if ((int)info->code == number && strcmp(info->name, "unknown") != 0)
            known++;
        else
            assert_string_equal(info->meaning, "unknown code");
    }
    assert_int_equal(known, FROZEN_COUNT);
}

static void says_what_each_code_means_in_a_phrase(void **state)
{
    (void)state;
    for (size_t i = 0; i < FROZEN_COUNT; i++) {
        const char *meaning = cg_code_info(frozen[i].code)->meaning;
        assert_true(strlen(meaning) > 3);
        assert_true(meaning[strlen(meaning) - 1] != '.');
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(meaning, cg_code_info(frozen[other].code)->meaning);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_what_went_wrong),
        cmocka_unit_test(lets_the_first_error_win),
        cmocka_unit_test(needs_no_error_to_record_in),
        cmocka_unit_test(names_the_file_and_the_reason),
        cmocka_unit_test(cuts_long_texts_at_a_character),
        cmocka_unit_test(keeps_the_meaning_of_every_number),
        cmocka_unit_test(knows_no_number_that_is_not_frozen),
        cmocka_unit_test(says_what_each_code_means_in_a_phrase),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
