/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changed between two builds. Both sides become a list of things, each with an identity (name, architecture) and
 * the versions it is there in; things of one identity are then compared.
 */
#include "cg/provenance.h"

#include "cg/nvr.h"

#include <stdbool.h>
#include <stdint.h>

/* One side: {"key": {identity..., "versions": [...]}}. */
struct things {
    json_t *by_key;
    bool failed;
};

/* The thing of this key, made from `identity` (stolen) when it is new. */
static json_t *thing(struct things *t, const char *key, json_t *identity)
{
    json_t *known = json_object_get(t->by_key, key);
    if (known) {
        json_decref(identity);
        return known;
    }
    if (!identity || json_object_set_new(identity, "versions", json_array()) != 0 ||
        json_object_set(t->by_key, key, identity) != 0) {
        t->failed = true;
        json_decref(identity);
        return NULL;
    }
    json_decref(identity);
    return identity;
}

/* Adds a version (stolen) that is not there yet. */
static void add_version(struct things *t, const json_t *of, json_t *version)
{
    json_t *versions = json_object_get(of, "versions");
    size_t i;
    const json_t *known;
    if (!of || !version)
        t->failed = true;
    json_array_foreach(versions, i, known)
    {
        if (json_equal(known, version)) {
            json_decref(version);
            return;
        }
    }
    if (json_array_append_new(versions, version) != 0)
        t->failed = true;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* --- components -------------------------------------------------------------------------------------------------- */

/* "[EPOCH:]VERSION-RELEASE"; an epoch is a number, a text, null, or cosa's "(none)". */
static json_t *rpm_version(const json_t *component)
{
    const json_t *epoch = json_object_get(component, "epoch");
    const char *digits = json_string_value(epoch);
    const char *version = text_of(component, "version"), *release = text_of(component, "release");
    if (json_is_integer(epoch))
        return json_sprintf("%lld:%s-%s", (long long)json_integer_value(epoch), version, release);
    if (digits && *digits >= '0' && *digits <= '9')
        return json_sprintf("%s:%s-%s", digits, version, release);
    return json_sprintf("%s-%s", version, release);
}

static void take_component(struct things *t, const json_t *component)
{
    const char *type = text_of(component, "type");
    bool is_rpm = strcmp(type, "rpm") == 0;
    const char *name = text_of(component, is_rpm ? "name" : "filename"), *arch = text_of(component, "arch");
    CG_AUTO_JSON json_t *key = json_sprintf("%s %s %s", type, name, arch);
    CG_AUTO_JSON json_t *version = is_rpm ? rpm_version(component) : json_string(text_of(component, "nvr"));
    json_t *known = key ? thing(t, json_string_value(key),
                                json_pack("{s:s, s:s, s:s*}", "type", type, "name", name, "arch", *arch ? arch : NULL))
                        : NULL;
    const char *checksum = text_of(component, is_rpm ? "sigmd5" : "checksum");
    add_version(t, known, json_pack("{s:O, s:s*}", "version", version, "checksum", *checksum ? checksum : NULL));
}

static json_t *components_of(const json_t *facts, const char *holders)
{
    struct things t = {.by_key = json_object()};
    const json_t *components = json_object_get(facts, "components");
    size_t i, j;
    const json_t *holder, *index;
    json_array_foreach(json_object_get(facts, holders), i, holder)
    {
        json_array_foreach(json_object_get(holder, "components"), j, index)
        {
            const json_t *entry = json_array_get(components, (size_t)json_integer_value(index));
            take_component(&t, json_object_get(entry, "component"));
        }
    }
    if (t.failed)
        json_decref(t.by_key);
    return t.failed ? NULL : t.by_key;
}

static json_t *output_components(const json_t *facts)
{
    return components_of(facts, "outputs");
}

static json_t *buildroot_components(const json_t *facts)
{
    return components_of(facts, "buildroots");
}

/* --- what else a build is made with and from --------------------------------------------------------------------- */

static void take_pair(struct things *t, const json_t *pair)
{
    const char *name = text_of(pair, "name");
    json_t *known = thing(t, name, json_pack("{s:s}", "name", name));
    add_version(t, known, json_pack("{s:s}", "version", text_of(pair, "version")));
}

static json_t *finish(struct things *t)
{
    if (!t->failed && t->by_key)
        return t->by_key;
    json_decref(t->by_key);
    return NULL;
}

static json_t *tools_of(const json_t *facts)
{
    struct things t = {.by_key = json_object()};
    size_t i, j;
    const json_t *buildroot, *tool;
    json_array_foreach(json_object_get(facts, "buildroots"), i, buildroot)
    {
        json_array_foreach(json_object_get(buildroot, "tools"), j, tool)
        {
            take_pair(&t, tool);
        }
    }
    return finish(&t);
}

static json_t *generators_of(const json_t *facts)
{
    struct things t = {.by_key = json_object()};
    size_t i;
    const json_t *generator;
    json_array_foreach(json_object_get(facts, "content_generators"), i, generator)
    {
        take_pair(&t, generator);
    }
    return finish(&t);
}

/* Parents are the same when their builds have one name; one that is known by its pull spec alone, by that. */
static json_t *parents_of(const json_t *facts)
{
    struct things t = {.by_key = json_object()};
    size_t i;
    const json_t *parent;
    json_array_foreach(json_object_get(facts, "parents"), i, parent)
    {
        const char *nvr = text_of(parent, "nvr"), *pullspec = text_of(parent, "pullspec");
        CG_AUTO_NVR struct cg_nvr parts = {0};
        const char *name = cg_nvr_parse(nvr, &parts, NULL) == 0 ? parts.name : pullspec;
        json_t *known = thing(&t, name, json_pack("{s:s}", "name", name));
        add_version(&t, known, json_pack("{s:s}", "version", *nvr ? nvr : pullspec));
    }
    return finish(&t);
}

static json_t *remote_sources_of(const json_t *facts)
{
    struct things t = {.by_key = json_object()};
    size_t i;
    const json_t *source;
    json_array_foreach(json_object_get(facts, "remote_sources"), i, source)
    {
        const char *name = text_of(source, "name");
        json_t *known = thing(&t, name, json_pack("{s:s}", "name", name));
        add_version(&t, known, json_pack("{s:s}", "version", text_of(source, "url")));
    }
    return finish(&t);
}

/* --- comparing --------------------------------------------------------------------------------------------------- */

static bool has_all(const json_t *versions, const json_t *of)
{
    size_t i, j;
    const json_t *wanted, *known;
    json_array_foreach(of, i, wanted)
    {
        bool found = false;
        json_array_foreach(versions, j, known)
        {
            found = found || json_equal(wanted, known);
        }
        if (!found)
            return false;
    }
    return true;
}

/* The thing as it is in both, with "from" and "to" instead of "versions". */
static json_t *change(const json_t *from, const json_t *to)
{
    json_t *changed = json_copy((json_t *)(uintptr_t)from);
    json_object_del(changed, "versions");
    json_object_set(changed, "from", json_object_get(from, "versions"));
    if (json_object_set(changed, "to", json_object_get(to, "versions")) == 0)
        return changed;
    json_decref(changed);
    return NULL;
}

/* Both stolen; NULL when there was no memory. */
static json_t *compare(json_t *from_stolen, json_t *to_stolen)
{
    CG_AUTO_JSON json_t *from = from_stolen;
    CG_AUTO_JSON json_t *to = to_stolen;
    CG_AUTO_JSON json_t *added = json_array();
    CG_AUTO_JSON json_t *removed = json_array();
    CG_AUTO_JSON json_t *changed = json_array();
    bool failed = !from || !to;
    json_int_t same = 0;
    const char *key;
    json_t *one;
    json_object_foreach(from, key, one)
    {
        json_t *other = json_object_get(to, key);
        const json_t *here = json_object_get(one, "versions"), *there = json_object_get(other, "versions");
        if (!other)
            failed |= json_array_append(removed, one) != 0;
        else if (json_array_size(here) == json_array_size(there) && has_all(here, there))
            same++;
        else
            failed |= json_array_append_new(changed, change(one, other)) != 0;
    }
    json_object_foreach(to, key, one)
    {
        if (!json_object_get(from, key))
            failed |= json_array_append(added, one) != 0;
    }
    return failed ? NULL
                  : json_pack("{s:O, s:O, s:O, s:I}", "added", added, "removed", removed, "changed", changed, "same",
                              same);
}

/* {"from", "to"}, null where both have the same. */
static json_t *compare_source(const json_t *from, const json_t *to)
{
    json_t *here = json_object_get(from, "source"), *there = json_object_get(to, "source");
    bool is_same = here && there ? json_equal(here, there) : here == there;
    if (is_same)
        return json_null();
    return json_pack("{s:O, s:O}", "from", here ? here : json_null(), "to", there ? there : json_null());
}

json_t *cg_provenance_difference(const json_t *from, const json_t *to, struct cg_error *err)
{
    static const struct {
        const char *name;
        json_t *(*things)(const json_t *facts);
    } parts[] = {
        {"components", output_components},
        {"buildroot_components", buildroot_components},
        {"tools", tools_of},
        {"content_generators", generators_of},
        {"parents", parents_of},
        {"remote_sources", remote_sources_of},
    };
    CG_AUTO_JSON json_t *difference = json_object();
    bool failed = json_object_set_new(difference, "source", compare_source(from, to)) != 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !failed; i++)
        failed =
            json_object_set_new(difference, parts[i].name, compare(parts[i].things(from), parts[i].things(to))) != 0;
    if (failed)
        cg_fail_memory(err);
    return failed ? NULL : CG_STEAL(difference);
}
