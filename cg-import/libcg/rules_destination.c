/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

/*
 * No two outputs may be uploaded to one path, and none may be placed where another is or has a directory: the hub
 * moves files one after the other and finds out half-way (kojihub.py:7695 import_build_log, :8219
 * _import_archive_file).
 */

/* The file name of an output whose paths are all sound, NULL otherwise: others have their own findings. */
static const char *sound_filename(const json_t *output)
{
    static const char *const members[] = {"filename", "relpath", "subdir"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const json_t *value = json_object_get(output, members[i]);
        if (json_is_string(value) && (i == 0 || json_string_length(value) > 0) &&
            rules_path_fault(json_string_value(value), json_string_length(value)))
            return NULL;
    }
    return json_string_value(json_object_get(output, "filename"));
}

static void append(struct rules *rules, struct cg_bytes *path, const char *text)
{
    if (!rules->failed && cg_bytes_append_text(path, text, rules->err) < 0)
        rules->failed = true;
}

static void append_directory(struct rules *rules, struct cg_bytes *path, const json_t *name)
{
    if (json_is_string(name) && json_string_length(name) > 0) {
        append(rules, path, json_string_value(name));
        append(rules, path, "/");
    }
}

static void append_subdir(struct rules *rules, struct cg_bytes *path, const json_t *output)
{
    if (!rules->without_subdir)
        append_directory(rules, path, json_object_get(output, "subdir"));
}

/* koji/__init__.py PathInfo: mavenbuild, winbuild, imagebuild, typedir; "" for what has no sound place. */
static void archive_directory(struct rules *rules, struct cg_bytes *path, const json_t *output)
{
    struct rules_btype btype = rules_output_btype(output);
    if (!btype.name)
        return;
    if (strcmp(btype.name, "image") == 0) {
        append(rules, path, "images/");
    } else if (strcmp(btype.name, "win") == 0) {
        const char *relpath = json_string_value(json_object_get(btype.info, "relpath"));
        append(rules, path, "win/");
        append(rules, path, relpath ? relpath + strspn(relpath, "/") : "");
        while (path->size > 0 && path->data[path->size - 1] == '/')
            path->data[--path->size] = '\0';
        append(rules, path, "/");
    } else if (strcmp(btype.name, "maven") == 0) {
        append(rules, path, "maven/");
        size_t group = path->size;
        append_directory(rules, path, json_object_get(btype.info, "group_id"));
        for (size_t i = group; i < path->size; i++)
            if (path->data[i] == '.')
                path->data[i] = '/';
        append_directory(rules, path, json_object_get(btype.info, "artifact_id"));
        append_directory(rules, path, json_object_get(btype.info, "version"));
    } else {
        append(rules, path, "files/");
        append(rules, path, btype.name);
        append(rules, path, "/");
        append_subdir(rules, path, output);
    }
}

/* Where the hub will put an output, below packages/NAME/VERSION/RELEASE; nothing if that cannot be said. */
static void destination(struct rules *rules, struct cg_bytes *path, const json_t *output, const char *filename)
{
    const char *name = rules_path_name(filename);
    enum cg_output_kind kind = rules_output_kind(output);
    if (kind == CG_OUTPUT_LOG) {
        append(rules, path, "data/logs/");
        append_subdir(rules, path, output);
    } else if (kind == CG_OUTPUT_RPM) {
        append(rules, path, "rpm/"); /* the directory is the arch, which the name has too */
    } else {
        archive_directory(rules, path, output);
    }
    if (path->size > 0)
        append(rules, path, name);
}

/* --- collecting ----------------------------------------------------------------------------------------------------
 */

/* Slashes become the lowest byte a path can have, so that what is below a path sorts directly behind it. */
#define SEPARATOR '\x01'

static void add_path(struct rules_keys *keys, size_t index, struct cg_bytes *path)
{
    if (path->size == 0 || path->size > RULES_PATH_MAX)
        return;
    for (size_t i = 0; i < path->size; i++)
        if (path->data[i] == '/')
            path->data[i] = SEPARATOR;
    rules_keys_begin(keys, index);
    rules_keys_bytes(keys, path->data, path->size);
}

static void collect(struct rules_keys *uploads, struct rules_keys *destinations, const json_t *outputs)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    size_t i;
    json_t *output;
    json_array_foreach(outputs, i, output)
    {
        const char *filename = sound_filename(output);
        if (!filename)
            continue;
        cg_bytes_clear(&path);
        append_directory(uploads->rules, &path, json_object_get(output, "relpath"));
        append(uploads->rules, &path, filename);
        add_path(uploads, i, &path);
        cg_bytes_clear(&path);
        destination(uploads->rules, &path, output, filename);
        add_path(destinations, i, &path);
    }
    rules_keys_sort(uploads);
    rules_keys_sort(destinations);
}

/* --- judging -------------------------------------------------------------------------------------------------------
 */

static bool is_below(const struct rules_key *key, const struct rules_key *directory)
{
    return key->size > directory->size && key->text[directory->size] == SEPARATOR &&
           memcmp(key->text, directory->text, directory->size) == 0;
}

/* Two outputs that want one path, or one where the other has a directory; each output is reported once. */
static void judge(struct rules *rules, const struct rules_keys *keys, const struct rules_place *list_place,
                  bool *reported, const char *rule, const char *expected, const char *what)
{
    const json_t *outputs = json_object_get(rules->document, "output");
    const struct rules_key *directory = NULL; /* the last path that is below no other */
    for (size_t i = 0; i < keys->count && !rules->failed; i++) {
        const struct rules_key *key = &keys->keys[i];
        bool same = key->first != key->index, below = directory && is_below(key, directory);
        struct rules_place item = rules_item(list_place, key->index), at = rules_member(&item, "filename");
        if (!same && !below)
            directory = key;
        if ((!same && !below) || reported[key->index])
            continue;
        reported[key->index] = true;
        rules_find(rules, CG_LEVEL_ERROR, rule, &at, json_object_get(json_array_get(outputs, key->index), "filename"),
                   expected, same ? "%s as output %zu" : "%s below output %zu, which is a file", what,
                   same ? key->first : directory->index);
    }
}

/* The hub itself writes data/logs/cg_import.log (kojihub.py move_cg_log_file), after it moved everything. */
static void own_log(struct rules *rules, const struct rules_keys *destinations, const struct rules_place *list_place)
{
    static const char path[] = "data\x01logs\x01"
                               "cg_import.log";
    RULES_AUTO_KEYS struct rules_keys key = {.rules = rules};
    rules_keys_begin(&key, 0);
    rules_keys_bytes(&key, path, strlen(path));
    size_t index = rules_keys_find(destinations, &key);
    if (index == RULES_NO_KEY)
        return;
    struct rules_place item = rules_item(list_place, index), at = rules_member(&item, "filename");
    rules_find(rules, CG_LEVEL_ERROR, "output.log-name", &at, NULL,
               rules->without_subdir ? "another name" : "another name, or a subdir",
               "the hub writes a log named cg_import.log itself");
}

void rules_destinations(struct rules *rules, const struct rules_place *root)
{
    const json_t *outputs = json_object_get(rules->document, "output");
    struct rules_place list_place = rules_member(root, "output");
    RULES_AUTO_KEYS struct rules_keys uploads = {.rules = rules};
    RULES_AUTO_KEYS struct rules_keys destinations = {.rules = rules};
    CG_AUTO_FREE bool *reported = calloc(json_array_size(outputs) + 1, sizeof *reported);
    if (!reported) {
        cg_fail_memory(rules->err);
        rules->failed = true;
    }
    if (rules->failed)
        return;
    collect(&uploads, &destinations, outputs);
    judge(rules, &uploads, &list_place, reported, "output.upload-path", "a path of its own below the upload directory",
          "uploaded to the same path");
    judge(rules, &destinations, &list_place, reported, "output.destination",
          rules->without_subdir
              ? "a name of its own on the hub, which is older than 1.35 and leaves subdir out of account"
              : "a place of its own on the hub",
          "placed on the hub");
    own_log(rules, &destinations, &list_place);
}
