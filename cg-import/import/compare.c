/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The differences found so far. */
struct differences {
    struct cg_bytes *text;
    size_t count;
    struct cg_error *err;
};

__attribute__((format(printf, 2, 3))) static int differ(struct differences *differences, const char *format, ...)
{
    if (differences->count++ >= IMPORT_DIFFERENCES_MAX)
        return 0;
    char line[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (differences->count > 1 && cg_bytes_append_text(differences->text, "; ", differences->err) < 0)
        return -1;
    return cg_bytes_append_text(differences->text, line, differences->err);
}

enum koji_ask_rpms import_compare_needs_rpms(const struct cg_metadata *metadata)
{
    for (size_t i = 0; i < metadata->output_count; i++)
        if (metadata->outputs[i].kind == CG_OUTPUT_RPM)
            return KOJI_WITH_RPMS;
    return KOJI_WITHOUT_RPMS;
}

/* The name without the directories before it: what the hub calls an archive or a log. */
static const char *base_name(const char *filename)
{
    const char *slash = strrchr(filename, '/');
    return slash ? slash + 1 : filename;
}

static bool is_checksum_type(const json_t *number, enum cg_digest_kind kind)
{
    /* koji/__init__.py CHECKSUM_TYPES: md5, sha1, sha256 in this order. */
    static const enum cg_digest_kind kinds[] = {CG_DIGEST_MD5, CG_DIGEST_SHA1, CG_DIGEST_SHA256};
    json_int_t i = json_integer_value(number);
    return json_is_integer(number) && i >= 0 && i < 3 && kinds[i] == kind;
}

static bool is_archive(const json_t *archive, const struct cg_output *output)
{
    const char *checksum = json_string_value(json_object_get(archive, "checksum"));
    return checksum && strcmp(checksum, output->checksum) == 0 &&
           (uint64_t)json_integer_value(json_object_get(archive, "size")) == output->size_bytes &&
           is_checksum_type(json_object_get(archive, "checksum_type"), output->checksum_kind);
}

/* Among the hub's archives of that name, one that is this output: some generators give one name to several files. */
static int compare_archive(const struct cg_output *output, const json_t *archives, struct differences *differences)
{
    const char *name = base_name(output->filename);
    const json_t *namesake = NULL;
    for (size_t i = 0; i < json_array_size(archives); i++) {
        const json_t *archive = json_array_get(archives, i);
        const char *filename = json_string_value(json_object_get(archive, "filename"));
        if (!filename || strcmp(filename, name) != 0)
            continue;
        if (is_archive(archive, output))
            return 0;
        namesake = archive;
    }
    if (!namesake)
        return differ(differences, "the hub has no archive %s", name);
    const char *checksum = json_string_value(json_object_get(namesake, "checksum"));
    return differ(differences,
                  "%s has %" JSON_INTEGER_FORMAT " bytes and checksum %s on the hub, %" PRIu64 " and %s here", name,
                  json_integer_value(json_object_get(namesake, "size")), checksum ? checksum : "none",
                  output->size_bytes, output->checksum);
}

static int compare_log(const struct cg_output *output, const json_t *logs, struct differences *differences)
{
    const char *name = base_name(output->filename);
    for (size_t i = 0; i < json_array_size(logs); i++) {
        const char *there = json_string_value(json_object_get(json_array_get(logs, i), "name"));
        if (there && strcmp(there, name) == 0)
            return 0;
    }
    return differ(differences, "the hub has no log %s", name);
}

static int compare_rpm(const struct cg_output *output, const json_t *rpms, struct differences *differences)
{
    const char *name = base_name(output->filename);
    for (size_t i = 0; i < json_array_size(rpms); i++) {
        const json_t *rpm = json_array_get(rpms, i);
        const char *arch = json_string_value(json_object_get(rpm, "arch"));
        const char *nvr = json_string_value(json_object_get(rpm, "nvr"));
        CG_AUTO_BYTES struct cg_bytes file = {0};
        if (cg_bytes_printf(&file, differences->err, "%s.%s.rpm", nvr ? nvr : "", arch ? arch : "") < 0)
            return -1;
        if (strcmp(file.data, name) != 0)
            continue;
        uint64_t size_bytes = (uint64_t)json_integer_value(json_object_get(rpm, "size"));
        if (size_bytes == output->size_bytes)
            return 0;
        return differ(differences, "%s has %" PRIu64 " bytes on the hub, %" PRIu64 " here", name, size_bytes,
                      output->size_bytes);
    }
    return differ(differences, "the hub has no rpm %s", name);
}

/* More than the metadata describes: an archive there that no output is. */
static int compare_surplus(const struct cg_metadata *metadata, const json_t *archives, struct differences *differences)
{
    size_t described = 0;
    for (size_t i = 0; i < metadata->output_count; i++)
        described += metadata->outputs[i].kind == CG_OUTPUT_ARCHIVE;
    if (json_array_size(archives) <= described)
        return 0;
    return differ(differences, "the hub has %zu archives, the metadata describes %zu", json_array_size(archives),
                  described);
}

int import_compare_files(const struct cg_metadata *metadata, const struct koji_build_files *files,
                         struct cg_bytes *differences, struct cg_error *err)
{
    struct differences found = {.text = differences, .err = err};
    for (size_t i = 0; i < metadata->output_count; i++) {
        const struct cg_output *output = &metadata->outputs[i];
        int result = output->kind == CG_OUTPUT_LOG   ? compare_log(output, files->logs, &found)
                     : output->kind == CG_OUTPUT_RPM ? compare_rpm(output, files->rpms, &found)
                                                     : compare_archive(output, files->archives, &found);
        if (result < 0)
            return -1;
    }
    if (compare_surplus(metadata, files->archives, &found) < 0)
        return -1;
    if (found.count > IMPORT_DIFFERENCES_MAX &&
        cg_bytes_printf(differences, err, "; and %zu more", found.count - IMPORT_DIFFERENCES_MAX) < 0)
        return -1;
    return found.count > 0 ? 1 : 0;
}
