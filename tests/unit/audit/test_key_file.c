/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys in files: made once, for their owner alone, read again. */
#include "scratch.h"
#include "unit.h"

#include "audit/key_file.h"

#include <stdio.h>
#include <sys/stat.h>

static char path[400];

static int set_up(void **state)
{
    (void)state;
    scratch_clear();
    snprintf(path, sizeof path, "%s", scratch_path("key"));
    return 0;
}

static void makes_a_key_and_reads_it(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct stat status;
    CG_AUTO_BYTES struct cg_bytes vkey = {0}, again = {0};
    assert_int_equal(key_file_make(path, "example.com/log", CG_NOTE_COSIGNATURE, &vkey, &err), 1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = key_file_read(path, &err);
    assert_non_null(signer);
    assert_int_equal(cg_note_verifier_format(cg_note_signer_verifier(signer), &again, &err), 0);
    assert_string_equal(cg_bytes_text(&vkey), cg_bytes_text(&again));
    assert_int_equal(cg_note_signer_verifier(signer)->type, CG_NOTE_COSIGNATURE);
}

static void leaves_a_key_that_is_there(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes first = {0}, second = {0};
    assert_int_equal(key_file_make(path, "example.com/log", CG_NOTE_ED25519, &first, &err), 1);
    assert_int_equal(key_file_make(path, "example.com/log", CG_NOTE_ED25519, NULL, &err), 0);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = key_file_read(path, &err);
    assert_non_null(signer);
    assert_int_equal(cg_note_verifier_format(cg_note_signer_verifier(signer), &second, &err), 0);
    assert_string_equal(cg_bytes_text(&first), cg_bytes_text(&second));
}

static void refuses_what_others_may_read_and_what_is_no_key(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char expected[600];
    assert_int_equal(key_file_make(path, "a name", CG_NOTE_ED25519, NULL, &err), -1);
    assert_int_equal(err.code, CG_E_FORM);
    cg_error_clear(&err);
    assert_null(key_file_read(path, &err));
    assert_error_has(&err, CG_E_IO, "cannot open ");
    CG_AUTO_FILE FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("not a key\n", file);
    fflush(file);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(key_file_read(path, &err));
    snprintf(expected, sizeof expected, "the key file %s has mode 0640, expected 0600", path);
    assert_error(&err, CG_E_CONFIG, expected);
    assert_int_equal(chmod(path, 0600), 0);
    assert_null(key_file_read(path, &err));
    assert_error_has(&err, CG_E_CONFIG, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(makes_a_key_and_reads_it, set_up),
        cmocka_unit_test_setup(leaves_a_key_that_is_there, set_up),
        cmocka_unit_test_setup(refuses_what_others_may_read_and_what_is_no_key, set_up),
    };
    return cmocka_run_group_tests_name("key_file", tests, scratch_create, scratch_remove);
}
