/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

/* --- ids and who uses them -----------------------------------------------------------------------------------------
 */

static bool is_id(const json_t *value)
{
    return value && !json_is_object(value) && !json_is_array(value);
}

static void id_type(struct rules *rules, const struct rules_place *place, const json_t *id)
{
    if (!json_is_string(id) && !json_is_integer(id))
        rules_find(rules, CG_LEVEL_WARNING, "buildroot.id-type", place, id, "text or an integer",
                   "a buildroot id is text or an integer; the hub compares this as Python does");
}

/* The ids of the buildroots, sorted. */
static void collect_ids(struct rules_keys *ids, const struct rules_place *list_place, const json_t *buildroots)
{
    size_t i;
    json_t *buildroot;
    json_array_foreach(buildroots, i, buildroot)
    {
        const json_t *id = json_object_get(buildroot, "id");
        if (!is_id(id))
            continue;
        struct rules_place item = rules_item(list_place, i), place = rules_member(&item, "id");
        id_type(ids->rules, &place, id);
        rules_keys_begin(ids, i);
        rules_keys_scalar(ids, id);
    }
    rules_keys_sort(ids);
}

/* The other spelling of an id exists: "1" where 1 is wanted, or 1 where "1" is. */
static bool has_other_spelling(const struct rules_keys *ids, const json_t *id)
{
    CG_AUTO_JSON json_t *other = NULL;
    char text[32];
    int64_t number;
    if (json_is_integer(id)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
        other = json_string(text);
    } else if (json_is_string(id) && rules_python_int(json_string_value(id), &number)) {
        other = json_integer(number);
    }
    RULES_AUTO_KEYS struct rules_keys key = {.rules = ids->rules};
    if (!other)
        return false;
    rules_keys_begin(&key, 0);
    rules_keys_scalar(&key, other);
    return rules_keys_find(ids, &key) != RULES_NO_KEY;
}

static void no_such_buildroot(const struct rules_keys *ids, const struct rules_place *place, const json_t *id)
{
    bool spelled = has_other_spelling(ids, id);
    rules_find(ids->rules, CG_LEVEL_ERROR, "output.buildroot-id", place, id, "the id of one of the buildroots",
               spelled ? "no buildroot has this id; one has it %s" : "no buildroot has this id%s",
               !spelled             ? ""
               : json_is_string(id) ? "as a number, and 1 is not \"1\""
                                    : "as text, and 1 is not \"1\"");
}

/* Outputs name buildroots that exist; marks those in `used`. */
static void references(const struct rules_keys *ids, const struct rules_place *root, bool *used)
{
    const struct rules_place list_place = rules_member(root, "output");
    RULES_AUTO_KEYS struct rules_keys key = {.rules = ids->rules};
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(ids->rules->document, "output"), i, output)
    {
        const json_t *id = json_object_get(output, "buildroot_id");
        if (!is_id(id))
            continue;
        cg_bytes_clear(&key.text);
        key.count = 0;
        rules_keys_begin(&key, 0);
        rules_keys_scalar(&key, id);
        size_t at = rules_keys_find(ids, &key);
        struct rules_place item = rules_item(&list_place, i), place = rules_member(&item, "buildroot_id");
        if (at != RULES_NO_KEY)
            used[at] = true;
        else
            no_such_buildroot(ids, &place, id);
    }
}

static void ids_and_references(struct rules *rules, const struct rules_place *root,
                               const struct rules_place *list_place, const json_t *buildroots)
{
    RULES_AUTO_KEYS struct rules_keys ids = {.rules = rules};
    collect_ids(&ids, list_place, buildroots);
    CG_AUTO_FREE bool *used = calloc(json_array_size(buildroots) + 1, sizeof *used);
    if (!used) {
        cg_fail_memory(rules->err);
        rules->failed = true;
    }
    if (rules->failed)
        return;
    references(&ids, root, used);
    for (size_t i = 0; i < ids.count; i++) {
        const struct rules_key *key = &ids.keys[i];
        struct rules_place item = rules_item(list_place, key->index), place = rules_member(&item, "id");
        const json_t *id = json_object_get(json_array_get(buildroots, key->index), "id");
        if (key->first != key->index)
            rules_find(rules, CG_LEVEL_ERROR, "buildroot.duplicate-id", &place, id, "an id of its own",
                       "buildroot %zu has the same id", key->first);
        else if (!used[key->index])
            rules_find(rules, CG_LEVEL_ERROR, "buildroot.unused", &place, id,
                       "a buildroot that at least one output names in buildroot_id", "no output uses this buildroot");
    }
}

/* --- one buildroot --------------------------------------------------------------------------------------------------
 */

/* All buildroots have the generator of the first: *first is its name, NULL until one was seen. */
static void content_generator(struct rules *rules, const struct rules_place *place, const json_t *buildroot,
                              const json_t **first)
{
    const json_t *name = json_object_get(json_object_get(buildroot, "content_generator"), "name");
    struct rules_place generator = rules_member(place, "content_generator");
    struct rules_place name_place = rules_member(&generator, "name");
    if (!json_is_string(name) || json_string_length(name) == 0)
        return;
    if (*first && !json_equal(name, *first)) {
        rules_find(rules, CG_LEVEL_ERROR, "content-generator.differs", &name_place, name,
                   "the content generator of the first buildroot",
                   "an import has one content generator, and the first buildroot names \"%.100s\"",
                   json_string_value(*first));
        return;
    }
    if (!*first && rules->content_generators.asked &&
        !rules_names_have(&rules->content_generators, json_string_value(name)))
        rules_find(rules, CG_LEVEL_ERROR, "content-generator.unknown", &name_place, name,
                   "a content generator that is registered on this hub",
                   "the hub has no content generator of this name");
    *first = name;
}

/* schema.sql CONSTRAINT container_sane */
static void container(struct rules *rules, const struct rules_place *place, const json_t *buildroot)
{
    const json_t *value = json_object_get(buildroot, "container");
    const json_t *type = json_object_get(value, "type"), *arch = json_object_get(value, "arch");
    struct rules_place container_place = rules_member(place, "container");
    struct rules_place at = rules_member(&container_place, json_is_null(type) ? "type" : "arch");
    if (type && arch && json_is_null(type) != json_is_null(arch))
        rules_find(rules, CG_LEVEL_ERROR, "buildroot.container", &at, json_is_null(type) ? type : arch,
                   "type and arch both given, or both null", "the container is given by half");
}

/* schema.sql buildroot_tools_info PRIMARY KEY (buildroot_id, tool) */
static void tools(struct rules *rules, const struct rules_place *place, const json_t *buildroot)
{
    const json_t *list = json_object_get(buildroot, "tools");
    struct rules_place list_place = rules_member(place, "tools");
    if (json_is_null(list) || (json_is_string(list) && json_string_length(list) == 0)) {
        rules_find(rules, CG_LEVEL_WARNING, "buildroot.tools-list", &list_place, list, "[]",
                   "tools is a list; the hub takes this for an empty one");
        return;
    }
    RULES_AUTO_KEYS struct rules_keys names = {.rules = rules};
    size_t i;
    json_t *tool;
    json_array_foreach(list, i, tool)
    {
        const json_t *name = json_object_get(tool, "name");
        if (!json_is_string(name))
            continue;
        rules_keys_begin(&names, i);
        rules_keys_string(&names, name);
    }
    rules_keys_sort(&names);
    for (i = 0; i < names.count; i++) {
        const struct rules_key *key = &names.keys[i];
        struct rules_place item = rules_item(&list_place, key->index), at = rules_member(&item, "name");
        if (key->first != key->index)
            rules_find(rules, CG_LEVEL_ERROR, "buildroot.tool-duplicate", &at,
                       json_object_get(json_array_get(list, key->index), "name"), "each tool once in a buildroot",
                       "tool %zu of this buildroot has the same name", key->first);
    }
}

void rules_buildroots(struct rules *rules, const struct rules_place *root)
{
    const json_t *buildroots = json_object_get(rules->document, "buildroots");
    struct rules_place list_place = rules_member(root, "buildroots");
    const json_t *generator = NULL;
    size_t i;
    json_t *buildroot;
    ids_and_references(rules, root, &list_place, buildroots);
    json_array_foreach(buildroots, i, buildroot)
    {
        struct rules_place place = rules_item(&list_place, i);
        struct rules_place components_place = rules_member(&place, "components");
        content_generator(rules, &place, buildroot, &generator);
        container(rules, &place, buildroot);
        tools(rules, &place, buildroot);
        rules_components(rules, &components_place, json_object_get(buildroot, "components"),
                         RULES_COMPONENTS_OF_BUILDROOT);
    }
}
