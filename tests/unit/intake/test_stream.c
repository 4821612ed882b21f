/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/bytes.h"
#include "intake/stream.h"

/* A connection that only notes whether it sleeps. */
struct sleeper {
    bool asleep;
    unsigned suspended, resumed;
};

static void suspend(void *connection)
{
    struct sleeper *sleeper = connection;
    assert_false(sleeper->asleep);
    sleeper->asleep = true;
    sleeper->suspended++;
}

static void resume(void *connection)
{
    struct sleeper *sleeper = connection;
    assert_true(sleeper->asleep);
    sleeper->asleep = false;
    sleeper->resumed++;
}

/* What the source says next: NULL nothing, "" the end. */
struct script {
    const char *lines[8];
    unsigned at;
};

static int next(void *state, struct cg_bytes *out)
{
    struct script *script = state;
    const char *line = script->at < 8 ? script->lines[script->at] : NULL;
    script->at++;
    if (line)
        cg_bytes_append_text(out, line, NULL);
    return !line || *line;
}

static const struct intake_stream source = {.next = next, .poll_ms = 100};
static const struct stream_sleep calls = {suspend, resume};

struct scene {
    struct streams *streams;
    struct stream *stream;
    struct sleeper sleeper;
    struct script script;
};

static void open_scene(struct scene *scene, enum stream_comments comments)
{
    scene->streams = streams_create(&calls, NULL);
    scene->stream = stream_create(scene->streams, &source, &scene->script, comments, &scene->sleeper);
}

static void close_scene(struct scene *scene)
{
    stream_let_go(scene->stream);
    stream_let_go(scene->stream);
    streams_destroy(scene->streams);
}

static void gives_what_there_is_and_sleeps(void **state)
{
    (void)state;
    struct scene scene = {.script.lines = {"abcdef", NULL, "g", ""}};
    char buffer[4];
    open_scene(&scene, STREAM_PLAIN);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1000), 4);
    assert_memory_equal(buffer, "abcd", 4);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1000), 2);
    assert_memory_equal(buffer, "ef", 2);
    /* It had something: asked again at once. */
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1001), 0);
    assert_int_equal(scene.script.at, 2);
    assert_true(scene.sleeper.asleep);
    streams_wake(scene.streams, 1100);
    assert_true(scene.sleeper.asleep);
    streams_wake(scene.streams, 1101);
    assert_false(scene.sleeper.asleep);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1101), 1);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1101), -1);
    assert_int_equal(scene.script.at, 4);
    close_scene(&scene);
}

static void asks_no_more_often_than_told(void **state)
{
    (void)state;
    struct scene scene = {0};
    char buffer[4];
    open_scene(&scene, STREAM_PLAIN);
    for (uint64_t now_ms = 1000; now_ms < 2000; now_ms += 10) {
        streams_wake(scene.streams, now_ms);
        if (!scene.sleeper.asleep)
            assert_int_equal(stream_read(scene.stream, buffer, 4, now_ms), 0);
    }
    assert_int_equal(scene.script.at, 10);
    close_scene(&scene);
}

static void a_quiet_event_stream_sends_a_comment(void **state)
{
    (void)state;
    static const enum stream_comments kinds[] = {STREAM_COMMENTS, STREAM_PLAIN};
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = {0};
        char buffer[16];
        open_scene(&scene, kinds[i]);
        assert_int_equal(stream_read(scene.stream, buffer, 16, 1000), 0);
        streams_wake(scene.streams, 1000 + STREAM_QUIET_MS - 1);
        assert_int_equal(stream_read(scene.stream, buffer, 16, 1000 + STREAM_QUIET_MS - 1), 0);
        streams_wake(scene.streams, 2000 + STREAM_QUIET_MS);
        ssize_t got = stream_read(scene.stream, buffer, 16, 2000 + STREAM_QUIET_MS);
        assert_int_equal(got, kinds[i] == STREAM_COMMENTS ? 3 : 0);
        if (got)
            assert_memory_equal(buffer, ":\n\n", 3);
        close_scene(&scene);
    }
}

static void ending_wakes_all_and_none_sleeps_again(void **state)
{
    (void)state;
    struct scene scene = {0};
    char buffer[4];
    open_scene(&scene, STREAM_PLAIN);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1000), 0);
    streams_end(scene.streams);
    assert_false(scene.sleeper.asleep);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1001), -1);
    assert_int_equal(scene.sleeper.suspended, 1);
    close_scene(&scene);
}

static void a_stream_that_one_let_go_of_asks_its_source_no_more(void **state)
{
    (void)state;
    struct scene scene = {.script.lines = {"a"}};
    char buffer[4];
    open_scene(&scene, STREAM_PLAIN);
    stream_let_go(scene.stream);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1000), -1);
    assert_int_equal(scene.script.at, 0);
    stream_let_go(scene.stream);
    streams_destroy(scene.streams);
}

static void a_stream_that_one_let_go_of_is_woken_no_more(void **state)
{
    (void)state;
    struct scene scene = {0};
    char buffer[4];
    open_scene(&scene, STREAM_PLAIN);
    assert_int_equal(stream_read(scene.stream, buffer, 4, 1000), 0);
    stream_let_go(scene.stream);
    streams_wake(scene.streams, 9000);
    streams_end(scene.streams);
    assert_int_equal(scene.sleeper.resumed, 0);
    stream_let_go(scene.stream);
    streams_destroy(scene.streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_there_is_and_sleeps),
        cmocka_unit_test(asks_no_more_often_than_told),
        cmocka_unit_test(a_quiet_event_stream_sends_a_comment),
        cmocka_unit_test(ending_wakes_all_and_none_sleeps_again),
        cmocka_unit_test(a_stream_that_one_let_go_of_asks_its_source_no_more),
        cmocka_unit_test(a_stream_that_one_let_go_of_is_woken_no_more),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
