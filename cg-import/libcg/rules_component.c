/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

static bool is_type(const json_t *component, const char *type)
{
    const char *value = json_string_value(json_object_get(component, "type"));
    return value && strcmp(value, type) == 0;
}

/* --- one component -------------------------------------------------------------------------------------------------
 */

/* kojihub.py:7387 match_rpm */
static void rpm(struct rules *rules, const struct rules_place *place, const json_t *component)
{
    struct rules_place location = rules_member(place, "location"), id = rules_member(place, "id");
    const json_t *value = json_object_get(component, "location");
    if (value)
        rules_find(rules, CG_LEVEL_ERROR, "component.rpm-location", &location, value, "no location",
                   "the hub does not take rpms of external repositories");
    value = json_object_get(component, "id");
    if (value)
        rules_find(rules, CG_LEVEL_ERROR, "component.rpm-id", &id, value, "no id",
                   "the hub finds rpms by name, version, release and arch, and refuses an id");
}

static void file(struct rules *rules, const struct rules_place *place, const json_t *component)
{
    const json_t *kind = json_object_get(component, "checksum_type");
    struct rules_place at = rules_member(place, "checksum_type");
    if (json_is_string(kind) && strcmp(json_string_value(kind), "sha1") == 0)
        rules_find(rules, CG_LEVEL_WARNING, "component.sha1", &at, kind, "md5 or sha256",
                   "the hub records no sha1 of archives, so it will not find this file");
}

static void one(struct rules *rules, const struct rules_place *place, const json_t *component)
{
    const json_t *type = json_object_get(component, "type");
    struct rules_place at = rules_member(place, "type");
    if (is_type(component, "rpm"))
        rpm(rules, place, component);
    else if (is_type(component, "file"))
        file(rules, place, component);
    else if (json_is_string(type) && !is_type(component, "kojifile"))
        rules_find(rules, CG_LEVEL_ERROR, "component.type", &at, type, "rpm, file or kojifile",
                   "the hub does not know components of this type");
}

/* --- the same thing twice -------------------------------------------------------------------------------------------
 */

/* Begins the key of item `index` if all members that make it up are scalars. */
static void add_key(struct rules_keys *keys, size_t index, const json_t *component, const char *const *members)
{
    for (const char *const *name = members; *name; name++) {
        const json_t *value = json_object_get(component, *name);
        if (!json_is_string(value) && !json_is_number(value))
            return;
    }
    rules_keys_begin(keys, index);
    for (const char *const *name = members; *name; name++)
        rules_keys_scalar(keys, json_object_get(component, *name));
}

static void duplicates(struct rules_keys *keys, const struct rules_place *list_place, enum cg_level level,
                       const char *rule, const char *message)
{
    rules_keys_sort(keys);
    for (size_t i = 0; i < keys->count; i++) {
        struct rules_place place = rules_item(list_place, keys->keys[i].index);
        if (keys->keys[i].first != keys->keys[i].index)
            rules_find(keys->rules, level, rule, &place, NULL, "each component once", "%s component %zu of this list",
                       message, keys->keys[i].first);
    }
}

/*
 * The hub looks rpms up by name, version, release and arch, whatever sigmd5 says, and files by name, size and
 * checksum; a component it finds twice breaks buildroot_listing's, archive_rpm_components' or archive_components'
 * UNIQUE. Only the archives of a buildroot are made a set before (kojihub.py updateArchiveList).
 */
static void all_once(struct rules *rules, const struct rules_place *list_place, const json_t *components,
                     enum rules_components of)
{
    static const char *const rpm_key[] = {"name", "version", "release", "arch", NULL};
    static const char *const file_key[] = {"filename", "filesize", "checksum_type", "checksum", NULL};
    static const char *const kojifile_key[] = {"archive_id", NULL};
    enum cg_level file_level = of == RULES_COMPONENTS_OF_OUTPUT ? CG_LEVEL_ERROR : CG_LEVEL_WARNING;
    RULES_AUTO_KEYS struct rules_keys rpms = {.rules = rules};
    RULES_AUTO_KEYS struct rules_keys files = {.rules = rules};
    RULES_AUTO_KEYS struct rules_keys kojifiles = {.rules = rules};
    size_t i;
    json_t *component;
    json_array_foreach(components, i, component)
    {
        if (is_type(component, "rpm"))
            add_key(&rpms, i, component, rpm_key);
        else if (is_type(component, "file"))
            add_key(&files, i, component, file_key);
        else if (is_type(component, "kojifile"))
            add_key(&kojifiles, i, component, kojifile_key);
    }
    duplicates(&rpms, list_place, CG_LEVEL_ERROR, "component.rpm-duplicate",
               "the same name, version, release and arch as");
    duplicates(&files, list_place, file_level, "component.file-duplicate", "the same file as");
    duplicates(&kojifiles, list_place, file_level, "component.file-duplicate", "the same archive_id as");
}

void rules_components(struct rules *rules, const struct rules_place *place, const json_t *components,
                      enum rules_components of)
{
    size_t i;
    json_t *component;
    if (json_is_string(components) && json_string_length(components) == 0)
        rules_find(rules, CG_LEVEL_WARNING, "components.list", place, components, "[]",
                   "components is a list; the hub takes this for an empty one");
    json_array_foreach(components, i, component)
    {
        struct rules_place item = rules_item(place, i);
        one(rules, &item, component);
    }
    all_once(rules, place, components, of);
}
