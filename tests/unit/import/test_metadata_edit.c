/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/json.h"
#include "import/metadata_edit.h"

static const char document[] =
    "{\n \"metadata_version\" : 0,\n \"build\": {\"name\": \"a\", \"n\": 1.50,\t\"x\": [] },\r\n"
    " \"output\": [{\"build\": 1}]\n}\n";

/* `text` with the member set, compared with what is expected. */
static void check_set(const char *text, const char *name, const char *value, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_int_equal(cg_bytes_append_text(&bytes, text, &err), 0);
    int result = import_metadata_set(&bytes, name, value, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(result, 0);
    assert_string_equal(cg_bytes_text(&bytes), expected);
}

static void puts_a_missing_member_first(void **state)
{
    (void)state;
    check_set(
        document, "build_id", "42",
        "{\n \"metadata_version\" : 0,\n \"build\": {\"build_id\": 42, \"name\": \"a\", \"n\": 1.50,\t\"x\": [] },\r\n"
        " \"output\": [{\"build\": 1}]\n}\n");
}

static void replaces_a_value_that_is_there(void **state)
{
    (void)state;
    check_set("{\"build\":{\"name\":\"a\",\"build_id\" :  null , \"x\":1}}", "build_id", "7",
              "{\"build\":{\"name\":\"a\",\"build_id\" :  7 , \"x\":1}}");
    check_set("{\"build\":{\"draft\":false}}", "draft", "true", "{\"build\":{\"draft\":true}}");
    check_set("{\"build\":{\"x\":{\"draft\":0}}}", "draft", "true",
              "{\"build\":{\"draft\": true, \"x\":{\"draft\":0}}}");
}

static void refuses_a_document_without_build(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}", "{\"build\": []}", "{\"build\": 3}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes bytes = {0};
        assert_int_equal(cg_bytes_append_text(&bytes, bad[i], &err), 0);
        assert_int_equal(import_metadata_set(&bytes, "build_id", "1", &err), -1);
        assert_error(&err, CG_E_SYNTAX, "the document has no build object to put build_id into");
        assert_string_equal(cg_bytes_text(&bytes), bad[i]);
    }
}

/* Property: read as JSON, the edited document is the old one with this one member set. */
static void changes_nothing_else(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_int_equal(cg_bytes_append_text(&bytes, document, &err), 0);
    assert_int_equal(import_metadata_set(&bytes, "build_id", "42", &err), 0);
    assert_int_equal(import_metadata_set(&bytes, "draft", "true", &err), 0);
    assert_int_equal(import_metadata_set(&bytes, "build_id", "43", &err), 0);
    CG_AUTO_JSON json_t *edited = cg_json_read(bytes.data, bytes.size, NULL, &err);
    CG_AUTO_JSON json_t *expected = cg_json_read(document, sizeof document - 1, NULL, &err);
    json_t *build = json_object_get(expected, "build");
    json_object_set_new(build, "build_id", json_integer(43));
    json_object_set_new(build, "draft", json_true());
    assert_true(json_equal(edited, expected));
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes bytes = {0};
        assert_int_equal(cg_bytes_append_text(&bytes, document, &err), 0);
        allocation_fail_at(n);
        int result = import_metadata_set(&bytes, "build_id", "42", &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 3 || !allocation_can_fail());
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
        assert_string_equal(bytes.data, document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_a_missing_member_first),      cmocka_unit_test(replaces_a_value_that_is_there),
        cmocka_unit_test(refuses_a_document_without_build), cmocka_unit_test(changes_nothing_else),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("metadata_edit", tests, NULL, NULL);
}
