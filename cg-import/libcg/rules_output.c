/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/digest.h"
#include "cg/nvr.h"
#include "rules.h"

#include <string.h>

/* rpminfo.arch is VARCHAR(16) (schemas/schema.sql). */
#define RPM_ARCH_MAX 16

enum cg_output_kind rules_output_kind(const json_t *output)
{
    const char *type = json_string_value(json_object_get(output, "type"));
    if (type && strcmp(type, "rpm") == 0)
        return CG_OUTPUT_RPM;
    return type && strcmp(type, "log") == 0 ? CG_OUTPUT_LOG : CG_OUTPUT_ARCHIVE;
}

/* --- paths ---------------------------------------------------------------------------------------------------------
 */

/* koji/util.py joinpath refuses what leaves the directory; the rest is docs/stricter-than-the-hub.md. */
static void path(struct rules *rules, const struct rules_place *place, const json_t *output, const char *name)
{
    const json_t *value = json_object_get(output, name);
    struct rules_place at = rules_member(place, name);
    if (!json_is_string(value) || (json_string_length(value) == 0 && strcmp(name, "filename") != 0))
        return;
    const char *fault = rules_path_fault(json_string_value(value), json_string_length(value));
    if (fault)
        rules_find(rules, CG_LEVEL_ERROR, "output.path", &at, value, "a relative path of plain names", "%s %s", name,
                   fault);
}

/* kojihub.py:16305 get_upload_path */
static void upload_name(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *value = json_object_get(output, "filename");
    struct rules_place at = rules_member(place, "filename");
    if (json_is_string(value) && rules_path_name(json_string_value(value))[0] == '.' &&
        !rules_path_fault(json_string_value(value), json_string_length(value)))
        rules_find(rules, CG_LEVEL_ERROR, "output.filename-hidden", &at, value, "a name that does not begin with a dot",
                   "the hub takes no uploads of hidden files");
}

/* The hub keeps the owner of an upload directory in a file .user in it (kojihub.py:16332). */
static void upload_directory(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *relpath = json_object_get(output, "relpath"), *filename = json_object_get(output, "filename");
    bool in_relpath = json_is_string(relpath) && json_string_length(relpath) > 0;
    const json_t *value = in_relpath ? relpath : filename;
    struct rules_place at = rules_member(place, in_relpath ? "relpath" : "filename");
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    size_t first = strcspn(text, "/");
    if (first == 5 && strncmp(text, ".user", 5) == 0 && (in_relpath || text[first] == '/'))
        rules_find(rules, CG_LEVEL_ERROR, "output.path", &at, value, "another directory",
                   "the hub has a file of its own named .user where this directory would be");
}

/* --- size and checksum ---------------------------------------------------------------------------------------------
 */

/* kojihub.py:7473 compares numbers with !=, so text never matches. */
static void filesize(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *value = json_object_get(output, "filesize");
    struct rules_place at = rules_member(place, "filesize");
    if (json_is_string(value))
        rules_find(rules, CG_LEVEL_ERROR, "output.filesize", &at, value, "the number of bytes, unquoted",
                   "the hub compares the file's size with a number, and text is never equal to it");
}

/* Returns the digits that a checksum of this type has, 0 after a finding or where there is no type. */
static size_t checksum_type(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *value = json_object_get(output, "checksum_type");
    struct rules_place at = rules_member(place, "checksum_type");
    bool archive = rules_output_kind(output) == CG_OUTPUT_ARCHIVE;
    const char *expected = archive ? "sha256 or md5" : "sha256, md5 or adler32";
    if (!json_is_string(value))
        return 0;
    unsigned kind = cg_digest_kind(json_string_value(value));
    if (kind == 0 || kind == CG_DIGEST_SHA1) {
        rules_find(rules, CG_LEVEL_ERROR, "output.checksum-type", &at, value, expected,
                   "the hub cannot verify a checksum of this type");
        return 0;
    }
    if (kind == CG_DIGEST_ADLER32 && archive)
        rules_find(rules, CG_LEVEL_ERROR, "output.checksum-type", &at, value, expected,
                   "the hub cannot record adler32 for an archive");
    return cg_digest_length((enum cg_digest_kind)kind);
}

/*
 * kojihub.py:7490 compares with the lower-case hexdigest. The length of an adler32 is only a warning, since the
 * samples' verdict was made without its file.
 */
static void checksum(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *value = json_object_get(output, "checksum");
    struct rules_place at = rules_member(place, "checksum");
    size_t digits = checksum_type(rules, place, output);
    if (!json_is_string(value) || digits == 0)
        return;
    const char *text = json_string_value(value), *kind = json_string_value(json_object_get(output, "checksum_type"));
    size_t size = json_string_length(value);
    char expected[80];
    snprintf(expected, sizeof expected, "%zu lower-case hexadecimal digits", digits);
    if (strspn(text, "0123456789abcdef") == size) {
        if (size != digits)
            rules_find(
                rules, digits == cg_digest_length(CG_DIGEST_ADLER32) && size > 0 ? CG_LEVEL_WARNING : CG_LEVEL_ERROR,
                "output.checksum", &at, value, expected, "%s has %zu digits, and here are %zu", kind, digits, size);
    } else if (strspn(text, "0123456789abcdefABCDEF") == size) {
        rules_find(rules, CG_LEVEL_ERROR, "output.checksum", &at, value, expected,
                   "the hub compares with lower-case digits, so upper-case ones never match");
    } else {
        rules_find(rules, CG_LEVEL_ERROR, "output.checksum", &at, value, expected, "this is no %s", kind);
    }
}

/* --- rpms ----------------------------------------------------------------------------------------------------------
 */

/* NAME-VERSION-RELEASE.ARCH.rpm taken apart; false if it is none. */
static bool split_rpm_name(const char *name, struct cg_nvr *nvr, char arch[RPM_ARCH_MAX + 1], struct rules *rules)
{
    static const char suffix[] = ".rpm";
    char stem[512];
    size_t size = strlen(name);
    if (size >= sizeof stem || size <= strlen(suffix) || strcmp(name + size - strlen(suffix), suffix) != 0)
        return false;
    memcpy(stem, name, size - strlen(suffix));
    stem[size - strlen(suffix)] = '\0';
    char *dot = strrchr(stem, '.');
    if (!dot || dot[1] == '\0' || strlen(dot + 1) > RPM_ARCH_MAX)
        return false;
    memcpy(arch, dot + 1, strlen(dot + 1) + 1);
    *dot = '\0';
    struct cg_error failure = {0};
    if (cg_nvr_parse(stem, nvr, &failure) == 0)
        return nvr->epoch[0] == '\0';
    if (failure.code == CG_E_MEMORY) {
        cg_fail_memory(rules->err);
        rules->failed = true;
    }
    return false;
}

/* kojihub.py:6789 import_rpm: a source rpm is the build's. */
static void source_rpm(struct rules *rules, const struct rules_place *at, const json_t *filename,
                       const struct cg_nvr *nvr)
{
    const json_t *build = json_object_get(rules->document, "build");
    const char *name = json_string_value(json_object_get(build, "name"));
    const char *version = json_string_value(json_object_get(build, "version"));
    const char *release = json_string_value(json_object_get(build, "release"));
    if (!name || !version || !release ||
        (strcmp(nvr->name, name) == 0 && strcmp(nvr->version, version) == 0 && strcmp(nvr->release, release) == 0))
        return;
    rules_find(rules, CG_LEVEL_ERROR, "output.rpm-source", at, filename, "the source rpm of this build",
               "the source rpm is not %.100s-%.100s-%.100s.src.rpm", name, version, release);
}

static void rpm(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *filename = json_object_get(output, "filename");
    const json_t *subdir = json_object_get(output, "subdir");
    struct rules_place at = rules_member(place, "filename"), subdir_at = rules_member(place, "subdir");
    if (json_is_string(subdir) && json_string_length(subdir) > 0)
        rules_find(rules, CG_LEVEL_ERROR, "output.rpm-subdir", &subdir_at, subdir, "no subdir",
                   "the place of an rpm on the hub follows from its arch");
    if (!json_is_string(filename) || rules_path_fault(json_string_value(filename), json_string_length(filename)))
        return;

    CG_AUTO_NVR struct cg_nvr nvr = {0};
    char arch[RPM_ARCH_MAX + 1];
    if (!split_rpm_name(rules_path_name(json_string_value(filename)), &nvr, arch, rules))
        rules_find(rules, CG_LEVEL_ERROR, "output.rpm-name", &at, filename, "NAME-VERSION-RELEASE.ARCH.rpm",
                   "an rpm is named after its header");
    else if (strcmp(arch, "nosrc") == 0)
        rules_find(rules, CG_LEVEL_ERROR, "output.rpm-name", &at, filename, "NAME-VERSION-RELEASE.src.rpm",
                   "the hub expects a source rpm to be named .src.rpm");
    else if (strcmp(arch, "src") == 0)
        source_rpm(rules, &at, filename, &nvr);
}

/* --- one output ----------------------------------------------------------------------------------------------------
 */

static void metadata_only(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const json_t *value = json_object_get(output, "metadata_only");
    struct rules_place at = rules_member(place, "metadata_only");
    if (json_is_true(value))
        rules_find(rules, CG_LEVEL_ERROR, "output.metadata-only", &at, value, "false, and the file uploaded",
                   "the hub wants the file of a metadata-only output, and then does not keep it");
}

/* docs/source/content_generator_metadata.rst, output.extra */
static void docker(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    const char *type = json_string_value(json_object_get(output, "type"));
    const json_t *extra = json_object_get(output, "extra");
    struct rules_place at = rules_member(place, "extra");
    if (type && strcmp(type, "docker-image") == 0 && json_is_object(extra) &&
        !json_object_get(json_object_get(extra, "docker"), "id"))
        rules_find(rules, CG_LEVEL_WARNING, "output.docker", &at, NULL, "extra.docker with at least the image's id",
                   "the container image does not say which image it is");
}

static void one(struct rules *rules, const struct rules_place *place, const json_t *output)
{
    path(rules, place, output, "filename");
    path(rules, place, output, "relpath");
    upload_name(rules, place, output);
    upload_directory(rules, place, output);
    filesize(rules, place, output);
    checksum(rules, place, output);
    metadata_only(rules, place, output);
    docker(rules, place, output);
    enum cg_output_kind kind = rules_output_kind(output);
    if (kind == CG_OUTPUT_RPM)
        rpm(rules, place, output);
    else
        path(rules, place, output, "subdir");
    if (kind == CG_OUTPUT_ARCHIVE && json_is_string(json_object_get(output, "type")))
        rules_archive(rules, place, output);
}

void rules_outputs(struct rules *rules, const struct rules_place *root)
{
    struct rules_place list_place = rules_member(root, "output");
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(rules->document, "output"), i, output)
    {
        struct rules_place place = rules_item(&list_place, i);
        one(rules, &place, output);
    }
}
