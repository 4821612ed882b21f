/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/build_list.h"

#include "cg/nvr.h"
#include "koji/answer.h"
#include "koji/build.h"
#include "koji/multicall.h"

#include <string.h>

/* --- lists ------------------------------------------------------------------------------------------------------- */

/* [{cgID, packageID, completeAfter, completeBefore, queryOpts}] by name. The options' reference is taken. */
static json_t *list_params(const struct koji_build_filter *filter, json_t *options)
{
    CG_AUTO_JSON json_t *named = json_pack("{s:s, s:s*, s:o, s:b}", "cgID", filter->content_generator, "packageID",
                                           filter->package, "queryOpts", options, "__starstar", 1);
    if (!named)
        return NULL;
    if (filter->completed_after > 0)
        json_object_set_new(named, "completeAfter", json_real(filter->completed_after));
    if (filter->completed_before > 0)
        json_object_set_new(named, "completeBefore", json_real(filter->completed_before));
    return json_pack("[O]", named);
}

static int ask(struct koji_session *session, const struct koji_build_filter *filter, json_t *options, json_t **answer,
               struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = list_params(filter, options);
    if (!params)
        return cg_fail_memory(err);
    return koji_session_call(session, KOJI_LOOK, "listBuilds", params, answer, err);
}

/* A package that the hub does not know has no builds, and is answered with an empty list. */
int koji_build_list_count(struct koji_session *session, const struct koji_build_filter *filter, uint64_t *count,
                          struct cg_error *err)
{
    CG_AUTO_JSON json_t *answer = NULL;
    if (ask(session, filter, json_pack("{s:b}", "countOnly", 1), &answer, err) < 0)
        return -1;
    if (!json_is_integer(answer) && json_array_size(answer) > 0)
        return koji_answer_lacks("listBuilds", "a number", err);
    *count = (uint64_t)json_integer_value(answer);
    return 0;
}

int koji_build_list_page(struct koji_session *session, const struct koji_build_filter *filter, uint64_t offset,
                         unsigned limit, json_t **builds, struct cg_error *err)
{
    CG_AUTO_JSON json_t *answer = NULL;
    json_t *options =
        json_pack("{s:s, s:I, s:i}", "order", "build_id", "offset", (json_int_t)offset, "limit", (int)limit);
    if (ask(session, filter, options, &answer, err) < 0)
        return -1;
    if (!json_is_array(answer))
        return koji_answer_lacks("listBuilds", "an array", err);
    size_t i;
    const json_t *build;
    json_array_foreach(answer, i, build)
    {
        if (!json_is_integer(json_object_get(build, "build_id")) || !json_is_integer(json_object_get(build, "state")) ||
            !json_is_string(json_object_get(build, "nvr")))
            return koji_answer_lacks("listBuilds", "build_id, state and nvr", err);
    }
    *builds = CG_STEAL(answer);
    return 0;
}

char *koji_target_release(const char *release, struct cg_error *err)
{
    struct cg_error no_draft = {0};
    char *target = cg_nvr_target_release(release, &no_draft);
    if (!target && no_draft.code == CG_E_NVR)
        target = strdup(release);
    if (!target)
        cg_fail_memory(err);
    return target;
}

/* --- one --------------------------------------------------------------------------------------------------------- */

/* The rpms of each archive: a list in the order of the archives, null for what is no image. NULL on failure. */
static json_t *read_rpms(struct koji_session *session, const json_t *archives, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    CG_AUTO_JSON json_t *results = NULL;
    size_t i;
    const json_t *archive;
    json_array_foreach(archives, i, archive)
    {
        json_t *params = json_pack("[{s:O, s:b}]", "imageID", json_object_get(archive, "id"), "__starstar", 1);
        if (koji_multicall_add(calls, "listRPMs", params, err) < 0)
            return NULL;
    }
    if (json_array_size(calls) == 0)
        return json_array();
    return koji_session_multicall(session, KOJI_LOOK, calls, &results, err) < 0 ? NULL : CG_STEAL(results);
}

/* As metadata name it; the hub knows no signature here. */
static json_t *rpm_component(const json_t *rpm)
{
    return json_pack("{s:s, s:O, s:O, s:O, s:O, s:O?, s:O?}", "type", "rpm", "name", json_object_get(rpm, "name"),
                     "version", json_object_get(rpm, "version"), "release", json_object_get(rpm, "release"), "arch",
                     json_object_get(rpm, "arch"), "epoch", json_object_get(rpm, "epoch"), "sigmd5",
                     json_object_get(rpm, "payloadhash"));
}

static json_t *components_of(const json_t *rpms)
{
    CG_AUTO_JSON json_t *components = json_array();
    size_t i;
    const json_t *rpm;
    json_array_foreach(rpms, i, rpm)
    {
        if (json_array_append_new(components, rpm_component(rpm)) != 0)
            return NULL;
    }
    return CG_STEAL(components);
}

/* An archive as an output of the metadata; `rpms` may be null or empty. */
static json_t *archive_output(const json_t *archive, const json_t *rpms)
{
    /* koji/__init__.py CHECKSUM_TYPES */
    static const char *const kinds[] = {"md5", "sha1", "sha256"};
    json_int_t kind = json_integer_value(json_object_get(archive, "checksum_type"));
    const json_t *extra = json_object_get(archive, "extra");
    CG_AUTO_JSON json_t *output = json_pack(
        "{s:O, s:O, s:O, s:s*, s:O*, s:O*, s:O*}", "filename", json_object_get(archive, "filename"), "filesize",
        json_object_get(archive, "size"), "checksum", json_object_get(archive, "checksum"), "checksum_type",
        kind >= 0 && kind < 3 ? kinds[kind] : NULL, "type", json_object_get(archive, "type_name"), "extra", extra,
        "arch", json_object_get(json_object_get(extra, "image"), "arch"));
    if (output && json_array_size(rpms) > 0 && json_object_set_new(output, "components", components_of(rpms)) != 0)
        return NULL;
    return CG_STEAL(output);
}

static json_t *outputs_of(struct koji_session *session, int64_t build_id, struct cg_error *err)
{
    CG_AUTO_JSON json_t *archives = NULL;
    if (koji_list_archives(session, build_id, &archives, err) < 0)
        return NULL;
    CG_AUTO_JSON json_t *rpms = read_rpms(session, archives, err);
    CG_AUTO_JSON json_t *outputs = rpms ? json_array() : NULL;
    size_t i;
    const json_t *archive;
    json_array_foreach(archives, i, archive)
    {
        json_t *found = rpms ? koji_multicall_result(rpms, i, "listRPMs", err) : NULL;
        if (!found)
            return NULL;
        if (json_array_append_new(outputs, archive_output(archive, found)) != 0) {
            koji_answer_lacks("listArchives", "filename, size and checksum", err);
            return NULL;
        }
    }
    return CG_STEAL(outputs);
}

json_t *koji_build_document(struct koji_session *session, const json_t *build, const char *content_generator,
                            struct cg_error *err)
{
    const char *told = json_string_value(json_object_get(build, "release"));
    CG_AUTO_FREE char *release = koji_target_release(told ? told : "", err);
    if (!release)
        return NULL;
    const json_t *id = json_object_get(build, "build_id");
    json_t *outputs = outputs_of(session, json_integer_value(id ? id : json_object_get(build, "id")), err);
    if (!outputs)
        return NULL;
    json_t *document =
        json_pack("{s:i, s:{s:O, s:O, s:s, s:O*, s:O*, s:O*, s:O*, s:O*, s:O*, s:O*}, s:[{s:{s:s}}], s:o}",
                  "metadata_version", 0, "build", "name", json_object_get(build, "name"), "version",
                  json_object_get(build, "version"), "release", release, "epoch", json_object_get(build, "epoch"),
                  "source", json_object_get(build, "source"), "owner", json_object_get(build, "owner_name"), "task_id",
                  json_object_get(build, "task_id"), "start_time", json_object_get(build, "start_ts"), "end_time",
                  json_object_get(build, "completion_ts"), "extra", json_object_get(build, "extra"), "buildroots",
                  "content_generator", "name", content_generator, "output", outputs);
    if (!document)
        koji_answer_lacks("listBuilds", "name, version and release", err);
    return document;
}
