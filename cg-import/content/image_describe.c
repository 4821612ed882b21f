/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_describe.h"

#include "cg/bytes.h"
#include "cg/printable.h"
#include "content/image_database.h"

#include <stdarg.h>
#include <string.h>

/* What atomic-reactor puts into the README of a placeholder (utils/koji.py get_image_output). */
#define PLACEHOLDER "Archive is just a placeholder"

/* One archive being described. */
struct describing {
    const struct image_archive *archive;
    const char *directory;
    json_t *facts;
    json_t *images; /* borrowed from the facts */
};

/* One image: where its parts are named, and the parts. */
struct image {
    const struct image_member *config;
    struct image_layer *layers; /* owned copies, lowest first */
    size_t count;
    json_t *told; /* owned */
};

static void image_finish(struct image *image)
{
    free(image->layers);
    json_decref(image->told);
}

int image_describe_fault(json_t *facts, const char *kind, const char *text, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    if (cg_printable_append(&safe, text, err) < 0)
        return -1;
    json_t *fault = json_pack("{s:s, s:s}", "kind", kind, "text", cg_bytes_text(&safe));
    return json_array_append_new(json_object_get(facts, "faults"), fault) < 0 ? cg_fail_memory(err) : 0;
}

__attribute__((format(printf, 3, 4))) static int broken(const struct describing *d, struct cg_error *err,
                                                        const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return image_describe_fault(d->facts, "broken", text, err);
}

static int set_digest(json_t *object, const char *name, const char *sha256)
{
    return sha256[0] ? json_object_set_new(object, name, json_sprintf("sha256:%s", sha256)) : 0;
}

/* --- one image -----------------------------------------------------------------------------------------------------
 */

static int add_layer(const struct describing *d, struct image *image, const char *name, struct cg_error *err)
{
    const struct image_member *member = NULL;
    if (name && image_archive_find(d->archive, name, &member, err) < 0)
        return -1;
    if (!member)
        return broken(d, err, "layer %s is named but not in the archive", name ? name : "(no text)");
    if (member->fault)
        return broken(d, err, "layer %s is broken: %s", name, member->fault);
    if (member->kind != IMAGE_MEMBER_LAYER)
        return broken(d, err, "layer %s is no tar archive", name);
    image->layers[image->count++] = *member->layer;
    json_t *layer = json_object();
    if (json_array_append_new(json_object_get(image->told, "layers"), layer) < 0 ||
        set_digest(layer, "digest", member->layer->packed.sha256) < 0 ||
        set_digest(layer, "diff_id", member->layer->unpacked.sha256) < 0)
        return cg_fail_memory(err);
    return 0;
}

/* What its configuration says of it, as it says it. */
static int tell_config(struct image *image, struct cg_error *err)
{
    static const char *const plain[] = {"architecture", "os", NULL};
    const json_t *config = image->config->document;
    for (const char *const *name = plain; *name; name++) {
        json_t *value = json_object_get(config, *name);
        if (json_is_string(value) && json_object_set(image->told, *name, value) < 0)
            return cg_fail_memory(err);
    }
    json_t *labels = json_object_get(json_object_get(config, "config"), "Labels");
    json_t *diff_ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    if ((json_is_object(labels) && json_object_set(image->told, "labels", labels) < 0) ||
        (json_is_array(diff_ids) && json_object_set(image->told, "diff_ids", diff_ids) < 0) ||
        set_digest(image->told, "config_digest", image->config->layer->packed.sha256) < 0)
        return cg_fail_memory(err);
    return 0;
}

static int find_config(const struct describing *d, struct image *image, const char *name, struct cg_error *err)
{
    if (name && image_archive_find(d->archive, name, &image->config, err) < 0)
        return -1;
    if (!image->config)
        return broken(d, err, "configuration %s is named but not in the archive", name ? name : "(no text)");
    if (!json_is_object(image->config->document)) {
        image->config = NULL;
        return broken(d, err, "configuration %s is no JSON object", name);
    }
    return tell_config(image, err);
}

/* The database is only looked for when all layers are known: a missing one may hide it. */
static int add_image(const struct describing *d, const struct image *image, size_t wanted, struct cg_error *err)
{
    if (image->count == wanted) {
        json_t *database =
            image_database_read(image->layers, image->count, d->directory, (unsigned)json_array_size(d->images), err);
        if (!database)
            return -1;
        if (json_object_set_new(image->told, "rpmdb", database) < 0)
            return cg_fail_memory(err);
    }
    return json_array_append(d->images, image->told) < 0 ? cg_fail_memory(err) : 0;
}

static int begin_image(const struct describing *d, struct image *image, size_t layers, struct cg_error *err)
{
    if (json_array_size(d->images) >= IMAGE_IMAGES_MOST)
        return cg_fail(err, CG_E_LIMIT, "more than %d images in one archive", IMAGE_IMAGES_MOST);
    if (layers > IMAGE_LAYERS_MOST)
        return cg_fail(err, CG_E_LIMIT, "more than %d layers in one image", IMAGE_LAYERS_MOST);
    image->layers = calloc(layers + 1, sizeof *image->layers);
    image->told = json_pack("{s:[]}", "layers");
    return image->layers && image->told ? 0 : cg_fail_memory(err);
}

/* --- docker-archive ------------------------------------------------------------------------------------------------
 */

static int describe_docker_image(const struct describing *d, const json_t *entry, struct cg_error *err)
{
    CG_AUTO(image_finish) struct image image = {0};
    const json_t *layers = json_object_get(entry, "Layers"), *layer;
    size_t i;
    if (begin_image(d, &image, json_array_size(layers), err) < 0 ||
        find_config(d, &image, json_string_value(json_object_get(entry, "Config")), err) < 0)
        return -1;
    json_array_foreach(layers, i, layer)
    {
        if (add_layer(d, &image, json_string_value(layer), err) < 0)
            return -1;
    }
    return add_image(d, &image, json_array_size(layers), err);
}

static int describe_docker(const struct describing *d, const json_t *manifest, struct cg_error *err)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(manifest, i, entry)
    {
        if (describe_docker_image(d, entry, err) < 0)
            return -1;
    }
    return json_array_size(manifest) > 0 ? 0 : broken(d, err, "manifest.json names no image");
}

/* --- OCI image layout ----------------------------------------------------------------------------------------------
 */

/* *path is "blobs/sha256/HEX" of a descriptor's digest, NULL if it has none; to be freed. 0, or -1. */
static int blob_path(const json_t *descriptor, char **path, struct cg_error *err)
{
    const char *digest = json_string_value(json_object_get(descriptor, "digest"));
    const char *colon = digest ? strchr(digest, ':') : NULL;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (colon && cg_bytes_printf(&text, err, "blobs/%.*s/%s", (int)(colon - digest), digest, colon + 1) < 0)
        return -1;
    *path = cg_bytes_steal(&text);
    return 0;
}

static int describe_manifest(const struct describing *d, const json_t *descriptor, const struct image_member *manifest,
                             struct cg_error *err)
{
    CG_AUTO(image_finish) struct image image = {0};
    CG_AUTO_FREE char *config = NULL;
    const json_t *layers = json_object_get(manifest->document, "layers"), *layer;
    size_t i;
    if (begin_image(d, &image, json_array_size(layers), err) < 0 ||
        blob_path(json_object_get(manifest->document, "config"), &config, err) < 0 ||
        find_config(d, &image, config, err) < 0)
        return -1;
    json_t *type = json_object_get(manifest->document, "mediaType");
    type = type ? type : json_object_get(descriptor, "mediaType");
    if (set_digest(image.told, "manifest_digest", manifest->layer->packed.sha256) < 0 ||
        (json_is_string(type) && json_object_set(image.told, "manifest_type", type) < 0))
        return cg_fail_memory(err);
    json_array_foreach(layers, i, layer)
    {
        CG_AUTO_FREE char *path = NULL;
        if (blob_path(layer, &path, err) < 0 || add_layer(d, &image, path, err) < 0)
            return -1;
    }
    return add_image(d, &image, json_array_size(layers), err);
}

/* buildkit puts statements about an image beside it, as manifests of their own. */
static bool is_attestation(const json_t *descriptor)
{
    return json_object_get(json_object_get(descriptor, "annotations"), "vnd.docker.reference.type") != NULL;
}

static int describe_index(const struct describing *d, const json_t *index, unsigned depth, struct cg_error *err)
{
    const json_t *descriptor;
    size_t i;
    if (depth > IMAGE_INDEX_DEPTH_MOST)
        return cg_fail(err, CG_E_LIMIT, "indexes nested deeper than %d", IMAGE_INDEX_DEPTH_MOST);
    json_array_foreach(json_object_get(index, "manifests"), i, descriptor)
    {
        CG_AUTO_FREE char *name = NULL;
        const struct image_member *member = NULL;
        int described = 0;
        if (is_attestation(descriptor))
            continue;
        if (blob_path(descriptor, &name, err) < 0 || (name && image_archive_find(d->archive, name, &member, err) < 0))
            return -1;
        if (!member || !json_is_object(member->document))
            described = broken(d, err, "manifest %s is named but not in the archive", name ? name : "(no digest)");
        else if (json_object_get(member->document, "manifests"))
            described = describe_index(d, member->document, depth + 1, err);
        else
            described = describe_manifest(d, descriptor, member, err);
        if (described < 0)
            return -1;
    }
    return 0;
}

/* A blob's name is its digest. What could not be read to its end is told of as a layer. */
static int check_blobs(const struct describing *d, struct cg_error *err)
{
    static const char prefix[] = "blobs/sha256/";
    for (size_t i = 0; i < d->archive->count; i++) {
        const struct image_member *member = &d->archive->members[i];
        if (strncmp(member->name, prefix, strlen(prefix)) != 0 || member->kind == IMAGE_MEMBER_ALIAS || member->fault)
            continue;
        if (strcmp(member->name + strlen(prefix), member->layer->packed.sha256) != 0 &&
            broken(d, err, "blob %s has other bytes: their sha256 is %s", member->name, member->layer->packed.sha256) <
                0)
            return -1;
    }
    return 0;
}

static int describe_layout(const struct describing *d, const json_t *index, struct cg_error *err)
{
    if (check_blobs(d, err) < 0 || describe_index(d, index, 0, err) < 0)
        return -1;
    return json_array_size(json_object_get(index, "manifests")) > 0 ? 0
                                                                    : broken(d, err, "index.json names no manifest");
}

/* --- the archive ---------------------------------------------------------------------------------------------------
 */

static int set_text(json_t *facts, const char *name, const char *text, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    if (cg_printable_append(&safe, text, err) < 0)
        return -1;
    return json_object_set_new(facts, name, json_string(cg_bytes_text(&safe))) < 0 ? cg_fail_memory(err) : 0;
}

/* The text of the README when that is all there is. */
static const char *placeholder_text(const struct image_archive *archive)
{
    if (archive->count != 1 || strcmp(archive->members[0].name, "README") != 0 || !archive->members[0].text)
        return NULL;
    const char *text = archive->members[0].text;
    return strncmp(text, PLACEHOLDER, strlen(PLACEHOLDER)) == 0 ? text : NULL;
}

int image_describe(const struct image_archive *archive, const char *directory, json_t *facts, struct cg_error *err)
{
    const struct describing d = {
        .archive = archive, .directory = directory, .facts = facts, .images = json_object_get(facts, "images")};
    const struct image_member *layout, *index, *manifest;
    if (image_archive_find(archive, "oci-layout", &layout, err) < 0 ||
        image_archive_find(archive, "index.json", &index, err) < 0 ||
        image_archive_find(archive, "manifest.json", &manifest, err) < 0)
        return -1;
    const char *placeholder = placeholder_text(archive);
    if (placeholder)
        return set_text(facts, "form", "placeholder", err) < 0 || set_text(facts, "note", placeholder, err) < 0 ? -1
                                                                                                                : 0;
    /* docker writes both since version 25; the layout says more. */
    if (layout && index && json_is_object(index->document))
        return set_text(facts, "form", "oci-layout", err) < 0 ? -1 : describe_layout(&d, index->document, err);
    if (manifest && json_is_array(manifest->document))
        return set_text(facts, "form", "docker-archive", err) < 0 ? -1 : describe_docker(&d, manifest->document, err);
    return set_text(facts, "form", "none", err);
}
