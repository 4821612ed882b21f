/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The follower and a hub that tells what the test wants: pages, gaps, another history, refusals. */
#include "postgres.h"
#include "scripted_hub.h"
#include "unit.h"

#include "import/follower.h"
#include "store/outbox.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long is waited for what must come, in pauses of 10 ms. */
#define TRIES 6000

/* What the hub tells: events 1 to `last`, those above `from_other` of another history than was told before. */
struct scene {
    pthread_mutex_t lock;
    unsigned last, from_other;
    unsigned gap;   /* this position is left out; 0: none */
    int fault;      /* of cgimport.events; 0: none */
    unsigned reads; /* of the record */
    bool keeps;     /* has the module */
    const char *database;
    struct store *store;
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct follower_hub followed;
    struct follower *follower;
};

/* --- the hub ------------------------------------------------------------------------------------------------------ */

#define STRING(name, value) "<member><name>" name "</name><value><string>" value "</string></value></member>"
#define NIL(name) "<member><name>" name "</name><value><nil/></value></member>"

/* Tags of a build that nothing else is told of: nothing is to be settled. */
static void append_event(char *xml, size_t size, unsigned position, bool other)
{
    size_t used = strlen(xml);
    snprintf(xml + used, size - used,
             "<value><struct><member><name>position</name><value><int>%u</int></value></member>"
             "<member><name>build_id</name><value><int>7</int></value></member>" STRING("kind", "tag")
                 STRING("nvr", "app-1-1") NIL("metadata_sha256") NIL("content_generator")
                     STRING("user_name",
                            "jdoe") "<member><name>time</name><value><string>2026-11-30T10:%02u:%02u.%06dZ</string>"
                                    "</value></member><member><name>detail</name><value><struct>" STRING(
                                        "tag", "t") "</struct></value></member></struct></value>",
             position, position / 60 % 60, position % 60, other ? 1 : 0);
}

/* The numbers of <int>A</int> and <int>B</int> in the request. */
static void asked(const char *body, unsigned *after, unsigned *limit)
{
    const char *first = strstr(body, "<i");
    first = first ? strchr(first, '>') : NULL;
    const char *second = first ? strstr(first, "<i") : NULL;
    second = second ? strchr(second, '>') : NULL;
    assert_non_null(second);
    *after = (unsigned)strtoul(first + 1, NULL, 10);
    *limit = (unsigned)strtoul(second + 1, NULL, 10);
}

static void answer_events(struct scene *scene, const struct scripted_request *request, struct scripted_reply *reply)
{
    static char xml[400000];
    unsigned after, limit, told = 0;
    asked(request->body, &after, &limit);
    scene->reads++;
    if (scene->fault) {
        scripted_fault(reply, scene->fault, "cg-auditor permission required");
        return;
    }
    strcpy(xml, "<?xml version='1.0'?><methodResponse><params><param><value><array><data>");
    for (unsigned position = after + 1; position <= scene->last && told < limit; position++)
        if (position != scene->gap) {
            append_event(xml, sizeof xml, position, scene->from_other > 0 && position > scene->from_other);
            told++;
        }
    strcat(xml, "</data></array></value></param></params></methodResponse>");
    reply->long_body = xml;
}

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    struct scene *scene = context;
    char method[64];
    (void)index;
    scripted_method(request, method, sizeof method);
    pthread_mutex_lock(&scene->lock);
    if (strcmp(method, "cgimport.events") == 0)
        answer_events(scene, request, reply);
    else if (strcmp(method, "system.methodHelp") == 0)
        scripted_value(reply, scene->keeps ? "<string>cgimport.hello()\ndescription: x</string>" : "<string></string>");
    else if (strcmp(method, "cgimport.hello") == 0)
        scripted_value(reply, "<struct><member><name>abilities</name><value><array><data><value><string>events</string>"
                              "</value></data></array></value></member><member><name>tables</name><value><array><data>"
                              "<value><string>event</string></value></data></array></value></member></struct>");
    else
        scripted_value(reply, "<nil/>");
    pthread_mutex_unlock(&scene->lock);
}

static void change(struct scene *scene, unsigned last, unsigned from_other, unsigned gap)
{
    pthread_mutex_lock(&scene->lock);
    scene->last = last;
    scene->from_other = from_other;
    scene->gap = gap;
    scene->reads = 0;
    pthread_mutex_unlock(&scene->lock);
}

static unsigned reads_of(struct scene *scene)
{
    pthread_mutex_lock(&scene->lock);
    unsigned reads = scene->reads;
    pthread_mutex_unlock(&scene->lock);
    return reads;
}

/* --- the scene ---------------------------------------------------------------------------------------------------- */

static void start(struct scene *scene)
{
    struct cg_error err = {0};
    const struct follower_options options = {
        .store = scene->store, .replica = "r1", .lease_ms = 60000, .hubs = &scene->followed, .hub_count = 1};
    scene->follower = follower_start(&options, &err);
    assert_string_equal(err.message, "");
}

static void open_scene(struct scene *scene, unsigned last)
{
    struct cg_error err = {0};
    unsigned applied = 0;
    *scene = (struct scene){.last = last, .keeps = true};
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    pthread_mutex_init(&scene->lock, NULL);
    scene->database = postgres_database();
    scene->store = store_open(&(struct store_options){.conninfo = scene->database, .connections = 4}, &err);
    assert_int_equal(store_migrate(scene->store, &applied, &err), 0);
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){.server = (char *)(uintptr_t)scripted_hub_url(scene->hub),
                                           .weburl = (char *)(uintptr_t) "http://h/koji",
                                           .authtype = KOJI_AUTH_NONE,
                                           .timeout_s = 60};
    scene->followed = (struct follower_hub){.name = "koji", .profile = &scene->profile, .every_ms = 20};
}

static void close_scene(struct scene *scene)
{
    follower_stop(scene->follower);
    store_close(scene->store);
    scripted_hub_stop(scene->hub);
    pthread_mutex_destroy(&scene->lock);
}

static void pause_10_ms(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10000000L}, NULL);
}

static const char *sql(const struct scene *scene, const char *text)
{
    return postgres_sql(scene->database, text);
}

/* Waits until the statement gives `expected`. */
static void wait_for(const struct scene *scene, const char *text, const char *expected)
{
    const char *got = "";
    for (int tries = 0; tries < TRIES; tries++, pause_10_ms())
        if (strcmp(got = sql(scene, text), expected) == 0)
            return;
    fail_msg("%s: %s, not %s", text, got, expected);
}

static void wait_for_reads(struct scene *scene, unsigned count)
{
    for (int tries = 0; tries < TRIES; tries++, pause_10_ms())
        if (reads_of(scene) >= count)
            return;
    fail_msg("the record is not read any more");
}

#define REACH "SELECT line || ' ' || position FROM followed_hubs"
#define LEAVES                                                                                                         \
    "SELECT count(*) || ' ' || count(DISTINCT convert_from(leaf, 'UTF8')::json #>> '{detail,position}')"               \
    " FROM audit_pending WHERE type = 'hub-tag'"
#define STANDS "SELECT state || ' ' || coalesce(message, '') FROM followed_hubs"

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void reads_page_by_page(void **state)
{
    (void)state;
    struct scene scene;
    /* More than two pages, and exactly one more page. */
    open_scene(&scene, 450);
    start(&scene);
    wait_for(&scene, REACH, "1 450");
    change(&scene, 650, 0, 0);
    wait_for(&scene, REACH, "1 650");
    assert_string_equal(sql(&scene, LEAVES), "650 650");
    wait_for(&scene, STANDS, "followed ");
    close_scene(&scene);
}

static void brings_nothing_in_behind_a_gap(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 3);
    start(&scene);
    wait_for(&scene, REACH, "1 3");
    change(&scene, 9, 0, 5);
    wait_for(&scene, STANDS, "failed the hub's record goes on with event 6, expected 5");
    assert_string_equal(sql(&scene, REACH), "1 3");
    assert_string_equal(sql(&scene, LEAVES), "3 3");
    change(&scene, 9, 0, 0);
    wait_for(&scene, REACH, "1 9");
    assert_string_equal(sql(&scene, LEAVES), "9 9");
    close_scene(&scene);
}

static void finds_the_last_event_in_common(void **state)
{
    (void)state;
    static const struct {
        unsigned last, common;
        const char *reach;
    } cases[] = {{40, 12, "2 40"}, {12, 12, "2 12"}, {0, 0, "2 0"}, {60, 0, "2 60"}, {29, 29, "2 29"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        char told[100];
        open_scene(&scene, 30);
        start(&scene);
        wait_for(&scene, REACH, "1 30");
        /* From `common` on it is another history; 0: all of it. */
        if (cases[i].common == 0) {
            change(&scene, 0, 0, 0);
            wait_for(&scene, REACH, "2 0");
        }
        change(&scene, cases[i].last, cases[i].common, 0);
        wait_for(&scene, REACH, cases[i].reach);
        snprintf(told, sizeof told, "%u 30", cases[i].common);
        assert_string_equal(sql(&scene, "SELECT (d ->> 'position') || ' ' || (d ->> 'undone_to') FROM (SELECT"
                                        " convert_from(leaf, 'UTF8')::json -> 'detail' AS d FROM audit_pending"
                                        " WHERE type = 'hub-went-back') l"),
                            told);
        close_scene(&scene);
    }
}

static void is_not_misled_by_one_reading(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 30);
    start(&scene);
    wait_for(&scene, REACH, "1 30");
    /* A server that is behind for one reading. */
    change(&scene, 20, 0, 0);
    wait_for_reads(&scene, 1);
    change(&scene, 31, 0, 0);
    wait_for_reads(&scene, 6);
    /* Under load more readings may have fallen in between: then it went back, and no event is missed all the same. */
    wait_for(&scene, "SELECT position FROM followed_hubs", "31");
    close_scene(&scene);
}

static void says_why_it_does_not_follow(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 3);
    scene.keeps = false;
    start(&scene);
    wait_for(&scene, STANDS,
             "absent the hub keeps no record of imports: it has no plugin cg_import, or its database is not prepared");
    assert_int_equal(reads_of(&scene), 0);
    close_scene(&scene);
}

/* koji.ActionNotAllowed is no failure: nobody granted it. */
static void tells_a_refusal_from_a_failure(void **state)
{
    (void)state;
    static const struct {
        int fault;
        const char *stands, *errors;
    } cases[] = {{1004, "denied", "0"}, {1000, "failed", "1"}};
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        open_scene(&scene, 3);
        scene.fault = cases[i].fault;
        start(&scene);
        wait_for(&scene, "SELECT state FROM followed_hubs", cases[i].stands);
        assert_string_equal(sql(&scene, "SELECT least(errors, 1) FROM followed_hubs"), cases[i].errors);
        assert_string_equal(sql(&scene, LEAVES), "0 0");
        close_scene(&scene);
    }
}

static void a_stopped_follower_lets_another_go_on(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    open_scene(&scene, 3);
    start(&scene);
    wait_for(&scene, REACH, "1 3");
    assert_int_equal(store_outbox_lead(scene.store, "koji", "r2", 60000, &reach, &err), 0);
    follower_stop(CG_STEAL(scene.follower));
    assert_int_equal(store_outbox_lead(scene.store, "koji", "r2", 60000, &reach, &err), 1);
    assert_int_equal(reach.position, 3);
    close_scene(&scene);
}

static void follows_nothing_where_it_is_off(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 3);
    scene.followed.wish = FOLLOWER_OFF;
    start(&scene);
    follower_stop(CG_STEAL(scene.follower));
    assert_int_equal(scripted_hub_count(scene.hub), 0);
    assert_string_equal(sql(&scene, "SELECT count(*) FROM followed_hubs"), "0");
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_page_by_page),
        cmocka_unit_test(brings_nothing_in_behind_a_gap),
        cmocka_unit_test(finds_the_last_event_in_common),
        cmocka_unit_test(is_not_misled_by_one_reading),
        cmocka_unit_test(says_why_it_does_not_follow),
        cmocka_unit_test(tells_a_refusal_from_a_failure),
        cmocka_unit_test(a_stopped_follower_lets_another_go_on),
        cmocka_unit_test(follows_nothing_where_it_is_off),
    };
    return cmocka_run_group_tests_name("follower", tests, postgres_start, postgres_stop);
}
