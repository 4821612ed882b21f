/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/posting_options.h"

#include "intake/parameter.h"

#include <string.h>

#define NAME_MAX_BYTES 256 /* of a hub's profile, and of a tag as Koji keeps it */

static int set_text(char **to, const char *name, const char *value, size_t most, struct cg_error *err)
{
    size_t size = strlen(value);
    if (size == 0 || size > most)
        return cg_fail(err, CG_E_USAGE, "%s has %zu bytes, expected 1 to %zu", name, size, most);
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return cg_fail(err, CG_E_USAGE, "%s has a control character", name);
    char *copy = strdup(value);
    if (!copy)
        return cg_fail_memory(err);
    free(*to);
    *to = copy;
    return 0;
}

int posting_options_set(struct posting_options *options, const char *name, const char *value, struct cg_error *err)
{
    int set;
    if (strcmp(name, "hub") == 0)
        set = set_text(&options->hub, name, value, NAME_MAX_BYTES, err);
    else if (strcmp(name, "tag") == 0)
        set = set_text(&options->tag, name, value, NAME_MAX_BYTES, err);
    else if (strcmp(name, "reference") == 0)
        set = set_text(&options->reference, name, value, POSTING_OPTION_MAX, err);
    else if (strcmp(name, "reserve") == 0)
        set = parameter_flag(name, value, &options->reserve, err);
    else if (strcmp(name, "draft") == 0)
        set = parameter_flag(name, value, &options->draft, err);
    else
        return 0;
    if (set != 0)
        return -1;
    if (options->reference && !strchr(options->reference, ':'))
        return cg_fail(err, CG_E_USAGE, "reference is \"%.80s\", expected ROOT:DIRECTORY", options->reference);
    return 1;
}

int posting_options_query(struct posting_options *options, const struct intake_request *request, struct cg_error *err)
{
    static const char *const names[] = {"hub", "tag", "reference", "reserve", "draft"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = intake_query(request, names[i]);
        if (value && posting_options_set(options, names[i], value, err) < 0)
            return -1;
    }
    return 0;
}

json_t *posting_options_json(const struct posting_options *options, struct cg_error *err)
{
    json_t *json = json_pack("{s:b, s:b}", "reserve", options->reserve, "draft", options->draft);
    bool is_done = json && (!options->tag || json_object_set_new(json, "tag", json_string(options->tag)) == 0);
    if (is_done)
        return json;
    json_decref(json);
    cg_fail_memory(err);
    return NULL;
}

int posting_options_from(struct posting_options *options, const struct store_import *import, struct cg_error *err)
{
    options->reserve = json_is_true(json_object_get(import->options, "reserve"));
    options->draft = json_is_true(json_object_get(import->options, "draft"));
    const char *tag = json_string_value(json_object_get(import->options, "tag"));
    if (tag && set_text(&options->tag, "tag", tag, NAME_MAX_BYTES, err) != 0)
        return -1;
    return set_text(&options->hub, "hub", import->hub, NAME_MAX_BYTES, err);
}

void posting_options_finish(struct posting_options *options)
{
    free(options->hub);
    free(options->tag);
    free(options->reference);
    *options = (struct posting_options){0};
}
