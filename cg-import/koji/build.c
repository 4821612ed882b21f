/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/build.h"

#include "koji/answer.h"
#include "koji/multicall.h"

#include <string.h>

/* Takes the reference `params`. 1: found, 0: nil, -1: failed. */
static int get_build(struct koji_session *session, json_t *params, struct koji_build *build, struct cg_error *err)
{
    CG_AUTO_JSON json_t *owned = params;
    if (!owned)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_LOOK, "getBuild", owned, &answer, err) < 0)
        return -1;
    if (json_is_null(answer))
        return 0;
    return koji_build_from_json(answer, build, err) < 0 ? -1 : 1;
}

int koji_get_build(struct koji_session *session, const char *nvr, struct koji_build *build, struct cg_error *err)
{
    return get_build(session, json_pack("[s]", nvr), build, err);
}

int koji_get_build_by_id(struct koji_session *session, int64_t build_id, struct koji_build *build, struct cg_error *err)
{
    return get_build(session, json_pack("[I]", (json_int_t)build_id), build, err);
}

/* An owned copy of a string member; NULL for nil. 0, or -1 with CG_E_MEMORY. */
static int copy_member(const json_t *json, const char *name, char **copy, struct cg_error *err)
{
    const char *text = json_string_value(json_object_get(json, name));
    *copy = text ? strdup(text) : NULL;
    return text && !*copy ? cg_fail_memory(err) : 0;
}

int koji_build_from_json(const json_t *json, struct koji_build *build, struct cg_error *err)
{
    const json_t *id = json_object_get(json, "id");
    const json_t *state = json_object_get(json, "state");
    if (!json_is_integer(id) || !json_is_integer(state))
        return koji_answer_lacks("getBuild", "id and state", err);
    AUTO_KOJI_BUILD struct koji_build made = {
        .build_id = json_integer_value(id),
        .state = (enum koji_build_state)json_integer_value(state),
        .owner_id = json_integer_value(json_object_get(json, "owner_id")),
        .draft = json_is_true(json_object_get(json, "draft")),
        .started = json_number_value(json_object_get(json, "start_ts")),
        .json = json_deep_copy(json),
    };
    if (!made.json)
        return cg_fail_memory(err);
    if (copy_member(json, "nvr", &made.nvr, err) < 0 ||
        copy_member(json, "cg_name", &made.content_generator, err) < 0 ||
        copy_member(json, "owner_name", &made.owner, err) < 0 ||
        copy_member(json, "volume_name", &made.volume, err) < 0)
        return -1;
    koji_build_finish(build);
    *build = CG_MOVE(made);
    return 0;
}

void koji_build_finish(struct koji_build *build)
{
    free(build->nvr);
    free(build->content_generator);
    free(build->owner);
    free(build->volume);
    json_decref(build->json);
    *build = (struct koji_build){0};
}

const char *koji_build_state_name(enum koji_build_state state)
{
    static const char *const names[] = {"BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char *member(const json_t *build, const char *name)
{
    const char *text = json_string_value(json_object_get(build, name));
    return text ? text : "";
}

size_t koji_build_directory(const json_t *build, const char *parts[KOJI_BUILD_PARTS])
{
    const char *volume = member(build, "volume_name");
    size_t count = 0;
    if (volume[0] && strcmp(volume, "DEFAULT") != 0) {
        parts[count++] = "vol";
        parts[count++] = volume;
    }
    parts[count++] = "packages";
    parts[count++] = member(build, "name");
    parts[count++] = member(build, "version");
    parts[count++] = member(build, "release");
    return count;
}

/* [{buildID: id}] as a named argument. */
static json_t *archives_params(int64_t build_id)
{
    return json_pack("[{s:I, s:b}]", "buildID", (json_int_t)build_id, "__starstar", 1);
}

int koji_list_archives(struct koji_session *session, int64_t build_id, json_t **archives, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = archives_params(build_id);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_LOOK, "listArchives", params, &answer, err) < 0)
        return -1;
    if (!json_is_array(answer))
        return koji_answer_lacks("listArchives", "an array", err);
    *archives = CG_STEAL(answer);
    return 0;
}

/* The i-th answer, which must be an array: new reference, or NULL. */
static json_t *array_result(const json_t *results, size_t i, const char *method, struct cg_error *err)
{
    json_t *value = koji_multicall_result(results, i, method, err);
    if (value && !json_is_array(value)) {
        koji_answer_lacks(method, "an array", err);
        return NULL;
    }
    return json_incref(value);
}

int koji_build_files_read(struct koji_session *session, int64_t build_id, enum koji_ask_rpms rpms,
                          struct koji_build_files *files, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    if (koji_multicall_add(calls, "listArchives", archives_params(build_id), err) < 0 ||
        koji_multicall_add(calls, "getBuildLogs", json_pack("[I]", (json_int_t)build_id), err) < 0)
        return -1;
    if (rpms == KOJI_WITH_RPMS &&
        koji_multicall_add(calls, "listBuildRPMs", json_pack("[I]", (json_int_t)build_id), err) < 0)
        return -1;
    CG_AUTO_JSON json_t *results = NULL;
    if (koji_session_multicall(session, KOJI_LOOK, calls, &results, err) < 0)
        return -1;

    AUTO_KOJI_BUILD_FILES struct koji_build_files made = {0};
    made.archives = array_result(results, 0, "listArchives", err);
    if (!made.archives)
        return -1;
    made.logs = array_result(results, 1, "getBuildLogs", err);
    if (!made.logs)
        return -1;
    if (rpms == KOJI_WITH_RPMS && !(made.rpms = array_result(results, 2, "listBuildRPMs", err)))
        return -1;
    *files = CG_MOVE(made);
    return 0;
}

void koji_build_files_finish(struct koji_build_files *files)
{
    json_decref(files->archives);
    json_decref(files->logs);
    json_decref(files->rpms);
    *files = (struct koji_build_files){0};
}
