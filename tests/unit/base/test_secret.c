/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "base/secret.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* The file that the tests write and read. */
static void write_file(const char *text, size_t size, mode_t mode)
{
    scratch_write_bytes("secret", text, size, mode);
}

static void keeps_a_text(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret secret = {0};
    assert_false(secret_is_set(&secret));
    assert_string_equal(secret_reveal(&secret), "");
    assert_int_equal(secret_set(&secret, "one", &err), 0);
    assert_int_equal(secret_set(&secret, "two", &err), 0);
    assert_true(secret_is_set(&secret));
    assert_string_equal(secret_reveal(&secret), "two");
    assert_int_equal(secret_set(&secret, secret_reveal(&secret), &err), 0);
    assert_string_equal(secret_reveal(&secret), "two");
    assert_int_equal(secret_set(&secret, "", &err), 0);
    assert_true(secret_is_set(&secret));
    secret_finish(&secret);
    assert_false(secret_is_set(&secret));
    secret_finish(&secret);
}

static void joins(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret key = {0};
    AUTO_SECRET struct secret line = {0};
    assert_int_equal(secret_join(&line, "Key: ", &key, ";", &err), 0);
    assert_string_equal(secret_reveal(&line), "Key: ;");
    assert_int_equal(secret_set(&key, "k", &err), 0);
    assert_int_equal(secret_join(&line, "Key: ", &key, "", &err), 0);
    assert_string_equal(secret_reveal(&line), "Key: k");
    /* The result may be one of its own parts. */
    assert_int_equal(secret_join(&line, "<", &line, ">", &err), 0);
    assert_string_equal(secret_reveal(&line), "<Key: k>");
    allocation_fail_at(1);
    int failed = secret_join(&line, "a", &key, "b", &err);
    allocation_fail_at(0);
    if (allocation_can_fail()) {
        assert_int_equal(failed, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
        assert_string_equal(secret_reveal(&line), "<Key: k>");
    }
}

static void copies(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret from = {0};
    AUTO_SECRET struct secret to = {0};
    assert_int_equal(secret_set(&from, "key", &err), 0);
    assert_int_equal(secret_copy(&to, &from, &err), 0);
    assert_string_equal(secret_reveal(&to), "key");
    assert_ptr_not_equal(secret_reveal(&to), secret_reveal(&from));
    assert_int_equal(secret_copy(&to, &to, &err), 0);
    assert_string_equal(secret_reveal(&to), "key");
    secret_finish(&from);
    assert_int_equal(secret_copy(&to, &from, &err), 0);
    assert_false(secret_is_set(&to));
}

static void reads_the_first_line_of_a_file(void **state)
{
    (void)state;
    static const char *const texts[] = {"token", "token\n", "token\r\n", "token\nmore\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        AUTO_SECRET struct secret secret = {0};
        write_file(texts[i], strlen(texts[i]), 0600);
        assert_int_equal(secret_set_from_file(&secret, scratch_path("secret"), &err), 0);
        assert_string_equal(secret_reveal(&secret), "token");
    }
}

static void refuses_files_that_hold_no_secret(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *message;
    } cases[] = {
        {"", 0, "the first line of %s is empty; expected a secret"},
        {"\nsecond", 7, "the first line of %s is empty; expected a secret"},
        {"\r\n", 2, "the first line of %s is empty; expected a secret"},
        {"a\0b", 3, "the first line of %s has a NUL byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        AUTO_SECRET struct secret secret = {0};
        CG_AUTO_FREE char *expected = malloc(200);
        const char *hole = strstr(cases[i].message, "%s");
        snprintf(expected, 200, "%.*s%s%s", (int)(hole - cases[i].message), cases[i].message, scratch_path("secret"),
                 hole + 2);
        write_file(cases[i].text, cases[i].size, 0600);
        assert_int_equal(secret_set_from_file(&secret, scratch_path("secret"), &err), -1);
        assert_false(secret_is_set(&secret));
        assert_error(&err, CG_E_CONFIG, expected);
    }
}

static void bounds_the_line(void **state)
{
    (void)state;
    char text[4100];
    memset(text, 'a', sizeof text);
    for (size_t size = 4094; size <= 4096; size++) {
        struct cg_error err = {0};
        AUTO_SECRET struct secret secret = {0};
        write_file(text, size, 0600);
        int result = secret_set_from_file(&secret, scratch_path("secret"), &err);
        if (size < 4096) {
            assert_int_equal(result, 0);
            assert_int_equal(strlen(secret_reveal(&secret)), size);
        } else {
            assert_int_equal(result, -1);
            assert_error_has(&err, CG_E_CONFIG, "is longer than 4095 bytes");
        }
    }
}

static void refuses_files_that_others_may_write(void **state)
{
    (void)state;
    static const mode_t modes[] = {0620, 0602, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct cg_error err = {0};
        AUTO_SECRET struct secret secret = {0};
        char expected[200];
        snprintf(expected, sizeof expected, "%s can be written by others (mode %04o)", scratch_path("secret"),
                 (unsigned)modes[i]);
        write_file("token", 5, modes[i]);
        assert_int_equal(secret_set_from_file(&secret, scratch_path("secret"), &err), -1);
        assert_int_equal(strncmp(err.hint, "chmod 600 ", 10), 0);
        assert_error(&err, CG_E_CONFIG, expected);
    }
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret secret = {0};
    assert_int_equal(secret_set_from_file(&secret, "/", &err), -1);
    assert_error(&err, CG_E_CONFIG, "/ is not a regular file");
    assert_int_equal(secret_set_from_file(&secret, "/nonexistent/x", &err), -1);
    assert_error(&err, CG_E_IO, "cannot open /nonexistent/x: No such file or directory");
}

static void keeps_the_old_text_when_memory_is_short(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_SECRET struct secret secret = {0};
    assert_int_equal(secret_set(&secret, "old", &err), 0);
    allocation_fail_at(1);
    int result = secret_set(&secret, "new", &err);
    allocation_fail_at(0);
    if (!allocation_can_fail())
        return;
    assert_int_equal(result, -1);
    assert_string_equal(secret_reveal(&secret), "old");
    assert_error(&err, CG_E_MEMORY, "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_text),
        cmocka_unit_test(copies),
        cmocka_unit_test(joins),
        cmocka_unit_test(reads_the_first_line_of_a_file),
        cmocka_unit_test(refuses_files_that_hold_no_secret),
        cmocka_unit_test(bounds_the_line),
        cmocka_unit_test(refuses_files_that_others_may_write),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(keeps_the_old_text_when_memory_is_short),
    };
    return cmocka_run_group_tests_name("secret", tests, scratch_create, scratch_remove);
}
