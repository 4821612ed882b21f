/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/reserve.h"
#include "scratch.h"
#include "scripted_hub.h"
#include "unit.h"

#include <string.h>

#define BUILD_ID 12

/* What the hub does with the n-th request after the login; the last goes on for all later ones. */
enum answer { RESET, OFFLINE, RESERVED, TAKEN, NIL };

struct scene {
    const enum answer *answers;
    size_t count;
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct koji_session *session;
    struct cg_metadata metadata;
    struct import_request request;
    struct import_result result;
    struct import_work work;
    struct cg_error err;
};

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    const struct scene *scene = context;
    (void)request;
    if (index == 0) {
        scripted_session(reply, 8, "2-KEY", true);
        return;
    }
    switch (scene->answers[index <= scene->count ? index - 1 : scene->count - 1]) {
    case RESET:
        reply->kind = SCRIPT_RESET;
        break;
    case OFFLINE:
        scripted_fault(reply, 1014, "database outage");
        break;
    case TAKEN:
        scripted_fault(reply, 1000, "Build is already reserved");
        break;
    case RESERVED:
        scripted_value(reply, "<struct><member><name>build_id</name><value><int>12</int></value></member>"
                              "<member><name>token</name><value><string>TOKEN</string></value></member></struct>");
        break;
    case NIL:
        scripted_value(reply, "<nil/>");
        break;
    }
}

/* An import that is about to reserve. */
static void open_scene(struct scene *scene, const enum answer *answers, size_t count)
{
    static const struct import_listener silent;
    *scene = (struct scene){.answers = answers, .count = count};
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(scene->hub),
        .authtype = KOJI_AUTH_PASSWORD,
        .user = (char *)(uintptr_t) "osbs",
        .max_retries = 2,
        .timeout_s = 60,
        .auth_timeout_s = 60,
    };
    assert_int_equal(secret_set(&scene->profile.password, "secret-password", &scene->err), 0);
    scene->session = koji_session_create(&scene->profile, NULL, &scene->err);
    assert_int_equal(koji_session_login(scene->session, &scene->err), 0);
    static char nvr[] = "a-1-2";
    scene->metadata = (struct cg_metadata){
        .name = "a", .version = "1", .release = "2", .nvr = nvr, .content_generator = "atomic-reactor"};
    scene->request = (struct import_request){.text = "{\"build\": {\"name\": \"a\"}}", .text_size = 24};
    const struct import_journal_key key = {.hub = "hub", .nvr = "a-1-2", .metadata_sha256 = "ab"};
    scene->work = (struct import_work){
        .session = scene->session,
        .request = &scene->request,
        .listener = &silent,
        .result = &scene->result,
        .metadata = &scene->metadata,
        .journal = import_journal_open(scratch_path("state"), &key, NULL, NULL, NULL, &scene->err),
        .reservation_wish = IMPORT_RESERVE,
    };
    assert_non_null(scene->work.journal);
}

static void close_scene(struct scene *scene)
{
    scene->work.metadata = NULL;
    import_journal_remove(scene->work.journal, NULL);
    import_work_finish(&scene->work);
    import_result_finish(&scene->result);
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->hub);
    secret_finish(&scene->profile.password);
}

#define OPEN(scene, ...)                                                                                               \
    static const enum answer scene##_answers[] = {__VA_ARGS__};                                                        \
    struct scene scene;                                                                                                \
    open_scene(&scene, scene##_answers, sizeof scene##_answers / sizeof scene##_answers[0])

static void holds_what_it_reserved(void **state)
{
    (void)state;
    OPEN(scene, RESERVED);
    assert_int_equal(import_reserve(&scene.work, &scene.err), 0);
    assert_int_equal(scene.work.holder, IMPORT_HOLDS_OWN);
    assert_int_equal(scene.work.reservation.build_id, BUILD_ID);
    assert_string_equal(scene.work.text.data, "{\"build\": {\"build_id\": 12, \"name\": \"a\"}}");
    const struct import_record *record = import_journal_record(scene.work.journal);
    assert_int_equal(record->reservation.build_id, BUILD_ID);
    assert_int_equal(record->reserving, IMPORT_NOT_SENT);
    close_scene(&scene);
}

static void a_refusal_reserved_nothing(void **state)
{
    (void)state;
    OPEN(scene, TAKEN);
    assert_int_equal(import_reserve(&scene.work, &scene.err), -1);
    assert_int_equal(scene.err.code, CG_E_RESERVED);
    assert_int_equal(import_journal_record(scene.work.journal)->reserving, IMPORT_NOT_SENT);
    assert_null(scene.result.left_on_hub);
    close_scene(&scene);
}

/* "Offline" to a repeat says nothing about the first sending, which nobody answered. */
static void an_offline_answer_to_a_repeat_leaves_the_reservation_open(void **state)
{
    (void)state;
    OPEN(scene, RESET, OFFLINE);
    assert_int_equal(import_reserve(&scene.work, &scene.err), -1);
    assert_int_equal(scene.err.code, CG_E_UNKNOWN);
    assert_true(scripted_hub_count(scene.hub) > 2);
    assert_string_equal(scene.result.left_on_hub,
                        "perhaps a reservation of a-1-2; the same command run again settles it");
    assert_int_equal(import_journal_record(scene.work.journal)->reserving, IMPORT_SENDING);
    close_scene(&scene);
}

/* The journal goes on saying that it was sent: a hub that is offline looks at nothing, and a later run asks again. */
static void an_offline_hub_reserved_nothing(void **state)
{
    (void)state;
    OPEN(scene, OFFLINE);
    assert_int_equal(import_reserve(&scene.work, &scene.err), -1);
    assert_int_equal(scene.err.code, CG_E_OFFLINE);
    assert_int_equal(import_journal_record(scene.work.journal)->reserving, IMPORT_SENDING);
    assert_null(scene.result.left_on_hub);
    close_scene(&scene);
}

static void says_what_becomes_of_a_reservation_that_stays(void **state)
{
    (void)state;
    OPEN(scene, NIL);
    scene.work.reservation.build_id = BUILD_ID;
    import_tell_reservation(&scene.work);
    assert_string_equal(
        scene.result.left_on_hub,
        "the reservation of build 12; the same command run again uses it, or cancel it with: koji cancel a-1-2");

    struct import_journal *journal = scene.work.journal;
    scene.work.journal = NULL;
    import_tell_reservation(&scene.work);
    scene.work.journal = journal;
    const char *second = strstr(scene.result.left_on_hub, "a-1-2; ");
    assert_non_null(second);
    assert_string_equal(second + strlen("a-1-2; "),
                        "the reservation of build 12; its token is lost, or cancel it with: koji cancel a-1-2");
    close_scene(&scene);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        in_scratch(holds_what_it_reserved),
        in_scratch(a_refusal_reserved_nothing),
        in_scratch(an_offline_answer_to_a_repeat_leaves_the_reservation_open),
        in_scratch(an_offline_hub_reserved_nothing),
        in_scratch(says_what_becomes_of_a_reservation_that_stays),
    };
    return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
