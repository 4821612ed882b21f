/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "import/compare.h"

#include <stdio.h>

static const char md5_a[] = "0123456789abcdef0123456789abcdef";
static const char md5_b[] = "ffffffffffffffffffffffffffffffff";

/* Two images in directories of one name, a log and an rpm. */
static struct cg_output outputs[] = {
    {.kind = CG_OUTPUT_ARCHIVE, .filename = "a/image.tar", .size_bytes = 10, .checksum_kind = CG_DIGEST_MD5},
    {.kind = CG_OUTPUT_LOG, .filename = "build.log", .size_bytes = 3, .checksum_kind = CG_DIGEST_MD5},
    {.kind = CG_OUTPUT_RPM, .filename = "bash-5-1.x86_64.rpm", .size_bytes = 7, .checksum_kind = CG_DIGEST_SHA256},
    {.kind = CG_OUTPUT_ARCHIVE, .filename = "b/image.tar", .size_bytes = 10, .checksum_kind = CG_DIGEST_MD5},
};
static struct cg_metadata metadata = {.outputs = outputs, .output_count = 4};

static const char good[] = "{\"archives\": [{\"filename\": \"image.tar\", \"size\": 10, \"checksum_type\": 0,"
                           "                 \"checksum\": \"ffffffffffffffffffffffffffffffff\"},"
                           "                {\"filename\": \"image.tar\", \"size\": 10, \"checksum_type\": 0,"
                           "                 \"checksum\": \"0123456789abcdef0123456789abcdef\"}],"
                           " \"logs\": [{\"name\": \"cg_import.log\"}, {\"name\": \"build.log\"}],"
                           " \"rpms\": [{\"nvr\": \"bash-5-1\", \"arch\": \"x86_64\", \"size\": 7}]}";

/* The good answers with the value at `path` (three steps) replaced by `value`, or removed when it is NULL. */
static json_t *answers(const char *list, size_t index, const char *member, json_t *value)
{
    json_t *all = json_loads(good, 0, NULL);
    if (member)
        json_object_set_new(json_array_get(json_object_get(all, list), index), member, value);
    else if (list)
        json_array_remove(json_object_get(all, list), index);
    return all;
}

/* Compares with these answers, whose reference is taken; the words or NULL. */
static char *compare(json_t *all)
{
    outputs[0].checksum = md5_a;
    outputs[1].checksum = md5_a;
    outputs[2].checksum = "";
    outputs[3].checksum = md5_b;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes differences = {0};
    struct koji_build_files files = {
        .archives = json_object_get(all, "archives"),
        .logs = json_object_get(all, "logs"),
        .rpms = json_object_get(all, "rpms"),
    };
    int result = import_compare_files(&metadata, &files, &differences, &err);
    json_decref(all);
    assert_string_equal(err.message, "");
    if (result == 0) {
        assert_int_equal(differences.size, 0);
        return NULL;
    }
    assert_int_equal(result, 1);
    return cg_bytes_steal(&differences);
}

static void the_same_build_is_the_same(void **state)
{
    (void)state;
    assert_null(compare(answers(NULL, 0, NULL, NULL)));
    assert_int_equal(import_compare_needs_rpms(&metadata), KOJI_WITH_RPMS);
    struct cg_metadata without = {.outputs = outputs, .output_count = 2};
    assert_int_equal(import_compare_needs_rpms(&without), KOJI_WITHOUT_RPMS);
}

static void check_difference(json_t *all, const char *expected)
{
    CG_AUTO_FREE char *words = compare(all);
    assert_non_null(words);
    assert_string_equal(words, expected);
}

static void every_difference_is_named(void **state)
{
    (void)state;
    check_difference(answers("archives", 1, "size", json_integer(11)),
                     "image.tar has 11 bytes and checksum 0123456789abcdef0123456789abcdef on the hub, "
                     "10 and 0123456789abcdef0123456789abcdef here");
    check_difference(answers("archives", 1, "checksum", json_string("00")),
                     "image.tar has 10 bytes and checksum 00 on the hub, 10 and 0123456789abcdef0123456789abcdef here");
    check_difference(answers("archives", 1, "checksum_type", json_integer(2)),
                     "image.tar has 10 bytes and checksum 0123456789abcdef0123456789abcdef on the hub, "
                     "10 and 0123456789abcdef0123456789abcdef here");
    check_difference(answers("archives", 1, "filename", json_string("x.tar")),
                     "image.tar has 10 bytes and checksum ffffffffffffffffffffffffffffffff on the hub, "
                     "10 and 0123456789abcdef0123456789abcdef here");
    check_difference(answers("logs", 1, NULL, NULL), "the hub has no log build.log");
    check_difference(answers("rpms", 0, NULL, NULL), "the hub has no rpm bash-5-1.x86_64.rpm");
    check_difference(answers("rpms", 0, "arch", json_string("src")), "the hub has no rpm bash-5-1.x86_64.rpm");
    check_difference(answers("rpms", 0, "size", json_integer(8)), "bash-5-1.x86_64.rpm has 8 bytes on the hub, 7 here");
}

static void a_surplus_archive_is_a_difference(void **state)
{
    (void)state;
    json_t *all = json_loads(good, 0, NULL);
    json_array_append_new(json_object_get(all, "archives"), json_pack("{s:s}", "filename", "more.tar"));
    check_difference(all, "the hub has 3 archives, the metadata describes 2");
}

static void nothing_there_is_four_differences(void **state)
{
    (void)state;
    check_difference(json_pack("{s:[], s:[], s:[]}", "archives", "logs", "rpms"),
                     "the hub has no archive image.tar; the hub has no log build.log; "
                     "the hub has no rpm bash-5-1.x86_64.rpm; the hub has no archive image.tar");
}

static void only_so_many_differences_are_named(void **state)
{
    (void)state;
    struct cg_output many[IMPORT_DIFFERENCES_MAX + 2];
    for (size_t i = 0; i < IMPORT_DIFFERENCES_MAX + 2; i++)
        many[i] = (struct cg_output){.kind = CG_OUTPUT_LOG, .filename = "l", .checksum = ""};
    struct koji_build_files files = {0};
    for (size_t count = IMPORT_DIFFERENCES_MAX - 1; count <= IMPORT_DIFFERENCES_MAX + 2; count++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes differences = {0};
        struct cg_metadata some = {.outputs = many, .output_count = count};
        assert_int_equal(import_compare_files(&some, &files, &differences, &err), 1);
        size_t named = 0;
        for (const char *p = differences.data; (p = strstr(p, "no log")); p++)
            named++;
        size_t most = IMPORT_DIFFERENCES_MAX;
        assert_int_equal(named, count < most ? count : most);
        char rest[32];
        snprintf(rest, sizeof rest, "; and %zu more", count - most);
        assert_int_equal(strstr(differences.data, count > most ? rest : "more") != NULL, count > most);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    json_t *all = json_pack("{s:[], s:[], s:[]}", "archives", "logs", "rpms");
    struct koji_build_files files = {
        .archives = json_object_get(all, "archives"),
        .logs = json_object_get(all, "logs"),
        .rpms = json_object_get(all, "rpms"),
    };
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes differences = {0};
        allocation_fail_at(n);
        int result = import_compare_files(&metadata, &files, &differences, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 1);
            break;
        }
        assert_int_equal(result, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_build_is_the_same),         cmocka_unit_test(every_difference_is_named),
        cmocka_unit_test(a_surplus_archive_is_a_difference),  cmocka_unit_test(nothing_there_is_four_differences),
        cmocka_unit_test(only_so_many_differences_are_named), cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
