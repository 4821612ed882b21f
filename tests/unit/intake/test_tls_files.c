/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "intake/tls_files.h"
#include "scratch.h"

#include <stdio.h>

static char cert[256], key[256], ca[256], empty[256];

static int write_files(void **state)
{
    if (scratch_create(state) != 0)
        return -1;
    scratch_write("cert", "certificate\n");
    scratch_write("key", "key\n");
    scratch_write("ca", "ca\n");
    scratch_write("empty", "");
    snprintf(cert, sizeof cert, "%s", scratch_path("cert"));
    snprintf(key, sizeof key, "%s", scratch_path("key"));
    snprintf(ca, sizeof ca, "%s", scratch_path("ca"));
    snprintf(empty, sizeof empty, "%s", scratch_path("empty"));
    return 0;
}

static void reads_what_is_named(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct tls_files none = {0}, two = {0}, three = {0};
    assert_int_equal(tls_files_read(&none, NULL, NULL, NULL, &err), 0);
    assert_null(none.cert);
    assert_int_equal(tls_files_read(&two, cert, key, NULL, &err), 0);
    assert_string_equal(two.cert, "certificate\n");
    assert_string_equal(two.key, "key\n");
    assert_null(two.client_ca);
    assert_int_equal(tls_files_read(&three, cert, key, ca, &err), 0);
    assert_string_equal(three.client_ca, "ca\n");
    assert_false(tls_files_equal(&none, &two));
    assert_false(tls_files_equal(&two, &three));
    assert_true(tls_files_equal(&none, &none));
    tls_files_finish(&two);
    assert_true(tls_files_equal(&none, &two));
    assert_int_equal(tls_files_read(&two, cert, key, ca, &err), 0);
    assert_true(tls_files_equal(&two, &three));
    two.key[0] = 'K';
    assert_false(tls_files_equal(&two, &three));
    tls_files_finish(&two);
    tls_files_finish(&three);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    char message[300];
    snprintf(message, sizeof message, "%s is empty or cannot be read; expected PEM", empty);
    const struct {
        const char *cert, *key, *ca, *message;
        enum cg_code code;
    } cases[] = {
        {cert, NULL, NULL, "TLS needs a certificate and a key; only one of them is set", CG_E_CONFIG},
        {NULL, key, NULL, "TLS needs a certificate and a key; only one of them is set", CG_E_CONFIG},
        {NULL, NULL, ca, "client certificates need TLS; set a certificate and a key", CG_E_CONFIG},
        {empty, key, NULL, message, CG_E_CONFIG},
        {cert, empty, NULL, message, CG_E_CONFIG},
        {cert, key, empty, message, CG_E_CONFIG},
        {"/nonexistent", key, NULL, "cannot open /nonexistent: No such file or directory", CG_E_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct tls_files files = {0};
        assert_int_equal(tls_files_read(&files, cases[i].cert, cases[i].key, cases[i].ca, &err), -1);
        assert_error(&err, cases[i].code, cases[i].message);
        tls_files_finish(&files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_named),
        cmocka_unit_test(says_what_is_missing),
    };
    return cmocka_run_group_tests_name("tls_files", tests, write_files, scratch_remove);
}
