/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_TAG_CALLS_H
#define KOJI_TAG_CALLS_H

/*
 * The hub's calls around tagging a build, typed: one function a call (kojihub.py, class RootExports).
 *
 * Tagging is a task that a builder of the hub works off: tagBuild answers with its id, koji_get_task tells how far it
 * is. What to do about a refusal is the importer's.
 */

#include "cg/bytes.h"
#include "koji/session.h"

/* koji.TASK_STATES */
enum koji_task_state {
    KOJI_TASK_FREE = 0,
    KOJI_TASK_OPEN = 1,
    KOJI_TASK_CLOSED = 2,
    KOJI_TASK_CANCELED = 3,
    KOJI_TASK_ASSIGNED = 4,
    KOJI_TASK_FAILED = 5,
};

/* What one request tells about a tag and a package and a build. */
struct koji_tag_facts {
    bool tag_exists;
    bool locked;
    bool package_listed; /* in the tag's list, inherited or own, and not blocked */
    bool build_tagged;   /* the build is in the tag itself */
};

/* One request. 0, or -1. */
int koji_tag_facts_read(struct koji_session *session, const char *tag, const char *package, int64_t build_id,
                        struct koji_tag_facts *facts, struct cg_error *err);

/* packageListAdd with `owner`, a user's name. 0, or -1 with CG_E_AUTH, CG_E_DENIED when that is not allowed, ... */
int koji_package_list_add(struct koji_session *session, const char *tag, const char *package, const char *owner,
                          struct cg_error *err);

/* tagBuild; *task_id is the task that does it. 0, or -1. */
int koji_tag_build(struct koji_session *session, const char *tag, int64_t build_id, int64_t *task_id,
                   struct cg_error *err);

/* getTaskInfo: 0, or -1 with CG_E_HUB_REPLY if there is no such task. */
int koji_get_task(struct koji_session *session, int64_t task_id, enum koji_task_state *state, struct cg_error *err);

/* Appends the text of the fault that ended a failed task, nothing if the hub tells none. 0, or -1. */
int koji_get_task_failure(struct koji_session *session, int64_t task_id, struct cg_bytes *text, struct cg_error *err);

const char *koji_task_state_name(enum koji_task_state state);

#endif
