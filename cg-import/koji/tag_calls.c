/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/tag_calls.h"

#include "koji/multicall.h"

int koji_tag_facts_read(struct koji_session *session, const char *tag, const char *package, int64_t build_id,
                        struct koji_tag_facts *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    if (koji_multicall_add(calls, "getTag", json_pack("[s]", tag), err) < 0 ||
        koji_multicall_add(calls, "checkTagPackage", json_pack("[s, s]", tag, package), err) < 0 ||
        koji_multicall_add(calls, "listTags", json_pack("[{s:I, s:b}]", "build", (json_int_t)build_id, "__starstar", 1),
                           err) < 0)
        return -1;
    CG_AUTO_JSON json_t *results = NULL;
    if (koji_session_multicall(session, KOJI_READ, calls, &results, err) < 0)
        return -1;

    const json_t *info = koji_multicall_result(results, 0, "getTag", err);
    if (!info)
        return -1;
    const json_t *listed = koji_multicall_result(results, 1, "checkTagPackage", err);
    if (!listed)
        return -1;
    const json_t *tags = koji_multicall_result(results, 2, "listTags", err);
    if (!tags)
        return -1;
    *facts = (struct koji_tag_facts){
        .tag_exists = json_is_object(info),
        .locked = json_is_true(json_object_get(info, "locked")),
        .package_listed = json_is_true(listed),
    };
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const json_t *id = json_object_get(json_array_get(tags, i), "id");
        if (json_is_integer(id) && json_equal(id, json_object_get(info, "id")))
            facts->build_tagged = true;
    }
    return 0;
}

int koji_package_list_add(struct koji_session *session, const char *tag, const char *package, const char *owner,
                          struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[s, s, s]", tag, package, owner);
    if (!params)
        return cg_fail_memory(err);
    return koji_session_call(session, KOJI_CHANGE, "packageListAdd", params, NULL, err);
}

int koji_tag_build(struct koji_session *session, const char *tag, int64_t build_id, int64_t *task_id,
                   struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[s, I]", tag, (json_int_t)build_id);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_CHANGE, "tagBuild", params, &answer, err) < 0)
        return -1;
    if (!json_is_integer(answer))
        return cg_fail(err, CG_E_HUB_REPLY, "the hub answered tagBuild without a task id");
    *task_id = json_integer_value(answer);
    return 0;
}

int koji_get_task(struct koji_session *session, int64_t task_id, enum koji_task_state *state, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[I]", (json_int_t)task_id);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_READ, "getTaskInfo", params, &answer, err) < 0)
        return -1;
    const json_t *number = json_object_get(answer, "state");
    if (!json_is_integer(number))
        return cg_fail(err, CG_E_HUB_REPLY, "the hub answered getTaskInfo without a state");
    *state = (enum koji_task_state)json_integer_value(number);
    return 0;
}

int koji_get_task_failure(struct koji_session *session, int64_t task_id, struct cg_bytes *text, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[I, {s:b, s:b}]", (json_int_t)task_id, "raise_fault", 0, "__starstar", 1);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_READ, "getTaskResult", params, &answer, err) < 0)
        return -1;
    const char *fault = json_string_value(json_object_get(answer, "faultString"));
    return fault ? cg_bytes_append_text(text, fault, err) : 0;
}

const char *koji_task_state_name(enum koji_task_state state)
{
    static const char *const names[] = {"FREE", "OPEN", "CLOSED", "CANCELED", "ASSIGNED", "FAILED"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
