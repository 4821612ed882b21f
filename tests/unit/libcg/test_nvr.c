/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/nvr.h"

#include <stdio.h>

static void splits_at_the_last_two_dashes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    assert_int_equal(cg_nvr_parse("rsyslog-container-v4.14.0-202411.p0", &nvr, &err), 0);
    assert_string_equal(nvr.epoch, "");
    assert_string_equal(nvr.name, "rsyslog-container");
    assert_string_equal(nvr.version, "v4.14.0");
    assert_string_equal(nvr.release, "202411.p0");
}

static void reads_an_epoch_before_the_name(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    assert_int_equal(cg_nvr_parse("1:a-2-3:4", &nvr, &err), 0);
    assert_string_equal(nvr.epoch, "1");
    assert_string_equal(nvr.name, "a");
    assert_string_equal(nvr.version, "2");
    assert_string_equal(nvr.release, "3:4");
}

static void refuses_what_is_no_nvr(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-", "--", "a", "a-b", "a-b-", "a--b", "-1-2", "1:-1-2", "-b-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        struct cg_nvr nvr = {0};
        char expected[80];
        snprintf(expected, sizeof expected, "\"%s\" is not name-version-release", bad[i]);
        assert_int_equal(cg_nvr_parse(bad[i], &nvr, &err), -1);
        assert_null(nvr.name);
        assert_string_equal(err.hint,
                            "an NVR has at least two dashes with text on both sides, like test-container-1.0-1");
        assert_error(&err, CG_E_NVR, expected);
    }
}

static void checks_each_part(void **state)
{
    (void)state;
    static const struct {
        enum cg_nvr_part part;
        const char *value;
        const char *message; /* NULL: good */
    } cases[] = {
        {CG_NVR_NAME, "test-container", NULL},
        {CG_NVR_NAME, "a_b.c+d-e", NULL},
        {CG_NVR_VERSION, "v4.14.0~rc1^git", NULL},
        {CG_NVR_RELEASE, "1,draft_7", NULL},
        {CG_NVR_RELEASE, "...", NULL},
        {CG_NVR_NAME, "", "\"\" is no name: it must not be empty"},
        {CG_NVR_VERSION, "", "\"\" is no version: it must not be empty"},
        {CG_NVR_VERSION, "1-0", "\"1-0\" has a dash, which a version must not"},
        {CG_NVR_RELEASE, "1-", "\"1-\" has a dash, which a release must not"},
        {CG_NVR_VERSION, "..", "\"..\" as version would place the build's files outside its own directory"},
        {CG_NVR_NAME, ".", "\".\" as name would place the build's files outside its own directory"},
        {CG_NVR_RELEASE, "a/b", "\"a/b\" has a slash, which a release must not: it is a directory on the hub"},
        {CG_NVR_NAME, "../evil", "\"../evil\" has a slash, which a name must not: it is a directory on the hub"},
        {CG_NVR_VERSION, "1\n2", "the version has the control character 0x0a at byte 1"},
        {CG_NVR_RELEASE, "1\x7f", "the release has the control character 0x7f at byte 1"},
        {CG_NVR_NAME, "a b",
         "\"a b\" has a character at byte 1 that a package name must not have; "
         "allowed are letters, digits and _ . + -"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        int result = cg_nvr_check(cases[i].part, cases[i].value, &err);
        if (cases[i].message) {
            assert_int_equal(result, -1);
            assert_error(&err, CG_E_NVR, cases[i].message);
        } else {
            assert_string_equal(err.message, "");
            assert_int_equal(result, 0);
        }
    }
}

static void keeps_the_limits_of_length(void **state)
{
    (void)state;
    char text[300];
    static const struct {
        enum cg_nvr_part part;
        size_t most;
    } limits[] = {{CG_NVR_NAME, 255}, {CG_NVR_VERSION, 255}, {CG_NVR_RELEASE, 255}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct cg_error err = {0};
        memset(text, 'a', sizeof text);
        text[limits[i].most - 1] = '\0';
        assert_int_equal(cg_nvr_check(limits[i].part, text, &err), 0);
        text[limits[i].most - 1] = 'a';
        text[limits[i].most] = '\0';
        assert_int_equal(cg_nvr_check(limits[i].part, text, &err), 0);
        text[limits[i].most] = 'a';
        text[limits[i].most + 1] = '\0';
        assert_int_equal(cg_nvr_check(limits[i].part, text, &err), -1);
        assert_error_has(&err, CG_E_NVR, "bytes long");
    }
}

static void makes_and_reads_draft_releases(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FREE char *draft = cg_nvr_draft_release("1.el9", 42, &err);
    assert_string_equal(draft, "1.el9,draft_42");
    CG_AUTO_FREE char *target = cg_nvr_target_release(draft, &err);
    assert_string_equal(target, "1.el9");

    static const char *const bad[] = {"1.el9", "1.el9,", "1.el9,42", "1,draft", "a,b,draft_1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char expected[100];
        snprintf(expected, sizeof expected, "\"%s\" is not a draft's release, which reads RELEASE,draft_BUILDID",
                 bad[i]);
        assert_null(cg_nvr_target_release(bad[i], &err));
        assert_error(&err, CG_E_NVR, expected);
    }
}

/* Property: what was joined from good parts is split into the same parts. */
static void joins_what_it_splits(void **state)
{
    (void)state;
    static const char alphabet[] = "aZ0_.+-";
    unsigned seed = 1;
    for (int round = 0; round < 5000; round++) {
        char parts[3][8];
        for (int p = 0; p < 3; p++) {
            size_t length = 1;
            for (size_t i = 0; i < 7; i++) {
                seed = seed * 1103515245U + 12345U;
                parts[p][i] = alphabet[(seed >> 16) % (p == 0 ? 7U : 6U)];
                length = 1 + (seed >> 20) % 6U;
            }
            parts[p][length] = '\0';
        }
        struct cg_error err = {0};
        CG_AUTO_NVR struct cg_nvr nvr = {0};
        CG_AUTO_FREE char *text = cg_nvr_join(parts[0], parts[1], parts[2], &err);
        assert_int_equal(cg_nvr_parse(text, &nvr, &err), 0);
        assert_string_equal(nvr.name, parts[0]);
        assert_string_equal(nvr.version, parts[1]);
        assert_string_equal(nvr.release, parts[2]);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_NVR struct cg_nvr nvr = {0};
        allocation_fail_at(n);
        int result = cg_nvr_parse("a-1-1", &nvr, &err);
        CG_AUTO_FREE char *draft = result == 0 ? cg_nvr_draft_release("1", 1, &err) : NULL;
        CG_AUTO_FREE char *target = draft ? cg_nvr_target_release(draft, &err) : NULL;
        CG_AUTO_FREE char *joined = target ? cg_nvr_join("a", "1", target, &err) : NULL;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_string_equal(joined, "a-1-1");
            assert_true(n > 6 || !allocation_can_fail());
            return;
        }
        assert_null(joined);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_the_last_two_dashes), cmocka_unit_test(reads_an_epoch_before_the_name),
        cmocka_unit_test(refuses_what_is_no_nvr),        cmocka_unit_test(checks_each_part),
        cmocka_unit_test(keeps_the_limits_of_length),    cmocka_unit_test(makes_and_reads_draft_releases),
        cmocka_unit_test(joins_what_it_splits),          cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("nvr", tests, NULL, NULL);
}
