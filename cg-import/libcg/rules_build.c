/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/nvr.h"
#include "rules.h"

#include <string.h>

/* The first second of the year 10000, and of the year 1: what Python's datetime holds lies between. */
#define TIME_END 253402300800.0
#define TIME_BEGIN (-62135596800.0)
/* NAME_MAX of Linux file systems, bytes; Koji itself would take a package name of one more. */
#define DIRECTORY_MAX 255
/* Koji's ids are 32-bit integers (schemas/schema.sql SERIAL). */
#define ID_MAX 2147483647

/* --- name, version, release ----------------------------------------------------------------------------------------
 */

static void nvr_part(struct rules *rules, const struct rules_place *build_place, const json_t *build,
                     enum cg_nvr_part part)
{
    static const struct {
        const char *name, *rule, *expected;
    } parts[] = {
        [CG_NVR_NAME] = {"name", "nvr.name", "a package name of letters, digits and _ . + -"},
        [CG_NVR_VERSION] = {"version", "nvr.version", "a version without dashes and slashes"},
        [CG_NVR_RELEASE] = {"release", "nvr.release", "a release without dashes and slashes"},
    };
    const json_t *value = json_object_get(build, parts[part].name);
    struct rules_place place = rules_member(build_place, parts[part].name);
    struct cg_error refusal = {0};
    if (!json_is_string(value))
        return;
    if (strlen(json_string_value(value)) != json_string_length(value))
        rules_find(rules, CG_LEVEL_ERROR, parts[part].rule, &place, value, parts[part].expected,
                   "the %s has the control character 0x00", parts[part].name);
    else if (json_string_length(value) == DIRECTORY_MAX + 1)
        rules_find(rules, CG_LEVEL_ERROR, parts[part].rule, &place, value, parts[part].expected,
                   "the %s is a directory on the hub, whose name can have 255 bytes, and this has 256",
                   parts[part].name);
    else if (cg_nvr_check(part, json_string_value(value), &refusal) < 0)
        rules_find(rules, CG_LEVEL_ERROR, parts[part].rule, &place, value, parts[part].expected, "%s", refusal.message);
}

/* --- times ---------------------------------------------------------------------------------------------------------
 */

/* Reads one of the two times into *seconds; false if it cannot be compared. */
static bool build_time(struct rules *rules, const struct rules_place *build_place, const json_t *build,
                       const char *name, double *seconds)
{
    const json_t *value = json_object_get(build, name);
    struct rules_place place = rules_member(build_place, name);
    if (json_is_string(value)) {
        if (strlen(json_string_value(value)) != json_string_length(value) ||
            !rules_python_float(json_string_value(value), seconds)) {
            rules_find(rules, CG_LEVEL_ERROR, "build.time", &place, value, "seconds since 1970, like 1760000000",
                       "%s is no number", name);
            return false;
        }
        rules_find(rules, CG_LEVEL_WARNING, "build.time-text", &place, value, "a number",
                   "%s is text; the hub reads it as a number", name);
    } else if (json_is_number(value)) {
        *seconds = json_number_value(value);
    } else {
        return false;
    }
    if (*seconds < TIME_END && *seconds >= TIME_BEGIN)
        return true;
    rules_find(rules, CG_LEVEL_ERROR, "build.time", &place, value, "seconds since 1970, like 1760000000",
               "%s lies outside the years 1 to 9999; are these milliseconds?", name);
    return false;
}

static void times(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    double start, end;
    bool has_start = build_time(rules, build_place, build, "start_time", &start);
    bool has_end = build_time(rules, build_place, build, "end_time", &end);
    struct rules_place place = rules_member(build_place, "end_time");
    if (has_start && has_end && end < start)
        rules_find(rules, CG_LEVEL_WARNING, "build.time-order", &place, json_object_get(build, "end_time"),
                   "a time that is not before start_time", "the build ends before it starts");
}

/* --- ids -----------------------------------------------------------------------------------------------------------
 */

static void build_id(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    const json_t *id = json_object_get(build, "build_id");
    struct rules_place place = rules_member(build_place, "build_id");
    if (json_is_real(id))
        rules_find(rules, CG_LEVEL_ERROR, "build.build-id", &place, id, "an integer without a decimal point",
                   "the hub looks builds up by integers only");
    else if (json_is_string(id))
        rules_find(rules, CG_LEVEL_ERROR, "build.build-id", &place, id, "the number that CGInitBuild gave, unquoted",
                   "the hub reads a text here as an NVR");

    const json_t *draft = json_object_get(build, "draft");
    struct rules_place draft_place = rules_member(build_place, "draft");
    if (json_is_null(draft) && json_is_integer(id) && json_integer_value(id) != 0)
        rules_find(rules, CG_LEVEL_ERROR, "build.draft", &draft_place, draft, "true or false, or no draft at all",
                   "the hub compares draft with the reservation, and null is not false");
}

/* Reads what the hub reads with int(); false after a finding, or where the schema has one. */
static bool task_id(struct rules *rules, const struct rules_place *place, const json_t *value, int64_t *id)
{
    if (json_is_null(value)) {
        rules_find(rules, CG_LEVEL_ERROR, "build.task-id", place, value, "a task id, or no such key at all",
                   "the hub cannot read null as a task id");
        return false;
    }
    if (json_is_integer(value))
        *id = json_integer_value(value);
    else if (json_is_real(value) && json_real_value(value) >= 1 && json_real_value(value) <= ID_MAX)
        *id = (int64_t)json_real_value(value);
    else if (!json_is_string(value) || !rules_python_int(json_string_value(value), id))
        return false;
    if (*id >= 1 && *id <= ID_MAX)
        return true;
    rules_find(rules, CG_LEVEL_ERROR, "build.task-id", place, value, "the id of a task on the hub, from 1",
               "no task can have this id");
    return false;
}

static void task_ids(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    const json_t *extra = json_object_get(build, "extra");
    const json_t *task = json_object_get(build, "task_id");
    const json_t *container_task = json_object_get(extra, "container_koji_task_id");
    struct rules_place extra_place = rules_member(build_place, "extra");
    struct rules_place task_place = rules_member(build_place, "task_id");
    struct rules_place container_place = rules_member(&extra_place, "container_koji_task_id");
    int64_t id = 0, container_id = 0;
    bool has_id = task && task_id(rules, &task_place, task, &id);
    bool has_container_id = container_task && task_id(rules, &container_place, container_task, &container_id);
    if (has_id && has_container_id && id != container_id)
        rules_find(rules, CG_LEVEL_ERROR, "build.task-id-differs", &task_place, task,
                   "the value of /build/extra/container_koji_task_id, or only one of the two",
                   "task_id and extra.container_koji_task_id name two tasks, %lld and %lld", (long long)id,
                   (long long)container_id);
}

/* --- source --------------------------------------------------------------------------------------------------------
 */

static void source(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    static const char expected[] = "URL#COMMIT, like https://example.com/repo#0123abc";
    const json_t *value = json_object_get(build, "source");
    struct rules_place place = rules_member(build_place, "source");
    if (json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0)) {
        rules_find(rules, CG_LEVEL_WARNING, "build.source", &place, value, expected,
                   "nobody can tell later where the build came from");
        return;
    }
    const char *text = json_string_value(value);
    const char *hash = text ? strrchr(text, '#') : NULL;
    if (text && (!hash || hash == text || hash[1] == '\0'))
        rules_find(rules, CG_LEVEL_WARNING, "build.source", &place, value, expected, "the source names no commit");
}

/* --- build types
 * ----------------------------------------------------------------------------------------------------*/

void rules_btype_known(struct rules *rules, const struct rules_place *place, const char *name)
{
    if (rules_names_have(&rules->btypes, name))
        return;
    if (rules->btypes.asked)
        rules_find(rules, CG_LEVEL_ERROR, "btype.unknown", place, NULL, "a build type of this hub",
                   "\"%s\" is not registered as a build type on the hub", name);
    else
        rules_find(rules, CG_LEVEL_ERROR, "btype.unknown", place, NULL,
                   "a build type of a stock hub or of the public content generators, or check with --profile against "
                   "your hub",
                   "\"%s\" is not known as a build type", name);
}

static bool has_rpm_output(const json_t *document)
{
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(document, "output"), i,
                       output) if (rules_output_kind(output) == CG_OUTPUT_RPM) return true;
    return false;
}

static void build_types(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    static const char *const legacy[] = {"maven", "win", "image"};
    json_t *extra = json_object_get(build, "extra");
    json_t *typeinfo = json_object_get(extra, "typeinfo");
    struct rules_place extra_place = rules_member(build_place, "extra");
    struct rules_place typeinfo_place = rules_member(&extra_place, "typeinfo");
    size_t count = json_object_size(typeinfo);

    for (size_t i = 0; i < sizeof legacy / sizeof legacy[0]; i++) {
        struct rules_place place = rules_member(&extra_place, legacy[i]);
        if (!json_object_get(extra, legacy[i]))
            continue;
        count++;
        rules_btype_known(rules, &place, legacy[i]);
        struct rules_place twin = rules_member(&typeinfo_place, legacy[i]);
        if (json_object_get(typeinfo, legacy[i]))
            rules_find(rules, CG_LEVEL_ERROR, "build.btype-duplicate", &twin, NULL,
                       "the build type in one of the two places",
                       "\"%s\" is in build.extra.typeinfo and in build.extra as well", legacy[i]);
    }
    for (void *at = json_object_iter(typeinfo); at; at = json_object_iter_next(typeinfo, at)) {
        struct rules_place place = {
            .up = &typeinfo_place, .name = json_object_iter_key(at), .name_size = json_object_iter_key_len(at)};
        rules_btype_known(rules, &place, place.name);
    }
    if (json_is_object(extra) && count == 0 && !has_rpm_output(rules->document))
        rules_find(rules, CG_LEVEL_WARNING, "build.btype-none", &extra_place, NULL,
                   "typeinfo with at least one build type", "the build has no build type");
}

/* --- drafts --------------------------------------------------------------------------------------------------------
 */

/* kojihub.py:8065 import_archive_internal: reject_draft() */
static void draft(struct rules *rules, const struct rules_place *build_place, const json_t *build)
{
    const json_t *value = json_object_get(build, "draft");
    struct rules_place place = rules_member(build_place, "draft");
    size_t i;
    json_t *output;
    if (!json_is_true(value))
        return;
    json_array_foreach(json_object_get(rules->document, "output"), i, output)
    {
        if (rules_output_kind(output) != CG_OUTPUT_ARCHIVE)
            continue;
        rules_find(rules, CG_LEVEL_ERROR, "build.draft-archive", &place, value, "a draft with rpms and logs only",
                   "a draft build cannot have archives, and output %zu is one", i);
        return;
    }
}

void rules_build(struct rules *rules, const struct rules_place *root)
{
    const json_t *build = json_object_get(rules->document, "build");
    struct rules_place place = rules_member(root, "build");
    nvr_part(rules, &place, build, CG_NVR_NAME);
    nvr_part(rules, &place, build, CG_NVR_VERSION);
    nvr_part(rules, &place, build, CG_NVR_RELEASE);
    source(rules, &place, build);
    times(rules, &place, build);
    build_id(rules, &place, build);
    task_ids(rules, &place, build);
    draft(rules, &place, build);
    build_types(rules, &place, build);
}
