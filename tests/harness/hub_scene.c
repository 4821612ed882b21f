/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_scene.h"

#include "unit.h"

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    const struct hub_scene *scene = context;
    (void)index;
    (void)request;
    if (scene->value)
        scripted_value(reply, scene->value);
    else
        scripted_fault(reply, 1000, "no");
}

void hub_scene_open(struct hub_scene *scene, const char *value)
{
    *scene = (struct hub_scene){.value = value};
    const struct scripted_behaviour behaviour = {.answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(scene->hub), .authtype = KOJI_AUTH_NONE, .timeout_s = 60};
    scene->session = koji_session_create(&scene->profile, NULL, &scene->err);
    assert_non_null(scene->session);
}

void hub_scene_close(struct hub_scene *scene)
{
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->hub);
}
