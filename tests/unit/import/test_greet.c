/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/greet.h"
#include "scripted_hub.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define VALUE(xml) "<value>" xml "</value>"
#define STRING(text) "<string>" text "</string>"
#define INT(n) "<int>" n "</int>"
#define ARRAY(values) "<array><data>" values "</data></array>"
#define MEMBER(name, xml) "<member><name>" name "</name>" VALUE(xml) "</member>"
#define STRUCT(members) "<struct>" members "</struct>"
/* The answer of one call in a multiCall, and a fault instead. */
#define DONE(xml) VALUE(ARRAY(VALUE(xml)))
#define NO VALUE(STRUCT(MEMBER("faultCode", INT("1000")) MEMBER("faultString", STRING("no such thing"))))

#define WHO DONE(STRUCT(MEMBER("id", INT("7")) MEMBER("name", STRING("osbs"))))
#define NOBODY DONE("<nil/>")
#define ABSENT DONE("<nil/>")
#define THERE DONE(STRUCT(MEMBER("id", INT("3"))))
#define LISTS                                                                                                          \
    DONE(STRUCT(MEMBER("osbs", STRUCT(MEMBER("id", INT("1"))))))                                                       \
    DONE(ARRAY(VALUE(STRUCT(MEMBER("name", STRING("image"))))))                                                        \
    DONE(ARRAY(VALUE(STRUCT(MEMBER("extensions", STRING("tar.gz"))))))                                                 \
    DONE(STRING("1.35.3"))                                                                                             \
    DONE(STRING(""))

/* A hub that gives one answer, and a session there. */
struct scene {
    const char *value;
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct koji_session *session;
    struct import_greeting greeting;
    struct cg_error err;
};

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    struct scene *scene = context;
    (void)index;
    (void)request;
    scripted_value(reply, scene->value);
}

static int greet(struct scene *scene, const char *nvr, const char *value)
{
    *scene = (struct scene){.value = value};
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(scene->hub), .authtype = KOJI_AUTH_NONE, .timeout_s = 60};
    scene->session = koji_session_create(&scene->profile, NULL, &scene->err);
    assert_non_null(scene->session);
    return import_greet(scene->session, nvr, &scene->greeting, &scene->err);
}

static const char *sent(struct scene *scene)
{
    assert_int_equal(scripted_hub_count(scene->hub), 1);
    return scripted_hub_request(scene->hub, 0)->body;
}

static void close_scene(struct scene *scene)
{
    import_greeting_finish(&scene->greeting);
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->hub);
}

static void everything_is_asked_at_once(void **state)
{
    (void)state;
    struct scene scene;
    assert_int_equal(greet(&scene, "bash-5-1", ARRAY(WHO ABSENT LISTS)), 0);
    assert_string_equal(scene.greeting.identity.name, "osbs");
    assert_int_equal(scene.greeting.identity.user_id, 7);
    assert_int_equal(scene.greeting.foreknown, IMPORT_WAS_ABSENT);
    assert_string_equal(scene.greeting.lists.facts.content_generators[0], "osbs");
    assert_string_equal(scene.greeting.lists.facts.version, "1.35.3");
    assert_int_equal(scene.greeting.lists.module, 0);
    assert_non_null(strstr(sent(&scene), "bash-5-1"));
    assert_non_null(strstr(sent(&scene), "cgimport.hello"));
    close_scene(&scene);
}

/* Only a plain nil means that there is no such build. */
static void what_is_not_surely_absent_is_asked_for_later(void **state)
{
    (void)state;
    static const char *const answers[] = {ARRAY(WHO THERE LISTS), ARRAY(WHO NO LISTS)};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct scene scene;
        assert_int_equal(greet(&scene, "bash-5-1", answers[i]), 0);
        assert_int_equal(scene.greeting.foreknown, IMPORT_NOT_ASKED);
        close_scene(&scene);
    }
}

static void no_build_is_asked_for_without_a_name(void **state)
{
    (void)state;
    struct scene scene;
    assert_int_equal(greet(&scene, NULL, ARRAY(NOBODY LISTS)), 0);
    assert_null(scene.greeting.identity.name);
    assert_int_equal(scene.greeting.foreknown, IMPORT_NOT_ASKED);
    assert_string_equal(scene.greeting.lists.facts.btypes[0], "image");
    assert_null(strstr(sent(&scene), "getBuild"));
    close_scene(&scene);
}

static void what_cannot_be_done_without_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum cg_code code;
        const char *message;
    } bads[] = {
        {ARRAY(NO ABSENT LISTS), CG_E_HUB_REFUSED, "no such thing"},
        {ARRAY(DONE(STRUCT("")) ABSENT LISTS), CG_E_HUB_REPLY, "getLoggedInUser was answered without a name"},
        {ARRAY(WHO ABSENT NO NO NO NO NO), CG_E_HUB_REFUSED, "no such thing"},
        {ARRAY(WHO ABSENT), CG_E_HUB_REPLY, "multiCall of 7 calls was answered with 2 results"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct scene scene;
        assert_int_equal(greet(&scene, "bash-5-1", bads[i].value), -1);
        assert_int_equal(scene.err.code, bads[i].code);
        assert_non_null(strstr(scene.err.message, bads[i].message));
        assert_null(scene.greeting.identity.name);
        assert_null(scene.greeting.lists.cgs);
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_asked_at_once),
        cmocka_unit_test(what_is_not_surely_absent_is_asked_for_later),
        cmocka_unit_test(no_build_is_asked_for_without_a_name),
        cmocka_unit_test(what_cannot_be_done_without_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
