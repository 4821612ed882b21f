/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/request_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

const char *intake_header(const struct intake_request *request, const char *name)
{
    return gate_field(&request->head, name);
}

const char *intake_query(const struct intake_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

const char *intake_path(const struct intake_request *request, const char *name)
{
    for (size_t i = 0; i < request->match.value_count; i++)
        if (strcmp(request->match.values[i].name, name) == 0)
            return request->match.values[i].value;
    return NULL;
}

const struct intake_caller *intake_caller(const struct intake_request *request)
{
    return &request->caller;
}

bool intake_caller_stands(const struct intake_request *request)
{
    return auth_still_known(request->server->auth, &request->known);
}

const struct intake_options *intake_options(const struct intake_request *request)
{
    return &request->server->options;
}

struct feed *intake_feed(const struct intake_request *request)
{
    return request->server->feed;
}

struct budget *intake_budget(const struct intake_request *request)
{
    return &request->server->budget;
}

const struct cg_checker *intake_checker(const struct intake_request *request)
{
    return request->server->checker;
}

const char *intake_request_id(const struct intake_request *request)
{
    return request->id;
}

int64_t intake_body_size(const struct intake_request *request)
{
    if (request->head.framing == GATE_CHUNKED)
        return -1;
    return request->head.framing == GATE_LENGTH ? (int64_t)request->head.length : 0;
}

void intake_note_import(struct intake_request *request, const char *id)
{
    strncpy(request->import_id, id, sizeof request->import_id - 1);
}

void intake_count(struct intake_request *request, enum intake_counter counter, uint64_t amount)
{
    metrics_add(request->server->metrics, counter, amount);
}

/* A value that can break the head is refused, so that no handler can be made to split an answer. */
static bool is_header_value(const char *value)
{
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

int intake_set_header(struct intake_request *request, const char *name, const char *value)
{
    struct request_answer *answer = &request->answer;
    if (!is_header_value(value))
        return -1;
    char *copy = strdup(value);
    if (!copy)
        return -1;
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0) {
            free(answer->headers[i].value);
            answer->headers[i].value = copy;
            return 0;
        }
    char *name_copy = answer->header_count < REQUEST_HEADERS_MAX ? strdup(name) : NULL;
    if (!name_copy) {
        free(copy);
        return -1;
    }
    answer->headers[answer->header_count++] = (struct request_pair){name_copy, copy};
    return 0;
}

void request_own_url(const struct intake_request *request, char own[REQUEST_OWN_SIZE])
{
    const struct intake_options *options = &request->server->options;
    const char *host = gate_field(&request->head, "Host");
    if (options->public_url)
        snprintf(own, REQUEST_OWN_SIZE, "%s", options->public_url);
    else
        snprintf(own, REQUEST_OWN_SIZE, "%s://%s", request->origin.tls ? "https" : "http", host ? host : "");
}

const struct intake_hub *request_hubs(struct intake_request *request, size_t *count)
{
    struct request_server *server = request->server;
    pthread_mutex_lock(&server->hubs_lock);
    const struct intake_hub *hubs = server->options.hubs;
    *count = server->options.hub_count;
    pthread_mutex_unlock(&server->hubs_lock);
    return hubs;
}

bool request_is_answered(const struct intake_request *request)
{
    return request->answer.status != 0;
}

static void answer_body(struct intake_request *request, unsigned status, const char *content_type, char *body)
{
    struct request_answer *answer = &request->answer;
    assert(!request_is_answered(request));
    answer->status = body ? status : 503;
    answer->content_type = content_type;
    answer->body = body;
    answer->size = body ? strlen(body) : 0;
}

void intake_answer_json(struct intake_request *request, unsigned status, json_t *json)
{
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    answer_body(request, status, "application/json", body);
}

void intake_answer_text(struct intake_request *request, unsigned status, const char *content_type, const char *text)
{
    answer_body(request, status, content_type, strdup(text));
}

void intake_answer_bytes(struct intake_request *request, unsigned status, const char *content_type,
                         struct cg_bytes *bytes)
{
    size_t size = bytes->size;
    char *body = cg_bytes_steal(bytes);
    answer_body(request, status, content_type, body ? body : strdup(""));
    if (request->answer.body && body)
        request->answer.size = size;
}

void intake_answer_empty(struct intake_request *request, unsigned status)
{
    assert(!request_is_answered(request));
    request->answer.status = status;
}

void intake_answer_stream(struct intake_request *request, const char *content_type, const struct intake_stream *stream,
                          void *state)
{
    assert(!request_is_answered(request));
    request->answer.status = 200;
    request->answer.content_type = content_type;
    request->answer.stream = stream;
    request->answer.stream_state = state;
}

static void release_pairs(struct request_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
}

void request_release(struct intake_request *request)
{
    struct request_answer *answer = &request->answer;
    if (answer->stream && answer->stream->finish)
        answer->stream->finish(answer->stream_state);
    free(answer->body);
    release_pairs(answer->headers, answer->header_count);
    release_pairs(request->query, request->query_count);
    router_match_finish(&request->match);
    auth_caller_finish(&request->known);
    free(request->head_bytes);
}
