/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_scene.h"
#include "koji/content_generator.h"
#include "koji/drafts.h"
#include "koji/hub_lists.h"
#include "koji/tag_calls.h"
#include "unit.h"

#include "cg/metadata.h"

#include <stdio.h>
#include <stdlib.h>

#define STRING(text) "<string>" text "</string>"
#define MEMBER(name, value) "<member><name>" name "</name><value>" value "</value></member>"
#define STRUCT(members) "<struct>" members "</struct>"
#define ARRAY(values) "<array><data>" values "</data></array>"
#define ITEM(value) "<value>" value "</value>"
/* The answer of one call in a multiCall. */
#define DONE(value) ITEM(ARRAY(ITEM(value)))
#define NIL "<nil/>"
#define INT(n) "<int>" n "</int>"

#define CGS DONE(STRUCT(MEMBER("osbs", STRUCT(MEMBER("id", INT("1"))))))
#define BTYPES DONE(ARRAY(ITEM(STRUCT(MEMBER("name", STRING("image"))))))
#define TYPES DONE(ARRAY(ITEM(STRUCT(MEMBER("extensions", STRING(" tar.GZ  zip"))))))
#define VERSION DONE(STRING("1.34.3"))
#define NO_METHOD ITEM(STRUCT(MEMBER("faultCode", INT("1000")) MEMBER("faultString", STRING("no"))))

/* Of a method that is not there. */
#define HELP DONE(STRING(""))

/* An answer and what is said about it. */
struct bad {
    const char *value;
    const char *message;
};

static void test_lists(void **state)
{
    (void)state;
    struct hub_scene scene;
    struct koji_hub_lists lists = {0};
    hub_scene_open(&scene, ARRAY(CGS BTYPES TYPES VERSION HELP));
    assert_int_equal(koji_hub_lists_read(scene.session, &lists, &scene.err), 0);
    assert_string_equal(lists.facts.content_generators[0], "osbs");
    assert_null(lists.facts.content_generators[1]);
    assert_string_equal(lists.facts.btypes[0], "image");
    assert_string_equal(lists.facts.archive_extensions[0], "tar.gz");
    assert_string_equal(lists.facts.archive_extensions[1], "zip");
    assert_null(lists.facts.archive_extensions[2]);
    assert_string_equal(lists.facts.version, "1.34.3");
    assert_int_equal(lists.module, 0);
    koji_hub_lists_finish(&lists);
    hub_scene_close(&scene);
}

static void test_a_hub_that_does_not_tell_its_version(void **state)
{
    (void)state;
    static const char *const answers[] = {ARRAY(CGS BTYPES TYPES NO_METHOD HELP),
                                          ARRAY(CGS BTYPES TYPES DONE(NIL) HELP)};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct hub_scene scene;
        struct koji_hub_lists lists = {0};
        hub_scene_open(&scene, answers[i]);
        assert_int_equal(koji_hub_lists_read(scene.session, &lists, &scene.err), 0);
        assert_null(lists.facts.version);
        assert_string_equal(lists.facts.btypes[0], "image");
        koji_hub_lists_finish(&lists);
        hub_scene_close(&scene);
    }
}

static void test_lists_that_are_none(void **state)
{
    (void)state;
    static const struct bad bads[] = {
        {ARRAY(DONE(INT("1")) BTYPES TYPES VERSION HELP), "the hub answered listCGs without a struct"},
        {ARRAY(CGS DONE(NIL) TYPES VERSION HELP), "the hub answered listBTypes without an array"},
        {ARRAY(CGS DONE(ARRAY(ITEM(STRING("image")))) TYPES VERSION HELP),
         "the hub answered listBTypes without a name"},
        {ARRAY(CGS DONE(ARRAY(ITEM(STRUCT(MEMBER("name", INT("3")))))) TYPES VERSION HELP),
         "the hub answered listBTypes without a name"},
        {ARRAY(CGS BTYPES DONE(STRUCT("")) VERSION HELP), "the hub answered getArchiveTypes without an array"},
        {ARRAY(CGS BTYPES DONE(ARRAY(ITEM(STRUCT(MEMBER("extensions", NIL))))) VERSION HELP),
         "the hub answered getArchiveTypes without extensions"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct hub_scene scene;
        struct koji_hub_lists lists = {0};
        hub_scene_open(&scene, bads[i].value);
        assert_int_equal(koji_hub_lists_read(scene.session, &lists, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, bads[i].message);
        assert_null(lists.cgs);
        hub_scene_close(&scene);
    }
}

/* A multiCall's answer that is no such thing, for every caller of one. */
static void test_a_multicall_that_is_none(void **state)
{
    (void)state;
    static const char *const values[] = {NIL,
                                         STRING("x"),
                                         ARRAY(""),
                                         ARRAY(CGS),
                                         ARRAY(ITEM(INT("1")) ITEM(INT("2")) ITEM(INT("3"))),
                                         ARRAY(ITEM(INT("1")) ITEM(INT("2")) ITEM(INT("3")) ITEM(INT("4"))),
                                         ARRAY(ITEM(ARRAY("")) ITEM(ARRAY("")) ITEM(ARRAY("")))};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_scene scene;
        struct koji_hub_lists lists = {0};
        struct koji_build_files files = {0};
        struct koji_tag_facts facts;
        hub_scene_open(&scene, values[i]);
        assert_int_equal(koji_hub_lists_read(scene.session, &lists, &scene.err), -1);
        assert_int_equal(scene.err.code, CG_E_HUB_REPLY);
        cg_error_clear(&scene.err);
        assert_int_equal(koji_build_files_read(scene.session, 1, KOJI_WITH_RPMS, &files, &scene.err), -1);
        assert_int_equal(scene.err.code, CG_E_HUB_REPLY);
        cg_error_clear(&scene.err);
        assert_int_equal(koji_tag_facts_read(scene.session, "t", "p", 1, &facts, &scene.err), -1);
        assert_int_equal(scene.err.code, CG_E_HUB_REPLY);
        hub_scene_close(&scene);
    }
}

#define BUILD(members) STRUCT(MEMBER("id", INT("7")) MEMBER("state", INT("1")) members)

static void test_builds(void **state)
{
    (void)state;
    struct hub_scene scene;
    AUTO_KOJI_BUILD struct koji_build build = {0};
    hub_scene_open(&scene, BUILD(MEMBER("nvr", STRING("a-1-2")) MEMBER("cg_name", NIL) MEMBER(
                               "draft", "<boolean>1</boolean>") MEMBER("start_ts", "<double>5.5</double>")));
    assert_int_equal(koji_get_build(scene.session, "a-1-2", &build, &scene.err), 1);
    assert_int_equal(build.build_id, 7);
    assert_int_equal(build.state, KOJI_BUILD_COMPLETE);
    assert_string_equal(build.nvr, "a-1-2");
    assert_null(build.content_generator);
    assert_true(build.draft);
    assert_true(build.started > 5.4 && build.started < 5.6);
    scene.value = NIL;
    assert_int_equal(koji_get_build_by_id(scene.session, 7, &build, &scene.err), 0);
    hub_scene_close(&scene);
}

static void test_builds_that_are_none(void **state)
{
    (void)state;
    static const char *const values[] = {
        INT("7"),
        STRING("a-1-2"),
        ARRAY(""),
        STRUCT(""),
        STRUCT(MEMBER("id", INT("7"))),
        STRUCT(MEMBER("id", INT("7")) MEMBER("state", STRING("COMPLETE"))),
        STRUCT(MEMBER("id", NIL) MEMBER("state", INT("1"))),
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_scene scene;
        AUTO_KOJI_BUILD struct koji_build build = {0};
        hub_scene_open(&scene, values[i]);
        assert_int_equal(koji_get_build(scene.session, "a-1-2", &build, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered getBuild without id and state");
        assert_null(build.json);
        hub_scene_close(&scene);
    }
}

/* Members of other types than they have count as not told, and never crash. */
static void test_builds_of_odd_members(void **state)
{
    (void)state;
    struct hub_scene scene;
    AUTO_KOJI_BUILD struct koji_build build = {0};
    hub_scene_open(&scene, BUILD(MEMBER("nvr", INT("3")) MEMBER("owner_name", ARRAY("")) MEMBER("owner_id", STRING("x"))
                                     MEMBER("draft", INT("1")) MEMBER("start_ts", STRING("now"))));
    assert_int_equal(koji_get_build(scene.session, "a-1-2", &build, &scene.err), 1);
    assert_null(build.nvr);
    assert_null(build.owner);
    assert_int_equal(build.owner_id, 0);
    assert_false(build.draft);
    hub_scene_close(&scene);
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    static const struct bad bads[] = {
        {ARRAY(DONE(NIL) DONE(ARRAY("")) DONE(ARRAY(""))), "the hub answered listArchives without an array"},
        {ARRAY(DONE(ARRAY("")) DONE(STRUCT("")) DONE(ARRAY(""))), "the hub answered getBuildLogs without an array"},
        {ARRAY(DONE(ARRAY("")) DONE(ARRAY("")) DONE(INT("0"))), "the hub answered listBuildRPMs without an array"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct hub_scene scene;
        struct koji_build_files files = {0};
        hub_scene_open(&scene, bads[i].value);
        assert_int_equal(koji_build_files_read(scene.session, 1, KOJI_WITH_RPMS, &files, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, bads[i].message);
        hub_scene_close(&scene);
    }
    struct hub_scene scene;
    json_t *archives = NULL;
    hub_scene_open(&scene, STRING("none"));
    assert_int_equal(koji_list_archives(scene.session, 1, &archives, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered listArchives without an array");
    hub_scene_close(&scene);
}

static const struct cg_metadata named = {.name = (char *)(uintptr_t) "a",
                                         .version = (char *)(uintptr_t) "1",
                                         .release = (char *)(uintptr_t) "2",
                                         .content_generator = (char *)(uintptr_t) "osbs"};

static void test_reservations_that_are_none(void **state)
{
    (void)state;
    static const char *const values[] = {
        NIL,
        STRUCT(""),
        STRUCT(MEMBER("build_id", INT("7"))),
        STRUCT(MEMBER("build_id", STRING("7")) MEMBER("token", STRING("t"))),
        STRUCT(MEMBER("build_id", INT("7")) MEMBER("token", NIL)),
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_scene scene;
        struct koji_reservation made = {0};
        CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {.session_id = 1, .header_session = true};
        hub_scene_open(&scene, values[i]);
        assert_int_equal(secret_set(&ticket.session_key, "key", NULL), 0);
        assert_int_equal(koji_session_adopt(scene.session, &ticket, &scene.err), 0);
        assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), 0);
        assert_int_equal(
            koji_reserve(scene.session, ticket.call_number, "osbs", &named, KOJI_NORMAL, &made, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered CGInitBuild without build_id and token");
        assert_int_equal(made.build_id, 0);
        hub_scene_close(&scene);
    }
}

#define DRAFT(id, version, release)                                                                                    \
    ITEM(STRUCT(MEMBER("build_id", INT(id)) MEMBER("version", STRING(version)) MEMBER("release", STRING(release))))

static void test_drafts(void **state)
{
    (void)state;
    struct hub_scene scene;
    int64_t ids[KOJI_DRAFTS_MOST];
    size_t count = 9;
    hub_scene_open(&scene, ARRAY(DRAFT("9", "1", "2,draft_9") DRAFT("8", "1", "22,draft_8")
                                     DRAFT("7", "11", "2,draft_7") DRAFT("6", "1", "2") DRAFT("5", "1", "2,draft_5")
                                         ITEM(STRUCT(MEMBER("build_id", INT("4"))))));
    assert_int_equal(koji_drafts_find(scene.session, &named, ids, &count, &scene.err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], 9);
    assert_int_equal(ids[1], 5);
    scene.value = NULL;
    assert_int_equal(koji_drafts_find(scene.session, &named, ids, &count, &scene.err), 0);
    assert_int_equal(count, 0);
    scene.value = NIL;
    assert_int_equal(koji_drafts_find(scene.session, &named, ids, &count, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered listBuilds without an array");
    scene.value = ARRAY(ITEM(STRUCT(MEMBER("id", INT("4")))));
    assert_int_equal(koji_drafts_find(scene.session, &named, ids, &count, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered listBuilds without build_id");
    hub_scene_close(&scene);
}

#define TAG DONE(STRUCT(MEMBER("id", INT("3")) MEMBER("locked", "<boolean>0</boolean>")))

static void test_tags(void **state)
{
    (void)state;
    struct hub_scene scene;
    struct koji_tag_facts facts;
    hub_scene_open(&scene, ARRAY(TAG DONE("<boolean>1</boolean>") DONE(ARRAY(ITEM(STRUCT(MEMBER("id", INT("3"))))))));
    assert_int_equal(koji_tag_facts_read(scene.session, "t", "p", 1, &facts, &scene.err), 0);
    assert_true(facts.tag_exists && !facts.locked && facts.package_listed && facts.build_tagged);
    /* No such tag; and lists of other things. */
    scene.value = ARRAY(DONE(NIL) DONE(INT("1")) DONE(ARRAY(ITEM(NIL) ITEM(STRUCT("")))));
    assert_int_equal(koji_tag_facts_read(scene.session, "t", "p", 1, &facts, &scene.err), 0);
    assert_false(facts.tag_exists || facts.locked || facts.package_listed || facts.build_tagged);
    scene.value = ARRAY(TAG DONE(NIL) DONE(STRING("none")));
    assert_int_equal(koji_tag_facts_read(scene.session, "t", "p", 1, &facts, &scene.err), 0);
    assert_false(facts.package_listed || facts.build_tagged);
    hub_scene_close(&scene);
}

static void test_tasks(void **state)
{
    (void)state;
    struct hub_scene scene;
    enum koji_task_state task;
    int64_t task_id = 0;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    hub_scene_open(&scene, STRUCT(MEMBER("state", INT("5"))));
    assert_int_equal(koji_get_task(scene.session, 4, &task, &scene.err), 0);
    assert_int_equal(task, KOJI_TASK_FAILED);
    static const char *const values[] = {NIL, INT("4"), STRUCT(""), STRUCT(MEMBER("state", STRING("CLOSED")))};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        scene.value = values[i];
        assert_int_equal(koji_get_task(scene.session, 4, &task, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered getTaskInfo without a state");
        assert_int_equal(koji_get_task_failure(scene.session, 4, &text, &scene.err), 0);
        assert_int_equal(text.size, 0);
    }
    scene.value = STRUCT(MEMBER("faultString", STRING("locked")));
    assert_int_equal(koji_get_task_failure(scene.session, 4, &text, &scene.err), 0);
    assert_string_equal(cg_bytes_text(&text), "locked");
    scene.value = NIL;
    assert_int_equal(koji_tag_build(scene.session, "t", 1, &task_id, &scene.err), -1);
    assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered tagBuild without a task id");
    assert_string_equal(koji_task_state_name((enum koji_task_state)99), "unknown");
    assert_string_equal(koji_task_state_name(KOJI_TASK_CLOSED), "CLOSED");
    hub_scene_close(&scene);
}

static void test_cancel_and_refund(void **state)
{
    (void)state;
    struct hub_scene scene;
    struct koji_reservation held = {.build_id = 7};
    assert_int_equal(secret_set(&held.token, "t", NULL), 0);
    hub_scene_open(&scene, "<boolean>1</boolean>");
    assert_int_equal(koji_cancel_build(scene.session, 7, &scene.err), 1);
    assert_int_equal(koji_refund(scene.session, "osbs", &held, KOJI_BUILD_FAILED, &scene.err), 0);
    scene.value = STRING("yes");
    assert_int_equal(koji_cancel_build(scene.session, 7, &scene.err), 0);
    scene.value = NULL;
    assert_int_equal(koji_refund(scene.session, "osbs", &held, KOJI_BUILD_FAILED, &scene.err), -1);
    assert_int_equal(scene.err.code, CG_E_HUB_REFUSED);
    koji_reservation_finish(&held);
    hub_scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_a_hub_that_does_not_tell_its_version),
        cmocka_unit_test(test_lists_that_are_none),
        cmocka_unit_test(test_a_multicall_that_is_none),
        cmocka_unit_test(test_builds),
        cmocka_unit_test(test_builds_that_are_none),
        cmocka_unit_test(test_builds_of_odd_members),
        cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_reservations_that_are_none),
        cmocka_unit_test(test_drafts),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_cancel_and_refund),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
