/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/representation.h"

#include "allocation.h"
#include "quoted.h"
#include "unit.h"

/* A text as a field that is owned elsewhere takes it. */
#define TEXT(text) ((char[]){text})

#define ID "01890000-0000-7000-8000-000000000001"
#define OTHER "01890000-0000-7000-8000-000000000002"

static struct store_output outputs[] = {
    {0, TEXT("a.tar"), 5, TEXT("md5"), TEXT("0123"), NULL, 2},
    {1, TEXT("logs/b.log"), 7, TEXT("sha256"), TEXT("4567"), TEXT("89ab"), 0},
};

static char hub[] = "koji", nvr[] = "a-1-1", content_generator[] = "osbs", package[] = "a", metadata_sha256[] = "cdef",
            caller[] = "builder";

/* An import that waits for one of its two outputs. */
static struct store_import receiving(void)
{
    return (struct store_import){
        .id = ID,
        .state = STORE_RECEIVING,
        .hub = hub,
        .nvr = nvr,
        .content_generator = content_generator,
        .package = package,
        .metadata_sha256 = metadata_sha256,
        .metadata_bytes = 10,
        .caller = caller,
        .created_at = 1700000000.25,
        .updated_at = 1700000001,
        .outputs = outputs,
        .output_count = 2,
    };
}

static void assert_represented(const struct store_import *import, enum representation_detail detail,
                               const char *pointer_free_name, const char *expected_text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = representation_import("https://x.example", import, detail, &err);
    assert_non_null(json);
    json_t *member = json_object_get(json, pointer_free_name);
    CG_AUTO_JSON json_t *expected = expected_text ? quoted_json(expected_text) : NULL;
    CG_AUTO_FREE char *text = json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY);
    if (expected ? !json_equal(member, expected) : member != NULL)
        fail_msg("%s is %s", pointer_free_name, text);
}

static void test_an_import_that_waits(void **state)
{
    (void)state;
    struct store_import import = receiving();
#define WHOLE(name, expected) assert_represented(&import, REPRESENTATION_WHOLE, name, expected)
    WHOLE("id", "'" ID "'");
    WHOLE("href", "'https://x.example/v1/imports/" ID "'");
    WHOLE("state", "'receiving'");
    WHOLE("held", "null");
    WHOLE("step", "null");
    WHOLE("metadata", "{'sha256': 'cdef', 'size_bytes': 10, 'href': 'https://x.example/v1/imports/" ID "/metadata'}");
    WHOLE("options", "{'reserve': false, 'draft': false, 'tag': null}");
    WHOLE("build_id", "null");
    WHOLE("build_url", "null");
    WHOLE("error", "null");
    WHOLE("report", "null");
    WHOLE("replaces", "null");
    WHOLE("replaced_by", "null");
    WHOLE("created_at", "'2023-11-14T22:13:20.250Z'");
    WHOLE("finished_at", "null");
#define FIRST                                                                                                          \
    "{'position': 0, 'path': 'a.tar', 'size_bytes': 5, 'checksum_type': 'md5', 'checksum': '0123', "                   \
    "'received_bytes': 2, 'complete': false, 'sha256': null, 'href': 'https://x.example/v1/imports/" ID "/outputs/0'}"
    WHOLE("missing", "[" FIRST "]");
    WHOLE("outputs", "[" FIRST ", {'position': 1, 'path': 'logs/b.log', 'size_bytes': 7, 'checksum_type': 'sha256', "
                     "'checksum': '4567', 'received_bytes': 7, 'complete': true, 'sha256': '89ab', "
                     "'href': 'https://x.example/v1/imports/" ID "/outputs/1'}]");
    assert_represented(&import, REPRESENTATION_LISTED, "outputs", NULL);
    assert_represented(&import, REPRESENTATION_LISTED, "missing", NULL);
}

static void test_an_import_that_is_held(void **state)
{
    (void)state;
    struct store_import import = receiving();
    import.state = STORE_HELD;
    import.held = STORE_HELD_STRAY_FILES;
    import.step = TEXT("import");
    import.error_name = TEXT("CG_E_STRAY");
    import.error_message = TEXT("files");
    strcpy(import.replaces, OTHER);
    CG_AUTO_JSON json_t *options = quoted_json("{'reserve': true, 'draft': true, 'tag': 't'}");
    import.options = options;
    WHOLE("held", "'stray-files'");
    WHOLE("step", "'import'");
    WHOLE("error", "{'code': 'CG_E_STRAY', 'message': 'files'}");
    import.error_hint = TEXT("look");
    WHOLE("error", "{'code': 'CG_E_STRAY', 'message': 'files', 'hint': 'look'}");
    WHOLE("replaces", "'" OTHER "'");
    WHOLE("options", "{'reserve': true, 'draft': true, 'tag': 't'}");
    /* What is not here is not asked for when the import does not wait for it. */
    WHOLE("missing", "[]");
}

static void test_an_import_that_is_done(void **state)
{
    (void)state;
    struct store_import import = receiving();
    import.state = STORE_IMPORTED;
    import.held = STORE_HELD_TAG; /* of an earlier attempt */
    import.build_id = 4711;
    import.url = TEXT("https://koji.example/buildinfo?buildID=4711");
    import.finished_at = 1700000002;
    WHOLE("state", "'imported'");
    WHOLE("held", "null");
    WHOLE("build_id", "4711");
    WHOLE("build_url", "'https://koji.example/buildinfo?buildID=4711'");
    WHOLE("finished_at", "'2023-11-14T22:13:22.000Z'");
}

static void test_events(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *detail = quoted_json("{'step': 'upload'}");
    struct store_event event = {
        .event_id = 9, .import_id = ID, .at = 1700000000, .type = TEXT("step"), .actor = TEXT("r1"), .detail = detail};
    CG_AUTO_JSON json_t *json = representation_event(&event, &err);
    CG_AUTO_JSON json_t *expected =
        quoted_json("{'id': 9, 'import': '" ID "', 'at': '2023-11-14T22:13:20.000Z', 'type': 'step', 'actor': 'r1', "
                    "'detail': {'step': 'upload'}}");
    assert_true(json_equal(json, expected));
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    struct store_import import = receiving();
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        CG_AUTO_JSON json_t *json = representation_import("", &import, REPRESENTATION_WHOLE, &err);
        bool has_failed = allocation_failed();
        allocation_fail_at(0);
        if (!has_failed) {
            assert_non_null(json);
            break;
        }
        assert_true(json || err.code == CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_import_that_waits),        cmocka_unit_test(test_an_import_that_is_held),
        cmocka_unit_test(test_an_import_that_is_done),      cmocka_unit_test(test_events),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
