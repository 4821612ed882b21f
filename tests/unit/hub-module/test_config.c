/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "logic/config.h"
#include "scratch.h"

#include <stdio.h>

/* Parses and returns the faults as text; valid until the next call. */
static const char *faults_of(struct hub_config *config, const char *text)
{
    static char kept[4096];
    struct cg_error err = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    assert_int_equal(hub_config_parse(config, text, strlen(text), &faults, &err), 0);
    snprintf(kept, sizeof kept, "%s", cg_bytes_text(&faults));
    return kept;
}

static void an_empty_file_means_the_defaults(void **state)
{
    (void)state;
    struct hub_config config;
    assert_string_equal(faults_of(&config, ""), "");
    assert_int_equal(config.check_mode, CHECK_ERRORS);
    assert_int_equal(config.digest_threads, 4);
    assert_string_equal(config.events_permission, "admin");
}

static void reads_every_key(void **state)
{
    (void)state;
    struct hub_config config;
    assert_string_equal(faults_of(&config, "# a comment\n[check]\r\n mode = strict \n\n; another\n[import]\n"
                                           "digest_threads=16\n[ events ]\npermission = cg auditors"),
                        "");
    assert_int_equal(config.check_mode, CHECK_STRICT);
    assert_int_equal(config.digest_threads, 16);
    assert_string_equal(config.events_permission, "cg auditors");
}

static void knows_the_four_modes(void **state)
{
    (void)state;
    struct hub_config config;
    assert_string_equal(faults_of(&config, "[check]\nmode = off"), "");
    assert_int_equal(config.check_mode, CHECK_OFF);
    assert_string_equal(faults_of(&config, "[check]\nmode = warn"), "");
    assert_int_equal(config.check_mode, CHECK_WARN);
    assert_string_equal(faults_of(&config, "[check]\nmode = errors"), "");
    assert_int_equal(config.check_mode, CHECK_ERRORS);
}

static void every_fault_is_told_and_the_rest_holds(void **state)
{
    (void)state;
    struct hub_config config;
    assert_string_equal(faults_of(&config, "mode = warn\n[check]\nmode = eror\nmood = warn\nnonsense\n[import]\n"
                                           "digest_threads = 2\n"),
                        "line 1: mode is not a key of this section; line 3: mode = eror is not off, warn, errors or "
                        "strict; line 4: mood is not a key of this section; line 5: nonsense is not [section] or "
                        "key = value");
    assert_int_equal(config.check_mode, CHECK_ERRORS);
    assert_int_equal(config.digest_threads, 2);
}

static void numbers_have_limits(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "17", "-1", "", "4x", "99999999999999999999"};
    struct hub_config config;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[80];
        char expected[120];
        snprintf(text, sizeof text, "[import]\ndigest_threads = %s", bad[i]);
        snprintf(expected, sizeof expected, "line 2: digest_threads = %s is not a number from 1 to 16", bad[i]);
        assert_string_equal(faults_of(&config, text), expected);
        assert_int_equal(config.digest_threads, 4);
    }
    assert_string_equal(faults_of(&config, "[import]\ndigest_threads = 1"), "");
    assert_int_equal(config.digest_threads, 1);
}

static void a_permission_fits_kojis_column(void **state)
{
    (void)state;
    struct hub_config config;
    char text[128];
    snprintf(text, sizeof text, "[events]\npermission = %.*s", 50,
             "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij");
    assert_string_equal(faults_of(&config, text), "");
    assert_int_equal(strlen(config.events_permission), 50);
    strcat(text, "k");
    assert_string_not_equal(faults_of(&config, text), "");
    assert_string_equal(config.events_permission, "admin");
}

static void a_missing_file_means_the_defaults_once(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct hub_config config = {.check_mode = CHECK_OFF};
    struct config_mark mark = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("none.conf"), &faults, &err), 1);
    assert_int_equal(config.check_mode, CHECK_ERRORS);
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("none.conf"), &faults, &err), 0);
    assert_int_equal(faults.size, 0);
    config_mark_finish(&mark);
}

static void a_changed_file_is_read_again(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct hub_config config = {0};
    struct config_mark mark = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    scratch_write("a.conf", "[check]\nmode = warn\n");
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("a.conf"), &faults, &err), 1);
    assert_int_equal(config.check_mode, CHECK_WARN);
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("a.conf"), &faults, &err), 0);
    scratch_write("a.conf", "[check]\nmode = strict\n");
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("a.conf"), &faults, &err), 1);
    assert_int_equal(config.check_mode, CHECK_STRICT);
    assert_int_equal(unlink(scratch_path("a.conf")), 0);
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("a.conf"), &faults, &err), 1);
    assert_int_equal(config.check_mode, CHECK_ERRORS);
    config_mark_finish(&mark);
}

static void what_cannot_be_read_is_a_fault(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct hub_config config = {0};
    struct config_mark mark = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    scratch_make_directory("b.conf");
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("b.conf"), &faults, &err), 1);
    assert_string_equal(cg_bytes_text(&faults), "cannot read it: Is a directory");
    assert_int_equal(config.check_mode, CHECK_ERRORS);
    config_mark_finish(&mark);
}

static void a_file_has_a_size(void **state)
{
    (void)state;
    static char text[HUB_CONFIG_SIZE_MAX + 2];
    struct cg_error err = {0};
    struct hub_config config = {0};
    struct config_mark mark = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    memset(text, '#', HUB_CONFIG_SIZE_MAX + 1);
    scratch_write_bytes("c.conf", text, HUB_CONFIG_SIZE_MAX, 0644);
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("c.conf"), &faults, &err), 1);
    assert_string_equal(cg_bytes_text(&faults), "");
    scratch_write_bytes("c.conf", text, HUB_CONFIG_SIZE_MAX + 1, 0644);
    assert_int_equal(hub_config_load(&config, &mark, scratch_path("c.conf"), &faults, &err), 1);
    assert_string_equal(cg_bytes_text(&faults), "cannot read it: File too large");
    config_mark_finish(&mark);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    scratch_write("d.conf", "[check]\nmode = eror\n");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct hub_config config = {0};
        struct config_mark mark = {0};
        struct cg_bytes faults CG_AUTO_BYTES = {0};
        const char *path = scratch_path("d.conf");
        allocation_fail_at(n);
        int status = hub_config_load(&config, &mark, path, &faults, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        config_mark_finish(&mark);
        if (!failed) {
            assert_int_equal(status, 1);
            return;
        }
        assert_int_equal(status, -1);
        assert_error(&err, CG_E_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_means_the_defaults),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(knows_the_four_modes),
        cmocka_unit_test(every_fault_is_told_and_the_rest_holds),
        cmocka_unit_test(numbers_have_limits),
        cmocka_unit_test(a_permission_fits_kojis_column),
        cmocka_unit_test(a_missing_file_means_the_defaults_once),
        cmocka_unit_test(a_changed_file_is_read_again),
        cmocka_unit_test(what_cannot_be_read_is_a_fault),
        cmocka_unit_test(a_file_has_a_size),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
