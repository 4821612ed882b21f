/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/metadata.h"
#include "cg/nvr.h"
#include "rules.h"

#include <string.h>

static int breaks(struct cg_error *err, const char *pointer)
{
    return cg_fail(err, CG_E_INTERNAL, "%s of the metadata is not what the rules let pass", pointer);
}

static uint64_t size_of(const json_t *filesize)
{
    return json_is_integer(filesize) ? (uint64_t)json_integer_value(filesize) : (uint64_t)json_real_value(filesize);
}

static const char *text_or(const json_t *value, const char *otherwise)
{
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

static int view_output(struct cg_output *output, const json_t *json, struct cg_error *err)
{
    const json_t *filesize = json_object_get(json, "filesize");
    *output = (struct cg_output){
        .kind = rules_output_kind(json),
        .type = json_string_value(json_object_get(json, "type")),
        .filename = json_string_value(json_object_get(json, "filename")),
        .relpath = text_or(json_object_get(json, "relpath"), ""),
        .subdir = text_or(json_object_get(json, "subdir"), NULL),
        .checksum_kind = (enum cg_digest_kind)cg_digest_kind(json_string_value(json_object_get(json, "checksum_type"))),
        .checksum = json_string_value(json_object_get(json, "checksum")),
        .metadata_only = json_is_true(json_object_get(json, "metadata_only")),
        .json = json,
    };
    if (output->kind == CG_OUTPUT_ARCHIVE)
        output->btype = rules_output_btype(json).name;
    if (output->subdir && output->subdir[0] == '\0')
        output->subdir = NULL;
    if (!output->type || !output->filename || !output->checksum || output->checksum_kind == 0 ||
        !json_is_number(filesize) || json_number_value(filesize) < 0 ||
        json_number_value(filesize) > (double)CG_JSON_INTEGER_MAX ||
        (output->kind == CG_OUTPUT_ARCHIVE && !output->btype))
        return breaks(err, "an output");
    output->size_bytes = size_of(filesize);
    return 0;
}

static int view_outputs(struct cg_metadata *metadata, struct cg_error *err)
{
    const json_t *outputs = json_object_get(metadata->document, "output");
    size_t count = json_array_size(outputs);
    metadata->outputs = calloc(count + 1, sizeof metadata->outputs[0]);
    if (!metadata->outputs)
        return cg_fail_memory(err);
    for (; metadata->output_count < count; metadata->output_count++)
        if (view_output(&metadata->outputs[metadata->output_count], json_array_get(outputs, metadata->output_count),
                        err) < 0)
            return -1;
    return 0;
}

static int view_build(struct cg_metadata *metadata, struct cg_error *err)
{
    const json_t *build = json_object_get(metadata->document, "build");
    const json_t *buildroot = json_array_get(json_object_get(metadata->document, "buildroots"), 0);
    const json_t *epoch = json_object_get(build, "epoch");
    metadata->name = json_string_value(json_object_get(build, "name"));
    metadata->version = json_string_value(json_object_get(build, "version"));
    metadata->release = json_string_value(json_object_get(build, "release"));
    metadata->build_id = json_integer_value(json_object_get(build, "build_id"));
    metadata->draft = json_is_true(json_object_get(build, "draft"));
    metadata->has_epoch = json_is_number(epoch);
    metadata->epoch = (int64_t)json_number_value(epoch);
    metadata->content_generator =
        json_string_value(json_object_get(json_object_get(buildroot, "content_generator"), "name"));
    if (!metadata->name || !metadata->version || !metadata->release)
        return breaks(err, "/build");
    if (!metadata->content_generator)
        return breaks(err, "/buildroots/0/content_generator");
    metadata->nvr = cg_nvr_join(metadata->name, metadata->version, metadata->release, err);
    return metadata->nvr ? 0 : -1;
}

struct cg_metadata *cg_metadata_create(json_t *document, struct cg_error *err)
{
    CG_AUTO_METADATA struct cg_metadata *metadata = calloc(1, sizeof *metadata);
    if (!metadata) {
        cg_fail_memory(err);
        return NULL;
    }
    metadata->document = json_incref(document);
    if (view_build(metadata, err) < 0 || view_outputs(metadata, err) < 0)
        return NULL;
    return CG_STEAL(metadata);
}

int cg_output_path(const struct cg_output *output, struct cg_bytes *path, struct cg_error *err)
{
    return cg_bytes_printf(path, err, "%s%s%s", output->relpath, output->relpath[0] ? "/" : "", output->filename);
}

void cg_metadata_destroy(struct cg_metadata *metadata)
{
    if (!metadata)
        return;
    free(metadata->nvr);
    free(metadata->outputs);
    json_decref(metadata->document);
    free(metadata);
}
