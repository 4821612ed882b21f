/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "koji/wide_text.h"

static void check(const char *text, const char *hidden)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes out = {0};
    CG_AUTO_BYTES struct cg_bytes back = {0};
    assert_int_equal(wide_text_hide(text, strlen(text), &out, &err), 0);
    assert_string_equal(cg_bytes_text(&out), hidden);
    assert_int_equal(wide_text_show(cg_bytes_text(&out), out.size, &back, &err), 0);
    assert_string_equal(cg_bytes_text(&back), text);
}

static void hides_and_shows_again(void **state)
{
    (void)state;
    check("", "");
    check("caf\xC3\xA9 \xE2\x98\x83 \xEF\xBF\xBD", "caf\xC3\xA9 \xE2\x98\x83 \xEF\xBF\xBD");
    check("a\xF0\x9F\x98\x80z", "a\xEF\xA3\xBF"
                                "1F600;z");
    check("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\xEF\xA3\xBF"
                                              "10000;\xEF\xA3\xBF"
                                              "10FFFF;");
    check("\xEF\xA3\xBF", "\xEF\xA3\xBF"
                          "F8FF;");
    /* A text that looks hidden comes back as it was. */
    check("\xEF\xA3\xBF"
          "1F600;",
          "\xEF\xA3\xBF"
          "F8FF;1F600;");
}

static void leaves_what_is_no_spelling(void **state)
{
    (void)state;
    static const char *const plain[] = {"\xEF\xA3\xBF",
                                        "\xEF\xA3\xBF"
                                        "1F600",
                                        "\xEF\xA3\xBF;",
                                        "\xEF\xA3\xBF"
                                        "41;",
                                        "\xEF\xA3\xBF"
                                        "110000;",
                                        "\xEF\xA3\xBF"
                                        "1f600;",
                                        "\xEF\xA3\xBF"
                                        "1234567;",
                                        "\xEF\xBB\xBF",
                                        "\xEF",
                                        "\xEF\xA3"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes out = {0};
        assert_int_equal(wide_text_show(plain[i], strlen(plain[i]), &out, &err), 0);
        assert_string_equal(cg_bytes_text(&out), plain[i]);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'a', sizeof text);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes hidden = {0};
        CG_AUTO_BYTES struct cg_bytes shown = {0};
        memcpy(text + 200, "\xF0\x9F\x98\x80", 4);
        allocation_fail_at(n);
        int result = wide_text_hide(text, sizeof text, &hidden, &err);
        if (result == 0)
            result = wide_text_show(cg_bytes_text(&hidden), hidden.size, &shown, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(shown.size, sizeof text);
            assert_true(n > 4 || !allocation_can_fail());
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_and_shows_again),
        cmocka_unit_test(leaves_what_is_no_spelling),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("wide_text", tests, NULL, NULL);
}
