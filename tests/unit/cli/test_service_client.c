/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/service_client.h"
#include "scripted_hub.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* Two servers, the service's first; the second is another's and listens, too. */
struct scene {
    struct scripted_hub *ours;
    struct scripted_hub *anothers;
    char url[64]; /* of ours, "http://127.0.0.1:PORT" */
};

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    (void)context;
    (void)index;
    (void)request;
    reply->type = "application/json";
    snprintf(reply->body, sizeof reply->body, "{}");
}

/* "127.0.0.1:PORT" of a server. */
static void place_of(const struct scripted_hub *hub, char place[64])
{
    const char *url = scripted_hub_url(hub) + strlen("http://");
    snprintf(place, 64, "%.*s", (int)strcspn(url, "/"), url);
}

static int begin(void **state)
{
    static struct scene scene;
    const struct scripted_behaviour behaviour = {.answer = answer};
    char place[64];
    scene.ours = scripted_hub_start(&behaviour);
    scene.anothers = scripted_hub_start(&behaviour);
    place_of(scene.ours, place);
    snprintf(scene.url, sizeof scene.url, "http://%.50s", place);
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    scripted_hub_stop(scene->ours);
    scripted_hub_stop(scene->anothers);
    return 0;
}

/* Asks for an address as an answer of the service may name it; the request line as it came to the service. */
static void ask(struct scene *scene, const char *path, char line[256])
{
    struct service_access access = {.url = scene->url};
    struct cg_error err = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    assert_int_equal(secret_set(&access.token, "cgi_secret", &err), 0);
    AUTO_SERVICE_CLIENT struct service_client *client = service_client_create(&access, NULL, &err);
    assert_int_equal(service_client_get(client, path, &reply, &err), 0);
    assert_int_equal(scripted_hub_count(scene->anothers), 0);
    const struct scripted_request *request = scripted_hub_request(scene->ours, scripted_hub_count(scene->ours) - 1);
    snprintf(line, 256, "%.*s", (int)strcspn(request->head, "\r\n"), request->head);
    service_access_finish(&access);
}

static void the_address_of_an_answer_is_looked_for_at_the_service(void **state)
{
    struct scene *scene = *state;
    char place[64], path[256], line[256];
    snprintf(path, sizeof path, "%s/v1/imports/1", scene->url);
    ask(scene, path, line);
    assert_string_equal(line, "GET /v1/imports/1 HTTP/1.1");
    place_of(scene->anothers, place);
    snprintf(path, sizeof path, "http://%s/v1/imports/2", place);
    ask(scene, path, line);
    assert_string_equal(line, "GET /v1/imports/2 HTTP/1.1");
}

/* "http://SERVICE@ANOTHER/": what looks like the service is a user of another host. */
static void an_address_that_only_begins_like_the_service_gets_no_token(void **state)
{
    struct scene *scene = *state;
    char place[64], path[256], line[256];
    place_of(scene->anothers, place);
    snprintf(path, sizeof path, "%s@%s/v1/imports/1", scene->url, place);
    ask(scene, path, line);
    assert_string_equal(line, "GET /v1/imports/1 HTTP/1.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_address_of_an_answer_is_looked_for_at_the_service, begin, end),
        cmocka_unit_test_setup_teardown(an_address_that_only_begins_like_the_service_gets_no_token, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
