/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/representation.h"

#include "intake/parameter.h"

#include <stdio.h>
#include <string.h>

/* --- places --------------------------------------------------------------------------------------------------------
 */

static bool is_host(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    size_t size = strlen(host);
    return size > 0 && size < 256 && strspn(host, allowed) == size;
}

void representation_base(const struct intake_request *request, char base[REPRESENTATION_BASE_SIZE])
{
    const struct intake_options *options = intake_options(request);
    const char *host = intake_header(request, "Host");
    base[0] = '\0';
    if (options->public_url) {
        size_t size = strlen(options->public_url);
        while (size > 0 && options->public_url[size - 1] == '/')
            size--;
        snprintf(base, REPRESENTATION_BASE_SIZE, "%.*s", (int)size, options->public_url);
    } else if (host && is_host(host)) {
        snprintf(base, REPRESENTATION_BASE_SIZE, "%s://%s", options->tls_cert ? "https" : "http", host);
    }
}

static json_t *place(const char *base, const char *id, const char *below)
{
    return json_sprintf("%s/v1/imports/%s%s", base, id, below);
}

/* --- values --------------------------------------------------------------------------------------------------------
 */

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

json_t *representation_time(double seconds)
{
    if (seconds <= 0)
        return json_null();
    char text[PARAMETER_TIME_SIZE];
    parameter_time_text(seconds, text);
    return json_string(text);
}

static json_t *json_or_null(json_t *json)
{
    return json ? json_incref(json) : json_null();
}

/* The posted options with each member there. */
static json_t *options_of(const struct store_import *import)
{
    json_t *tag = json_object_get(import->options, "tag");
    return json_pack("{s:b, s:b, s:o}", "reserve", json_is_true(json_object_get(import->options, "reserve")), "draft",
                     json_is_true(json_object_get(import->options, "draft")), "tag", json_or_null(tag));
}

static json_t *error_of(const struct store_import *import)
{
    if (!import->error_name)
        return json_null();
    json_t *error = json_pack("{s:s, s:s}", "code", import->error_name, "message",
                              import->error_message ? import->error_message : "");
    if (error && import->error_hint && *import->error_hint)
        json_object_set_new(error, "hint", json_string(import->error_hint));
    return error;
}

static json_t *output_of(const char *base, const char *id, const struct store_output *output)
{
    bool is_complete = output->sha256 != NULL;
    char below[40];
    snprintf(below, sizeof below, "/outputs/%u", output->position);
    return json_pack("{s:I, s:s, s:I, s:s, s:s, s:I, s:b, s:o, s:o}", "position", (json_int_t)output->position, "path",
                     output->path, "size_bytes", (json_int_t)output->size_bytes, "checksum_type", output->checksum_type,
                     "checksum", output->checksum, "received_bytes",
                     (json_int_t)(is_complete ? output->size_bytes : output->received_bytes), "complete", is_complete,
                     "sha256", text_or_null(output->sha256), "href", place(base, id, below));
}

static int add_outputs(json_t *json, const char *base, const struct store_import *import)
{
    json_t *all = json_array(), *missing = json_array();
    if (json_object_set_new(json, "outputs", all) != 0 || json_object_set_new(json, "missing", missing) != 0)
        return -1;
    for (size_t i = 0; i < import->output_count; i++) {
        json_t *one = output_of(base, import->id, &import->outputs[i]);
        if (json_array_append_new(all, one) != 0)
            return -1;
        bool is_missing = import->state == STORE_RECEIVING && !import->outputs[i].sha256;
        if (is_missing && json_array_append(missing, one) != 0)
            return -1;
    }
    return 0;
}

/* Where it can be tried again, for one that is over without a build and that nothing came in place of. */
static json_t *retry_of(const char *base, const struct store_import *import)
{
    bool is_dead = import->state == STORE_REJECTED || import->state == STORE_CANCELED;
    return is_dead && !import->replaced_by[0] ? place(base, import->id, "/retry") : json_null();
}

static int add_whole(json_t *json, const char *base, const struct store_import *import)
{
    if (json_object_set_new(json, "retry", retry_of(base, import)) != 0)
        return -1;
    return add_outputs(json, base, import);
}

/* --- wholes --------------------------------------------------------------------------------------------------------
 */

static json_t *identity_of(const char *base, const struct store_import *import)
{
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:{s:s, s:I, s:o}}", "id", import->id, "href",
                     place(base, import->id, ""), "state", store_state_name(import->state), "held",
                     text_or_null(import->state == STORE_HELD ? store_held_name(import->held) : NULL), "step",
                     text_or_null(import->step), "hub", import->hub, "nvr", import->nvr, "content_generator",
                     import->content_generator, "package", import->package, "metadata", "sha256",
                     import->metadata_sha256, "size_bytes", (json_int_t)import->metadata_bytes, "href",
                     place(base, import->id, "/metadata"));
}

static json_t *course_of(const struct store_import *import)
{
    return json_pack(
        "{s:o, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "options", options_of(import),
        "caller", import->caller, "request_id", text_or_null(import->request_id), "attempts",
        (json_int_t)import->attempts, "build_id", import->build_id ? json_integer(import->build_id) : json_null(),
        "build_url", text_or_null(import->url), "error", error_of(import), "report", json_or_null(import->report),
        "replaces", text_or_null(import->replaces), "replaced_by", text_or_null(import->replaced_by), "created_at",
        representation_time(import->created_at), "updated_at", representation_time(import->updated_at), "finished_at",
        representation_time(import->finished_at), "next_attempt_at", representation_time(import->next_attempt_at));
}

json_t *representation_import(const char *base, const struct store_import *import, enum representation_detail detail,
                              struct cg_error *err)
{
    CG_AUTO_JSON json_t *json = identity_of(base, import);
    CG_AUTO_JSON json_t *course = course_of(import);
    bool is_done = json && course && json_object_update(json, course) == 0 &&
                   (detail == REPRESENTATION_LISTED || add_whole(json, base, import) == 0);
    if (!is_done)
        cg_fail_memory(err);
    return is_done ? CG_STEAL(json) : NULL;
}

json_t *representation_reference(const char *base, const struct store_import *import, struct cg_error *err)
{
    json_t *json = json_pack("{s:s, s:o, s:s, s:s}", "id", import->id, "href", place(base, import->id, ""), "state",
                             store_state_name(import->state), "metadata_sha256", import->metadata_sha256);
    if (!json)
        cg_fail_memory(err);
    return json;
}

json_t *representation_event(const struct store_event *event, struct cg_error *err)
{
    json_t *json = json_pack("{s:I, s:s, s:o, s:s, s:o, s:o}", "id", (json_int_t)event->event_id, "import",
                             event->import_id, "at", representation_time(event->at), "type", event->type, "actor",
                             text_or_null(event->actor), "detail", json_or_null(event->detail));
    if (!json)
        cg_fail_memory(err);
    return json;
}

void representation_answer(struct intake_request *request, unsigned status, const struct store_import *import,
                           enum representation_dedup dedup)
{
    struct cg_error err = {0};
    char base[REPRESENTATION_BASE_SIZE];
    representation_base(request, base);
    json_t *json = representation_import(base, import, REPRESENTATION_WHOLE, &err);
    if (!json) {
        intake_fail(request, &err, NULL);
        return;
    }
    if (dedup != REPRESENTATION_NO_POST)
        json_object_set_new(json, "deduplicated", json_boolean(dedup == REPRESENTATION_KNOWN));
    if (status == 202 || dedup != REPRESENTATION_NO_POST)
        intake_set_header(request, "Location", json_string_value(json_object_get(json, "href")));
    intake_answer_json(request, status, json);
}
