/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_HUB_SCENE_H
#define TESTS_HUB_SCENE_H

/* A scripted hub that gives one answer to everything, and an anonymous session with it. For tests of the room koji. */

#include "koji/session.h"
#include "scripted_hub.h"

struct hub_scene {
    const char *value; /* XML of the answer, borrowed; NULL: fault 1000, "no". May be changed between calls */
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct koji_session *session;
    struct cg_error err; /* for the test's use */
};

/* Fails the test when there is no session. */
void hub_scene_open(struct hub_scene *scene, const char *value);
void hub_scene_close(struct hub_scene *scene);

#endif
