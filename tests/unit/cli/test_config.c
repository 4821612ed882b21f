/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "scratch.h"

#include "base/log.h"
#include "cli/config.h"
#include "cli/config_value.h"
#include "store/callers.h"

#include <stdlib.h>

static const char file[] = "[listen]\nport = 443\n"
                           "[database]\nconninfo = host=db password=geheim\n"
                           "[hub one]\nurl = http://hub/kojihub\n"
                           "[grant builders]\ncaller = CN=osbs-*\nroles = submitter auditor\npackages = web* db*\n"
                           "[root builds]\ndirectory = /mnt/builds\n";

static struct config *load(const char *text, struct cg_bytes *faults, struct cg_error *err)
{
    scratch_write("c.conf", text);
    return config_load(scratch_path("c.conf"), faults, err);
}

static void reads_a_file_into_structures(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes faults = {0};
    AUTO_CONFIG struct config *config = load(file, &faults, &err);
    assert_non_null(config);
    assert_string_equal(cg_bytes_text(&faults), "");
    assert_int_equal(config->listen.port, 443);
    assert_string_equal(config->listen.address, "127.0.0.1");
    assert_string_equal(secret_reveal(&config->database.conninfo), "host=db password=geheim");
    assert_int_equal(config->spool.reserve_bytes, 1 << 30);
    assert_int_equal(config->worker.give_up_ms, 86400000);
    assert_int_equal(config->service.log_level, LOG_INFO);
    assert_int_equal(config->hub_count, 1);
    assert_string_equal(config->hubs[0].name, "one");
    assert_null(config->hubs[0].profile);
    assert_string_equal(config->service.default_hub, "one");
    assert_int_equal(config->grants[0].roles, STORE_ROLE_SUBMITTER | STORE_ROLE_AUDITOR);
    assert_null(config->grants[0].content_generators);
    assert_string_equal(config->grants[0].packages[1], "db*");
    assert_null(config->grants[0].packages[2]);
    assert_string_equal(config->roots[0].directory, "/mnt/builds");
}

static void every_fault_is_told(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes faults = {0};
    assert_null(load("[listen]\nprot = 1\nport = x\n[hub h]\nurl = http://h\n", &faults, &err));
    assert_error(&err, CG_E_CONFIG, "the configuration has 2 faults");
    const char *second = strchr(cg_bytes_text(&faults), '\n');
    assert_non_null(strstr(cg_bytes_text(&faults), "c.conf:2: [listen] has no key prot; did you mean port?\n"));
    assert_non_null(strstr(second, "c.conf:3: [listen] port wants a whole number from 0 to 65535, not \"x\"\n"));
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes faults = {0};
    assert_null(config_load(scratch_path("nowhere"), &faults, &err));
    assert_error_has(&err, CG_E_IO, "nowhere: No such file or directory");
}

/* --- values --------------------------------------------------------------------------------------------------------
 */

struct one {
    uint64_t number;
};

/* The number, or -1 when it is refused. */
static int64_t number(enum config_type type, uint64_t least, uint64_t most, const char *text)
{
    struct config_key key = {.name = "k", .type = type, .least = least, .most = most};
    struct one one = {0};
    return config_value_read(&key, &one, text, NULL) == 0 ? (int64_t)one.number : -1;
}

static void numbers_have_bounds_and_units(void **state)
{
    (void)state;
    assert_int_equal(number(CONFIG_COUNT, 2, 4, "1"), -1);
    assert_int_equal(number(CONFIG_COUNT, 2, 4, "2"), 2);
    assert_int_equal(number(CONFIG_COUNT, 2, 4, "4"), 4);
    assert_int_equal(number(CONFIG_COUNT, 2, 4, "5"), -1);
    assert_int_equal(number(CONFIG_COUNT, 0, UINT64_MAX, "18446744073709551616"), -1);
    assert_int_equal(number(CONFIG_COUNT, 0, 9, " 3"), -1);
    assert_int_equal(number(CONFIG_DURATION, 0, UINT64_MAX, "2 min"), 120000);
    assert_int_equal(number(CONFIG_DURATION, 0, UINT64_MAX, "2min"), 120000);
    assert_int_equal(number(CONFIG_DURATION, 0, UINT64_MAX, "2"), -1);
    assert_int_equal(number(CONFIG_DURATION, 0, UINT64_MAX, "0"), 0);
    assert_int_equal(number(CONFIG_DURATION, 0, UINT64_MAX, "2 minutes"), -1);
    assert_int_equal(number(CONFIG_SIZE, 0, UINT64_MAX, "3 KiB"), 3072);
    assert_int_equal(number(CONFIG_SIZE, 0, UINT64_MAX, "16777216 TiB"), -1); /* 2^64 */
    assert_int_equal(number(CONFIG_MODE, 0, 0, "0640"), 0640);
    assert_int_equal(number(CONFIG_MODE, 0, 0, "1000"), -1);
}

/* What is shown is read as the same number, in the largest unit. */
static void a_number_shown_is_read_as_the_same(void **state)
{
    (void)state;
    static const struct {
        enum config_type type;
        uint64_t number;
        const char *shown;
    } cases[] = {{CONFIG_DURATION, 0, "0 ms"},
                 {CONFIG_DURATION, 999, "999 ms"},
                 {CONFIG_DURATION, 90000, "90 s"},
                 {CONFIG_DURATION, 7200000, "2 h"},
                 {CONFIG_SIZE, 1, "1 B"},
                 {CONFIG_SIZE, 1025, "1025 B"},
                 {CONFIG_SIZE, 1ULL << 40, "1 TiB"},
                 {CONFIG_COUNT, 7, "7"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config_key key = {.name = "k", .type = cases[i].type, .most = UINT64_MAX};
        struct one one = {.number = cases[i].number};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        assert_int_equal(config_value_show(&key, &one, &text, NULL), 1);
        assert_string_equal(cg_bytes_text(&text), cases[i].shown);
        assert_int_equal(number(cases[i].type, 0, UINT64_MAX, cg_bytes_text(&text)), cases[i].number);
    }
}

static void what_is_shown_hides_secrets_and_can_be_read(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes faults = {0}, first = {0}, second = {0};
    AUTO_CONFIG struct config *config = load(file, &faults, &err);
    assert_int_equal(config_show(config, &first, &err), 0);
    assert_null(strstr(cg_bytes_text(&first), "geheim"));
    assert_non_null(strstr(cg_bytes_text(&first), "\nconninfo = (hidden)\n"));
    AUTO_CONFIG struct config *again = load(cg_bytes_text(&first), &faults, &err);
    assert_non_null(again);
    assert_int_equal(config_show(again, &second, &err), 0);
    assert_string_equal(cg_bytes_text(&second), cg_bytes_text(&first));
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    scratch_write("c.conf", file);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes faults = {0}, text = {0};
        allocation_fail_at(n);
        AUTO_CONFIG struct config *config = config_load(scratch_path("c.conf"), &faults, &err);
        int shown = config ? config_show(config, &text, &err) : -1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (shown == 0) {
            assert_true(!failed || n > 30);
            if (!failed)
                break;
            continue;
        }
        assert_true(failed);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_file_into_structures),
        cmocka_unit_test(every_fault_is_told),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error),
        cmocka_unit_test(numbers_have_bounds_and_units),
        cmocka_unit_test(a_number_shown_is_read_as_the_same),
        cmocka_unit_test(what_is_shown_hides_secrets_and_can_be_read),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
