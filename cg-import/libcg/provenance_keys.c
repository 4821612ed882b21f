/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a build is looked up by, and the builds it was made from. */
#include "cg/provenance.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends {"kind", "value", "output"}. 0 or -1. */
static int add_key(json_t *keys, const char *kind, const char *value, const json_t *output)
{
    const json_t *position = json_object_get(output, "position");
    return json_array_append_new(keys, json_pack("{s:s, s:s, s:o}", "kind", kind, "value", value, "output",
                                                 position ? json_copy((json_t *)(uintptr_t)position) : json_null()));
}

/* Manifest digests and pull specs of an image or of the index. */
static int add_image(json_t *keys, const json_t *image, const json_t *output)
{
    const char *media_type;
    json_t *value;
    size_t i;
    json_object_foreach(json_object_get(image, "manifests"), media_type, value)
    {
        if (add_key(keys, "manifest", json_string_value(value), output) != 0)
            return -1;
    }
    json_array_foreach(json_object_get(image, "pull"), i, value)
    {
        if (add_key(keys, "pullspec", json_string_value(value), output) != 0)
            return -1;
    }
    const char *config_id = json_string_value(json_object_get(image, "config_id"));
    return config_id ? add_key(keys, "config", config_id, output) : 0;
}

static int add_output(json_t *keys, const json_t *output)
{
    const char *kind = json_string_value(json_object_get(output, "checksum_type"));
    const char *checksum = json_string_value(json_object_get(output, "checksum"));
    if (kind && checksum) {
        CG_AUTO_JSON json_t *value = json_sprintf("%s:%s", kind, checksum);
        if (!value || add_key(keys, "checksum", json_string_value(value), output) != 0)
            return -1;
    }
    return add_image(keys, json_object_get(output, "image"), output);
}

json_t *cg_provenance_keys(const json_t *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *keys = json_array();
    bool failed = !keys || add_image(keys, json_object_get(facts, "index"), NULL) != 0;
    size_t i;
    const json_t *output;
    json_array_foreach(json_object_get(facts, "outputs"), i, output)
    {
        failed = failed || add_output(keys, output) != 0;
    }
    if (failed)
        cg_fail_memory(err);
    return failed ? NULL : CG_STEAL(keys);
}

json_t *cg_provenance_parents(const json_t *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *parents = json_copy(json_object_get(facts, "parents"));
    CG_AUTO_JSON json_t *seen = json_object();
    bool failed = !parents || !seen;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(facts, "components"), i, entry)
    {
        const json_t *component = json_object_get(entry, "component");
        const char *type = json_string_value(json_object_get(component, "type"));
        const char *nvr = json_string_value(json_object_get(component, "nvr"));
        if (!type || strcmp(type, "kojifile") != 0 || !nvr || json_object_get(seen, nvr))
            continue;
        failed = failed || json_object_set_new(seen, nvr, json_true()) != 0 ||
                 json_array_append_new(parents, json_pack("{s:s, s:s}", "kind", "kojifile", "nvr", nvr)) != 0;
    }
    if (failed)
        cg_fail_memory(err);
    return failed ? NULL : CG_STEAL(parents);
}
