/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>
#include <strings.h>

/* image_archives.arch is VARCHAR(16) (schemas/schema.sql), characters. */
#define IMAGE_ARCH_MAX 16

bool rules_btype_is_legacy(const char *name)
{
    return strcmp(name, "maven") == 0 || strcmp(name, "win") == 0 || strcmp(name, "image") == 0;
}

static struct rules_btype btype_at(void *at, bool legacy)
{
    return (struct rules_btype){.name = json_object_iter_key(at),
                                .name_size = json_object_iter_key_len(at),
                                .legacy = legacy,
                                .info = json_object_iter_value(at)};
}

/* Up to two build types of an output, in the hub's order; returns how many. */
static size_t find_btypes(const json_t *output, struct rules_btype found[2])
{
    size_t count = 0;
    json_t *extra = json_object_get(output, "extra"), *typeinfo = json_object_get(extra, "typeinfo");
    for (void *at = json_object_iter(extra); at && count < 2; at = json_object_iter_next(extra, at))
        if (rules_btype_is_legacy(json_object_iter_key(at)))
            found[count++] = btype_at(at, true);
    for (void *at = json_object_iter(typeinfo); at && count < 2; at = json_object_iter_next(typeinfo, at))
        found[count++] = btype_at(at, false);
    return count;
}

struct rules_btype rules_output_btype(const json_t *output)
{
    struct rules_btype found[2] = {{0}, {0}};
    find_btypes(output, found);
    return found[0];
}

bool rules_build_has_btype(const json_t *document, const struct rules_btype *btype)
{
    const json_t *extra = json_object_get(json_object_get(document, "build"), "extra");
    if (rules_btype_is_legacy(btype->name) && json_object_get(extra, btype->name))
        return true;
    return json_object_getn(json_object_get(extra, "typeinfo"), btype->name, btype->name_size) != NULL;
}

/* --- what one build type asks --------------------------------------------------------------------------------------
 */

static void image(struct rules *rules, const struct rules_place *type_place, const json_t *info)
{
    const json_t *arch = json_object_get(info, "arch");
    struct rules_place at = rules_member(type_place, "arch");
    size_t characters = 0;
    for (const char *c = json_string_value(arch); c && *c; c++)
        characters += ((unsigned char)*c & 0xC0U) != 0x80U;
    if (characters > IMAGE_ARCH_MAX)
        rules_find(rules, CG_LEVEL_ERROR, "image.arch", &at, arch, "at most 16 characters",
                   "the hub cannot store an image's arch of %zu characters", characters);
}

/* Each of the coordinates is a directory on the hub; in group_id a dot is a slash (koji/__init__.py mavenrepo). */
static void maven(struct rules *rules, const struct rules_place *place, const struct rules_place *type_place,
                  const json_t *output, const json_t *info)
{
    static const char *const members[] = {"group_id", "artifact_id", "version"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const json_t *value = json_object_get(info, members[i]);
        const char *text = json_string_value(value);
        struct rules_place at = rules_member(type_place, members[i]);
        if (text && (strchr(text, '/') || rules_path_fault(text, json_string_length(value)) ||
                     (i == 0 && (text[0] == '.' || strstr(text, "..")))))
            rules_find(rules, CG_LEVEL_ERROR, "maven.path", &at, value, "plain names",
                       "%s becomes a part of the file's directory on the hub, and cannot be one", members[i]);
    }

    /* kojihub.py import_archive_internal: a pom is named after its artifact. */
    const json_t *filename = json_object_get(output, "filename");
    const char *name = json_is_string(filename) ? rules_path_name(json_string_value(filename)) : "";
    const char *artifact = json_string_value(json_object_get(info, "artifact_id"));
    const char *version = json_string_value(json_object_get(info, "version"));
    struct rules_place at = rules_member(place, "filename");
    size_t size = strlen(name);
    if (!artifact || !version || size < 4 || strcasecmp(name + size - 4, ".pom") != 0)
        return;
    if (size != strlen(artifact) + strlen(version) + 5 || strncmp(name, artifact, strlen(artifact)) != 0 ||
        name[strlen(artifact)] != '-' || strncmp(name + strlen(artifact) + 1, version, strlen(version)) != 0 ||
        strcmp(name + size - 4, ".pom") != 0)
        rules_find(rules, CG_LEVEL_ERROR, "maven.pom-name", &at, filename, "ARTIFACT_ID-VERSION.pom",
                   "the pom is not named %.100s-%.100s.pom, as its coordinates say", artifact, version);
}

static void win(struct rules *rules, const struct rules_place *type_place, const json_t *info)
{
    const json_t *relpath = json_object_get(info, "relpath");
    struct rules_place at = rules_member(type_place, "relpath");
    const char *text = json_string_value(relpath);
    if (!text)
        return;
    size_t size = json_string_length(relpath);
    while (size > 0 && text[size - 1] == '/')
        size--;
    for (; size > 0 && text[0] == '/'; size--)
        text++;
    const char *fault = size > 0 ? rules_path_fault(text, size) : NULL;
    if (fault)
        rules_find(rules, CG_LEVEL_ERROR, "win.relpath", &at, relpath, "a path below the build's win directory",
                   "relpath %s", fault);
}

/* --- every archive -------------------------------------------------------------------------------------------------
 */

/* kojihub.py:7871 get_archive_type: the longest known suffix, and the whole name counts as one. */
static void extension(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *filename = json_object_get(output, "filename");
    struct rules_place at = rules_member(place, "filename");
    char lower[256];
    const char *name = json_is_string(filename) ? rules_path_name(json_string_value(filename)) : "";
    if (name[0] == '\0' || strlen(name) >= sizeof lower)
        return;
    for (size_t i = 0; i <= strlen(name); i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
    const char *suffix = lower;
    while (suffix && !rules_names_have(&rules->extensions, suffix)) {
        suffix = strchr(suffix, '.');
        suffix = suffix ? suffix + 1 : NULL;
    }
    if (!suffix)
        rules_find(rules, CG_LEVEL_ERROR, "output.extension", &at, filename,
                   rules->extensions.asked
                       ? "an extension of the hub's archive types"
                       : "an extension of a stock hub's archive types, like tar.gz, json, zip, qcow2, or check with "
                         "--profile against your hub",
                   "no archive type has this file name's extension");
}

static void type_place_of(const struct rules_place *extra, const struct rules_place *typeinfo,
                          const struct rules_btype *btype, struct rules_place *place)
{
    *place = (struct rules_place){
        .up = btype->legacy ? extra : typeinfo, .name = btype->name, .name_size = btype->name_size};
}

/* What goes with a legacy type: no subdir, and no components for maven and win (kojihub.py:7520-7564). */
static void legacy(struct rules *rules, const struct rules_place *place, const json_t *output,
                   const struct rules_btype *btype)
{
    const json_t *subdir = json_object_get(output, "subdir"), *components = json_object_get(output, "components");
    struct rules_place subdir_at = rules_member(place, "subdir"), components_at = rules_member(place, "components");
    if (btype->legacy && json_is_string(subdir) && json_string_length(subdir) > 0)
        rules_find(rules, CG_LEVEL_ERROR, "output.subdir", &subdir_at, subdir, "no subdir, or the type in typeinfo",
                   "a file with \"%s\" directly in extra has its fixed place on the hub", btype->name);
    if (components && (strcmp(btype->name, "maven") == 0 || strcmp(btype->name, "win") == 0))
        rules_find(rules, CG_LEVEL_ERROR, "output.components", &components_at, components, "no components",
                   "the hub takes no components of files of the type \"%s\"", btype->name);
}

void rules_archive(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *extra = json_object_get(output, "extra");
    struct rules_place extra_place = rules_member(place, "extra");
    struct rules_place typeinfo_place = rules_member(&extra_place, "typeinfo"), type_place;
    struct rules_place components_place = rules_member(place, "components");
    struct rules_btype found[2] = {{0}, {0}};
    size_t count = find_btypes(output, found);

    extension(rules, place, output);
    rules_components(rules, &components_place, json_object_get(output, "components"), RULES_COMPONENTS_OF_OUTPUT);
    if (count == 0) {
        rules_find(rules, CG_LEVEL_ERROR, "output.btype-missing", extra ? &extra_place : place, NULL,
                   "extra.typeinfo with one build type, or extra.image, extra.maven or extra.win",
                   "the file has no build type");
        return;
    }
    if (count > 1) {
        type_place_of(&extra_place, &typeinfo_place, &found[1], &type_place);
        rules_find(rules, CG_LEVEL_ERROR, "output.btype-several", &type_place, NULL, "one build type",
                   "the file has several build types, \"%.100s\" and \"%.100s\"", found[0].name, found[1].name);
    }
    type_place_of(&extra_place, &typeinfo_place, &found[0], &type_place);
    if (json_object_get(json_object_get(rules->document, "build"), "extra") &&
        !rules_build_has_btype(rules->document, &found[0]))
        rules_find(rules, CG_LEVEL_ERROR, "output.btype-not-in-build", &type_place, NULL,
                   "a build type that build.extra has too", "the build itself has no build type \"%.100s\"",
                   found[0].name);
    legacy(rules, place, output, &found[0]);
    if (strcmp(found[0].name, "image") == 0)
        image(rules, &type_place, found[0].info);
    else if (strcmp(found[0].name, "maven") == 0)
        maven(rules, place, &type_place, output, found[0].info);
    else if (strcmp(found[0].name, "win") == 0)
        win(rules, &type_place, found[0].info);
}
