/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/stored_file.h"
#include "scripted_hub.h"
#include "unit.h"

#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT "{\"build\": {}}"

/* A file server, and a volume that may be mounted. */
struct scene {
    struct scripted_hub *server;
    struct koji_profile profile;
    struct koji_session *session;
    int status;
    const char *type;
    struct cg_bytes content;
    struct cg_error why, err;
};

static const char *const parts[] = {"packages", "a b", "metadata.json"};
#define PARTS (sizeof parts / sizeof parts[0])

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    const struct scene *scene = context;
    (void)index;
    (void)request;
    reply->status = scene->status;
    reply->type = scene->type;
    snprintf(reply->body, sizeof reply->body, "%s", CONTENT);
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scratch_clear();
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->server = scripted_hub_start(&behaviour);
    scene->type = "application/json";
    scene->profile = (struct koji_profile){.name = strdup("test"),
                                           .server = strdup(scripted_hub_url(scene->server)),
                                           .topurl = strdup(scripted_hub_url(scene->server)),
                                           .topdir = strdup(scratch_path("volume"))};
    scene->session = koji_session_create(&scene->profile, NULL, &scene->err);
    *state = scene;
    return scene->session ? 0 : -1;
}

static int end(void **state)
{
    struct scene *scene = *state;
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->server);
    free(scene->profile.name);
    free(scene->profile.server);
    free(scene->profile.topurl);
    free(scene->profile.topdir);
    cg_bytes_finish(&scene->content);
    free(scene);
    return 0;
}

static int read_it(struct scene *scene, size_t most_bytes)
{
    cg_error_clear(&scene->why);
    return koji_stored_file_read(scene->session, parts, PARTS, most_bytes, &scene->content, &scene->why, &scene->err);
}

static int digest_it(struct scene *scene, struct cg_digests *digests)
{
    cg_error_clear(&scene->why);
    return koji_stored_file_digest(scene->session, parts, PARTS, CG_DIGEST_SHA256, digests, &scene->why, &scene->err);
}

/* What `content` held is given back: the address sanitizer would tell of it. */
static void a_file_of_the_server_takes_the_place_of_what_was_read_before(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(cg_bytes_append_text(&scene->content, "of another file", &scene->err), 0);
    assert_int_equal(read_it(scene, strlen(CONTENT)), KOJI_FILE_READ);
    assert_string_equal(cg_bytes_text(&scene->content), CONTENT);
    assert_non_null(strstr(scripted_hub_request(scene->server, 0)->head, "GET /kojihub/packages/a%20b/metadata.json "));
    assert_int_equal(read_it(scene, strlen(CONTENT) - 1), KOJI_FILE_TOO_LONG);
}

static void digests_are_those_of_the_content(void **state)
{
    struct scene *scene = *state;
    struct cg_digests expected = {0}, digests = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, &scene->err);
    assert_int_equal(cg_digest_update(digest, CONTENT, strlen(CONTENT), &scene->err), 0);
    assert_int_equal(cg_digest_read(digest, &expected, &scene->err), 0);
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_READ);
    assert_string_equal(digests.sha256, expected.sha256);
    assert_int_equal(digests.size_bytes, strlen(CONTENT));
    scratch_write("volume/packages/a b/metadata.json", CONTENT "\n");
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_READ);
    assert_int_equal(digests.size_bytes, strlen(CONTENT) + 1);
    assert_int_equal(scripted_hub_count(scene->server), 1);
}

static void what_is_no_such_file_is_told_apart(void **state)
{
    struct scene *scene = *state;
    struct cg_digests digests;
    scene->status = 404;
    assert_int_equal(read_it(scene, 100), KOJI_FILE_ABSENT);
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_ABSENT);
    assert_non_null(strstr(scene->why.message, "HTTP status 404 for http://127.0.0.1:"));
    scene->status = 503;
    assert_int_equal(read_it(scene, 100), KOJI_FILE_UNREADABLE);
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_UNREADABLE);
    scene->status = 200;
    scene->type = "text/html; charset=utf-8";
    assert_int_equal(read_it(scene, 100), KOJI_FILE_UNREADABLE);
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_UNREADABLE);
    assert_non_null(strstr(scene->why.message, "a web page is at http://127.0.0.1:"));
    /* The volume is there and has no such file, which a server that fails does not make doubtful. */
    scratch_make_directory("volume/packages");
    assert_int_equal(digest_it(scene, &digests), KOJI_FILE_ABSENT);
}

static void paths_of_the_hub_stay_below(void **state)
{
    struct scene *scene = *state;
    static const char *const bad[] = {"", ".", "..", "a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const wrong[] = {"packages", bad[i]};
        struct cg_digests digests;
        cg_error_clear(&scene->why);
        assert_int_equal(
            koji_stored_file_digest(scene->session, wrong, 2, CG_DIGEST_SHA256, &digests, &scene->why, &scene->err),
            KOJI_FILE_UNREADABLE);
        assert_string_equal(scene->why.message, "the hub does not tell where it stores the file");
    }
    assert_int_equal(scripted_hub_count(scene->server), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_of_the_server_takes_the_place_of_what_was_read_before, begin, end),
        cmocka_unit_test_setup_teardown(digests_are_those_of_the_content, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_such_file_is_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(paths_of_the_hub_stay_below, begin, end),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
