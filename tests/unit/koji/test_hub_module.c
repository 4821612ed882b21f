/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_scene.h"
#include "koji/hub_module.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define TEXT(text) "<value><string>" text "</string></value>"
#define NAMES(name, values)                                                                                            \
    "<member><name>" name "</name><value><array><data>" values "</data></array></value></member>"
#define HELLO(abilities, tables) "<struct>" NAMES("abilities", abilities) NAMES("tables", tables) "</struct>"

struct hello {
    const char *value;
    unsigned abilities;
};

static void a_module_tells_what_it_can(void **state)
{
    (void)state;
    static const struct hello hellos[] = {
        {HELLO(TEXT("hello"), ""), 0},
        {HELLO(TEXT("stageContent"), TEXT("event")), KOJI_MODULE_STAGES},
        {HELLO(TEXT("importBuild"), TEXT("answer")), KOJI_MODULE_IMPORTS},
        {HELLO(TEXT("importBuild"), TEXT("event")), 0}, /* a database without keys */
        {HELLO(TEXT("stageContent") TEXT("importBuild"), TEXT("answer")), KOJI_MODULE_STAGES | KOJI_MODULE_IMPORTS},
        {HELLO(TEXT("events"), TEXT("answer")), 0}, /* one without a record */
        {HELLO(TEXT("events"), TEXT("event")), KOJI_MODULE_TELLS},
        {"<nil/>", 0},
        {"<string>hello</string>", 0},
        {NULL, 0},
    };
    CG_AUTO_JSON json_t *help = json_string("cgimport.hello()\ndescription: Tell the versions");
    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        struct hub_scene scene;
        unsigned abilities = 99;
        hub_scene_open(&scene, hellos[i].value);
        assert_int_equal(koji_module_abilities(scene.session, help, &abilities, &scene.err), 0);
        assert_int_equal(abilities, hellos[i].abilities);
        assert_int_equal(scripted_hub_count(scene.hub), 1);
        assert_string_equal(scene.err.message, "");
        hub_scene_close(&scene);
    }
}

static void a_hub_without_it_is_not_asked(void **state)
{
    (void)state;
    struct hub_scene scene;
    unsigned abilities = 99;
    CG_AUTO_JSON json_t *none = json_string("");
    CG_AUTO_JSON json_t *list = json_pack("[s]", "cgimport.hello()");
    const json_t *helps[] = {none, list, NULL};
    hub_scene_open(&scene, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(koji_module_abilities(scene.session, helps[i], &abilities, &scene.err), 0);
        assert_int_equal(abilities, 0);
        abilities = 99;
    }
    assert_int_equal(scripted_hub_count(scene.hub), 0);
    hub_scene_close(&scene);
}

static const struct koji_stage_wish wishes[] = {{"a/image", CG_DIGEST_SHA256, "aa", 5000000000},
                                                {"b", CG_DIGEST_MD5, "bb", 0}};

static void what_was_staged_is_told(void **state)
{
    (void)state;
    struct hub_scene scene;
    CG_AUTO_JSON json_t *staged = NULL;
    hub_scene_open(&scene, "<array><data>" TEXT("link") "<value><nil/></value></data></array>");
    assert_int_equal(koji_module_stage(scene.session, "dir", wishes, 2, &staged, &scene.err), 0);
    assert_string_equal(json_string_value(json_array_get(staged, 0)), "link");
    assert_true(json_is_null(json_array_get(staged, 1)));
    hub_scene_close(&scene);
}

static void an_answer_that_is_none_is_told(void **state)
{
    (void)state;
    static const char *const values[] = {"<nil/>", "<string>x</string>",
                                         "<array><data>" TEXT("link") "</data></array>"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_scene scene;
        json_t *staged = NULL;
        hub_scene_open(&scene, values[i]);
        assert_int_equal(koji_module_stage(scene.session, "dir", wishes, 2, &staged, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY, "the hub answered cgimport.stageContent without an array of 2");
        assert_null(staged);
        hub_scene_close(&scene);
    }
}

static void events_come_as_they_are_told(void **state)
{
    (void)state;
    struct hub_scene scene;
    CG_AUTO_JSON json_t *events = NULL;
    hub_scene_open(&scene, "<array><data><value><struct><member><name>position</name><value><i8>5000000000</i8></value>"
                           "</member></struct></value></data></array>");
    assert_int_equal(koji_module_events(scene.session, 4999999999, 2, &events, &scene.err), 0);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 0), "position")), 5000000000);
    assert_non_null(strstr(scripted_hub_request(scene.hub, 0)->body, "4999999999"));
    hub_scene_close(&scene);
}

/* More than was asked for would be brought in unseen. */
static void events_that_are_none_are_told(void **state)
{
    (void)state;
    static const char *const values[] = {"<nil/>", "<array><data>" TEXT("a") TEXT("b") "</data></array>"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_scene scene;
        json_t *events = NULL;
        hub_scene_open(&scene, values[i]);
        assert_int_equal(koji_module_events(scene.session, 0, 1, &events, &scene.err), -1);
        assert_error(&scene.err, CG_E_HUB_REPLY,
                     "the hub answered cgimport.events without an array as long as asked for");
        assert_null(events);
        hub_scene_close(&scene);
    }
}

static void assert_params(const struct secret *token, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *params = koji_module_import_params("metadata.json", "dir", token, "key", &err);
    CG_AUTO_FREE char *text = json_dumps(params, JSON_COMPACT);
    assert_string_equal(text, expected);
}

static void an_import_has_a_key(void **state)
{
    (void)state;
    CG_AUTO(secret_finish) struct secret token = {0};
    struct cg_error err = {0};
    assert_params(NULL, "[\"metadata.json\",\"dir\",null,\"key\"]");
    assert_params(&token, "[\"metadata.json\",\"dir\",null,\"key\"]");
    assert_int_equal(secret_set(&token, "t", &err), 0);
    assert_params(&token, "[\"metadata.json\",\"dir\",\"t\",\"key\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_as_they_are_told), cmocka_unit_test(events_that_are_none_are_told),
        cmocka_unit_test(a_module_tells_what_it_can),   cmocka_unit_test(a_hub_without_it_is_not_asked),
        cmocka_unit_test(what_was_staged_is_told),      cmocka_unit_test(an_answer_that_is_none_is_told),
        cmocka_unit_test(an_import_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
