/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/base64.h"

/* RFC 4648 section 10. */
static const struct {
    const char *data, *text;
} samples[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

static void writes_and_reads_the_samples_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0}, data = {0};
        assert_int_equal(cg_base64_encode(samples[i].data, strlen(samples[i].data), &text, &err), 0);
        assert_string_equal(cg_bytes_text(&text), samples[i].text);
        assert_int_equal(text.size, CG_BASE64_LENGTH(strlen(samples[i].data)));
        assert_int_equal(cg_base64_decode(text.data, text.size, &data, &err), 0);
        assert_string_equal(cg_bytes_text(&data), samples[i].data);
    }
}

static void appends(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    cg_bytes_append_text(&text, "a ", &err);
    assert_int_equal(cg_base64_encode("\xff\xfe", 2, &text, &err), 0);
    assert_string_equal(text.data, "a //4=");
}

static void refuses_what_is_not_the_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"Zg=", "3 characters of base64, expected a multiple of 4"},
        {"Zm9v\n", "5 characters of base64, expected a multiple of 4"},
        {"Z===", "character 1 is 0x3d, which base64 has not there"},
        {"Zm=v", "character 2 is 0x3d, which base64 has not there"},
        {"====", "character 0 is 0x3d, which base64 has not there"},
        {"Zg==Zm9v", "character 2 is 0x3d, which base64 has not there"},
        {"Zm9_", "character 3 is 0x5f, which base64 has not there"},
        {"Zm 9", "character 2 is 0x20, which base64 has not there"},
        {"Zm\x80v", "character 2 is 0x80, which base64 has not there"},
        {"Zh==", "the last character of the base64 has bits that stand for nothing"},
        {"Zm9=", "the last character of the base64 has bits that stand for nothing"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes data = {0};
        cg_bytes_append_text(&data, "kept", NULL);
        assert_int_equal(cg_base64_decode(bad[i].text, strlen(bad[i].text), &data, &err), -1);
        assert_error(&err, CG_E_FORM, bad[i].message);
        assert_string_equal(data.data, "kept");
        assert_int_equal(data.size, 4);
    }
}

static void reads_exactly_so_many_bytes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char data[4] = "....";
    assert_int_equal(cg_base64_decode_exactly("Zm9v", 4, data, 3, &err), 0);
    assert_memory_equal(data, "foo.", 4);
    assert_int_equal(cg_base64_decode_exactly("Zm9v", 4, data, 2, &err), -1);
    assert_error(&err, CG_E_FORM, "base64 of 3 bytes, expected 2");
    assert_int_equal(cg_base64_decode_exactly("Zm8=", 4, data, 3, &err), -1);
    assert_error(&err, CG_E_FORM, "base64 of 2 bytes, expected 3");
}

/* Property: each text that is read is the one that is written of its bytes. */
static void reads_nothing_but_what_it_writes(void **state)
{
    (void)state;
    static const char characters[] = "AQgwZ9+/=b";
    unsigned accepted = 0;
    for (unsigned n = 0; n < 10000; n++) {
        char text[4] = {characters[n % 10], characters[n / 10 % 10], characters[n / 100 % 10], characters[n / 1000]};
        CG_AUTO_BYTES struct cg_bytes data = {0}, again = {0};
        if (cg_base64_decode(text, 4, &data, NULL) < 0)
            continue;
        accepted++;
        assert_int_equal(cg_base64_encode(data.data, data.size, &again, NULL), 0);
        assert_memory_equal(again.data, text, 4);
    }
    assert_true(accepted > 6000);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0}, data = {0};
        allocation_fail_at(n);
        int result = cg_base64_encode("foob", 4, &text, &err);
        if (result == 0)
            result = cg_base64_decode("Zm9vYg==", 8, &data, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 2 || !allocation_can_fail());
            return;
        }
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_samples_of_the_rfc), cmocka_unit_test(appends),
        cmocka_unit_test(refuses_what_is_not_the_one_spelling),    cmocka_unit_test(reads_exactly_so_many_bytes),
        cmocka_unit_test(reads_nothing_but_what_it_writes),        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
