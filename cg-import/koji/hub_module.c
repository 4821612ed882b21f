/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/hub_module.h"

#include "koji/answer.h"

#include <string.h>

/* Is `name` in an array of strings? */
static bool names(const json_t *array, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(item);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

/* Keys are of use only where the hub's database is prepared to keep answers. */
static unsigned abilities_of(const json_t *hello)
{
    const json_t *methods = json_object_get(hello, "abilities");
    const json_t *tables = json_object_get(hello, "tables");
    unsigned abilities = names(methods, "stageContent") ? KOJI_MODULE_STAGES : 0;
    if (names(methods, "importBuild") && names(tables, "answer"))
        abilities |= KOJI_MODULE_IMPORTS;
    if (names(methods, "events") && names(tables, "event"))
        abilities |= KOJI_MODULE_TELLS;
    return abilities;
}

/* The hub answers with the method's name and parameters, or with an empty text when it has no such method. */
static bool is_help(const json_t *help)
{
    const char *text = json_string_value(help);
    return text && strncmp(text, KOJI_MODULE_HELLO, strlen(KOJI_MODULE_HELLO)) == 0;
}

int koji_module_abilities(struct koji_session *session, const json_t *help, unsigned *abilities, struct cg_error *err)
{
    *abilities = 0;
    if (!is_help(help))
        return 0;
    CG_AUTO_JSON json_t *params = json_array();
    CG_AUTO_JSON json_t *hello = NULL;
    struct cg_error failed = {0};
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, KOJI_READ, KOJI_MODULE_HELLO, params, &hello, &failed) < 0) {
        if (failed.fault != 0)
            return 0;
        if (err)
            *err = failed;
        return -1;
    }
    *abilities = abilities_of(hello);
    return 0;
}

static int add_wish(json_t *contents, const struct koji_stage_wish *wish, struct cg_error *err)
{
    json_t *content = json_pack("{s:s, s:s, s:I, s:s}", "checksum_type", cg_digest_name(wish->kind), "checksum",
                                wish->checksum, "size", (json_int_t)wish->size_bytes, "path", wish->path);
    return json_array_append_new(contents, content) < 0 ? cg_fail_memory(err) : 0;
}

int koji_module_stage(struct koji_session *session, const char *directory, const struct koji_stage_wish *wishes,
                      size_t count, json_t **staged, struct cg_error *err)
{
    CG_AUTO_JSON json_t *contents = json_array();
    for (size_t i = 0; i < count; i++)
        if (add_wish(contents, &wishes[i], err) < 0)
            return -1;
    CG_AUTO_JSON json_t *params = json_pack("[s, O]", directory, contents);
    CG_AUTO_JSON json_t *answer = NULL;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, KOJI_READ, "cgimport.stageContent", params, &answer, err) < 0)
        return -1;
    if (!json_is_array(answer) || json_array_size(answer) != count)
        return cg_fail(err, CG_E_HUB_REPLY, "the hub answered cgimport.stageContent without an array of %zu", count);
    *staged = CG_STEAL(answer);
    return 0;
}

int koji_module_events(struct koji_session *session, int64_t after, unsigned limit, json_t **events,
                       struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[I, i]", (json_int_t)after, (int)limit);
    CG_AUTO_JSON json_t *answer = NULL;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, KOJI_READ, "cgimport.events", params, &answer, err) < 0)
        return -1;
    if (!json_is_array(answer) || json_array_size(answer) > limit)
        return koji_answer_lacks("cgimport.events", "an array as long as asked for", err);
    *events = CG_STEAL(answer);
    return 0;
}

json_t *koji_module_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                                  const char *key, struct cg_error *err)
{
    const char *revealed = token && secret_is_set(token) ? secret_reveal(token) : NULL;
    json_t *params = json_pack("[s, s, s?, s]", metadata_name, directory, revealed, key);
    if (!params)
        cg_fail_memory(err);
    return params;
}
