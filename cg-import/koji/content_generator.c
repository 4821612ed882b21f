/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/content_generator.h"

#include "koji/multicall.h"

#include <inttypes.h>
#include <string.h>

static int bad_reply(const char *method, const char *what, struct cg_error *err)
{
    return cg_fail(err, CG_E_HUB_REPLY, "the hub answered %s without %s", method, what);
}

/* A NULL-terminated list being made; `strings` has room for `most` and the NULL. */
static int add_string(char **strings, size_t *count, const char *text, size_t length, struct cg_error *err)
{
    strings[*count] = strndup(text, length);
    if (!strings[*count])
        return cg_fail_memory(err);
    (*count)++;
    return 0;
}

static int read_content_generators(struct koji_hub_lists *lists, json_t *answer, struct cg_error *err)
{
    if (!json_is_object(answer))
        return bad_reply("listCGs", "a struct", err);
    lists->cgs = json_incref(answer);
    lists->content_generators = calloc(json_object_size(answer) + 1, sizeof(char *));
    if (!lists->content_generators)
        return cg_fail_memory(err);
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(answer, name, value)
    {
        if (add_string(lists->content_generators, &count, name, strlen(name), err) < 0)
            return -1;
    }
    return 0;
}

static int read_btypes(struct koji_hub_lists *lists, const json_t *answer, struct cg_error *err)
{
    if (!json_is_array(answer))
        return bad_reply("listBTypes", "an array", err);
    lists->btypes = calloc(json_array_size(answer) + 1, sizeof(char *));
    if (!lists->btypes)
        return cg_fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(answer, i), "name"));
        if (!name)
            return bad_reply("listBTypes", "a name", err);
        if (add_string(lists->btypes, &count, name, strlen(name), err) < 0)
            return -1;
    }
    return 0;
}

/* Words in a text separated by blanks, as archivetypes.extensions is written. */
static size_t count_words(const char *text)
{
    size_t words = 0;
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        words++;
        p += strcspn(p, " ");
    }
    return words;
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static int read_extensions(struct koji_hub_lists *lists, const json_t *answer, struct cg_error *err)
{
    if (!json_is_array(answer))
        return bad_reply("getArchiveTypes", "an array", err);
    size_t words = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *extensions = json_string_value(json_object_get(json_array_get(answer, i), "extensions"));
        if (!extensions)
            return bad_reply("getArchiveTypes", "extensions", err);
        words += count_words(extensions);
    }
    lists->archive_extensions = calloc(words + 1, sizeof(char *));
    if (!lists->archive_extensions)
        return cg_fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *p = json_string_value(json_object_get(json_array_get(answer, i), "extensions"));
        for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
            size_t length = strcspn(p, " ");
            if (add_string(lists->archive_extensions, &count, p, length, err) < 0)
                return -1;
            p += length;
        }
    }
    for (size_t i = 0; i < count; i++)
        lower(lists->archive_extensions[i]);
    return 0;
}

int koji_hub_lists_read(struct koji_session *session, struct koji_hub_lists *lists, struct cg_error *err)
{
    static const char *const methods[] = {"listCGs", "listBTypes", "getArchiveTypes", "system.listMethods"};
    CG_AUTO_JSON json_t *calls = json_array();
    for (size_t i = 0; i < 4; i++)
        if (koji_multicall_add(calls, methods[i], json_array(), err) < 0)
            return -1;
    CG_AUTO_JSON json_t *results = NULL;
    if (koji_session_multicall(session, KOJI_READ, calls, &results, err) < 0)
        return -1;

    json_t *answers[3];
    for (size_t i = 0; i < 3; i++) {
        answers[i] = koji_multicall_result(results, i, methods[i], err);
        if (!answers[i])
            return -1;
    }
    struct cg_error unlisted = {0};
    struct koji_hub_lists made = {0};
    if (koji_module_abilities(session, koji_multicall_result(results, 3, methods[3], &unlisted), &made.module, err) < 0)
        return -1;
    if (read_content_generators(&made, answers[0], err) < 0 || read_btypes(&made, answers[1], err) < 0 ||
        read_extensions(&made, answers[2], err) < 0) {
        koji_hub_lists_finish(&made);
        return -1;
    }
    made.facts = (struct cg_hub_facts){
        .content_generators = (const char *const *)made.content_generators,
        .btypes = (const char *const *)made.btypes,
        .archive_extensions = (const char *const *)made.archive_extensions,
    };
    *lists = made;
    return 0;
}

static void free_strings(char **strings)
{
    for (char **p = strings; p && *p; p++)
        free(*p);
    free(strings);
}

void koji_hub_lists_finish(struct koji_hub_lists *lists)
{
    free_strings(lists->content_generators);
    free_strings(lists->btypes);
    free_strings(lists->archive_extensions);
    json_decref(lists->cgs);
    *lists = (struct koji_hub_lists){0};
}

/* Takes the reference `params`. 1: found, 0: nil, -1: failed. */
static int get_build(struct koji_session *session, json_t *params, struct koji_build *build, struct cg_error *err)
{
    CG_AUTO_JSON json_t *owned = params;
    if (!owned)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_READ, "getBuild", owned, &answer, err) < 0)
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
        return bad_reply("getBuild", "id and state", err);
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
    if (koji_session_call(session, KOJI_READ, "listArchives", params, &answer, err) < 0)
        return -1;
    if (!json_is_array(answer))
        return bad_reply("listArchives", "an array", err);
    *archives = CG_STEAL(answer);
    return 0;
}

/* The i-th answer, which must be an array: new reference, or NULL. */
static json_t *array_result(const json_t *results, size_t i, const char *method, struct cg_error *err)
{
    json_t *value = koji_multicall_result(results, i, method, err);
    if (value && !json_is_array(value)) {
        bad_reply(method, "an array", err);
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
    if (koji_session_multicall(session, KOJI_READ, calls, &results, err) < 0)
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

/* The build data of CGInitBuild. The epoch is named too: an import whose document has one must match it. */
static json_t *init_params(const char *content_generator, const struct cg_metadata *metadata, enum koji_draft draft)
{
    json_t *data = json_pack("{s:s, s:s, s:s}", "name", metadata->name, "version", metadata->version, "release",
                             metadata->release);
    if (!data)
        return NULL;
    if (metadata->has_epoch && json_object_set_new(data, "epoch", json_integer(metadata->epoch)) < 0) {
        json_decref(data);
        return NULL;
    }
    if (draft == KOJI_DRAFT && json_object_set_new(data, "draft", json_true()) < 0) {
        json_decref(data);
        return NULL;
    }
    return json_pack("[s, o]", content_generator, data);
}

/* Releases up to 1.33 make a normal build where a draft was asked for: told only by looking at what was made. */
static int confirm_draft(struct koji_session *session, const char *content_generator,
                         const struct koji_reservation *reservation, struct cg_error *err)
{
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int found = koji_get_build_by_id(session, reservation->build_id, &build, err);
    if (found < 0)
        return -1;
    if (found == 1 && build.draft)
        return 0;
    struct cg_error ignored = {0};
    if (koji_refund(session, content_generator, reservation, KOJI_BUILD_CANCELED, &ignored) < 0)
        return cg_fail(err, CG_E_UNSUPPORTED,
                       "the hub made a normal build of the draft that was asked for, and build %" PRId64
                       " could not be given back: %s",
                       reservation->build_id, ignored.message);
    return cg_fail(err, CG_E_UNSUPPORTED, "this hub has no draft builds: it answered with a normal reservation");
}

/* Reads what CGInitBuild answered. 0 or -1. */
static int reservation_from_json(const json_t *answer, struct koji_reservation *reservation, struct cg_error *err)
{
    const json_t *build_id = json_object_get(answer, "build_id");
    const char *token = json_string_value(json_object_get(answer, "token"));
    if (!json_is_integer(build_id) || !token)
        return bad_reply("CGInitBuild", "build_id and token", err);
    reservation->build_id = json_integer_value(build_id);
    return secret_set(&reservation->token, token, err);
}

int koji_reserve(struct koji_session *session, uint32_t call_number, const char *content_generator,
                 const struct cg_metadata *metadata, enum koji_draft draft, struct koji_reservation *reservation,
                 struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = init_params(content_generator, metadata, draft);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    struct cg_error first = {0};
    int result = koji_session_call_as(session, call_number, "CGInitBuild", params, &answer, &first);
    /* A repeat that came at the same moment may see the reservation but not yet the call number of the first
     * (releases and master alike): asked once more, the hub tells by RetryError whether the reservation is this call's
     * own. */
    if (result < 0 && first.fault != 0 && first.code != CG_E_RETRIED && koji_session_sends(session) > 1)
        result = koji_session_call_as(session, call_number, "CGInitBuild", params, &answer, err);
    else if (result < 0 && err)
        *err = first;
    if (result < 0)
        return -1;

    struct koji_reservation made = {0};
    if (reservation_from_json(answer, &made, err) < 0 ||
        (draft == KOJI_DRAFT && confirm_draft(session, content_generator, &made, err) < 0)) {
        koji_reservation_finish(&made);
        return -1;
    }
    *reservation = made;
    return 0;
}

void koji_reservation_finish(struct koji_reservation *reservation)
{
    secret_finish(&reservation->token);
    reservation->build_id = 0;
}

int koji_refund(struct koji_session *session, const char *content_generator, const struct koji_reservation *reservation,
                enum koji_build_state state, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[s, I, s, i]", content_generator, (json_int_t)reservation->build_id,
                                            secret_reveal(&reservation->token), (int)state);
    if (!params)
        return cg_fail_memory(err);
    struct cg_error fault = {0};
    if (koji_session_call(session, KOJI_CHANGE, "CGRefundBuild", params, NULL, &fault) == 0 ||
        fault.code == CG_E_RETRIED)
        return 0;
    if (err)
        *err = fault;
    return -1;
}

int koji_cancel_build(struct koji_session *session, int64_t build_id, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[I]", (json_int_t)build_id);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_CHANGE, "cancelBuild", params, &answer, err) < 0)
        return -1;
    return json_is_true(answer) ? 1 : 0;
}

json_t *koji_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                           struct cg_error *err)
{
    json_t *params = token && secret_is_set(token)
                         ? json_pack("[s, s, s]", metadata_name, directory, secret_reveal(token))
                         : json_pack("[s, s]", metadata_name, directory);
    if (!params)
        cg_fail_memory(err);
    return params;
}
