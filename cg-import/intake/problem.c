/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to failures: RFC 9457 problem details. Declared in request.h. */
#include "intake/problem.h"

#include "intake/request_private.h"

#include <ctype.h>
#include <string.h>

#define RETRY_AFTER_S "5"

static const struct {
    unsigned status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *problem_phrase(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

void problem_name(enum cg_code code, char name[PROBLEM_NAME_SIZE])
{
    const char *from = cg_code_info(code)->name + strlen("CG_E_");
    size_t i = 0;
    for (; i < PROBLEM_NAME_SIZE - 1 && from[i]; i++)
        name[i] = from[i] == '_' ? '-' : (char)tolower((unsigned char)from[i]);
    name[i] = '\0';
}

/* A failure of the service, of which callers can make no use and attackers can: paths, SQL, addresses. */
static bool is_ours(unsigned status)
{
    return status >= 500;
}

static void set_text(json_t *problem, const char *key, const char *text)
{
    /* A message may quote bytes that are no UTF-8; then the member is left out. */
    json_t *value = text && *text ? json_string(text) : NULL;
    if (value)
        json_object_set_new(problem, key, value);
}

static json_t *make_problem(const struct intake_request *request, unsigned status, const struct cg_error *error)
{
    const struct cg_code_info *info = cg_code_info(error->code);
    json_t *problem = json_object();
    char name[PROBLEM_NAME_SIZE], type[PROBLEM_NAME_SIZE + 16];
    problem_name(error->code, name);
    snprintf(type, sizeof type, "/problems/%s", name);
    bool own_status = status == (unsigned)info->http_status;
    set_text(problem, "type", own_status ? type : "about:blank");
    set_text(problem, "title", own_status ? info->meaning : problem_phrase(status));
    json_object_set_new(problem, "status", json_integer((json_int_t)status));
    set_text(problem, "code", info->name);
    bool ours = is_ours(status);
    set_text(problem, "detail",
             !ours           ? error->message
             : status == 500 ? "the service failed; its log says why under the request id"
             : status == 507 ? "the service has no room for it at the moment"
                             : "the service cannot do this at the moment");
    set_text(problem, "hint", ours ? NULL : error->hint);
    set_text(problem, "request_id", request->id);
    return problem;
}

static bool has_header(const struct intake_request *request, const char *name)
{
    for (size_t i = 0; i < request->answer.header_count; i++)
        if (strcmp(request->answer.headers[i].name, name) == 0)
            return true;
    return false;
}

void intake_fail_status(struct intake_request *request, unsigned status, const struct cg_error *error, json_t *extra)
{
    if (is_ours(status))
        log_error(request->server->options.log, error, "request failed", "request", request->id, NULL);
    json_t *problem = make_problem(request, status, error);
    if (problem && extra)
        json_object_update(problem, extra);
    json_decref(extra);
    if ((cg_code_info(error->code)->retryable || status == 429) && !has_header(request, "Retry-After"))
        intake_set_header(request, "Retry-After", RETRY_AFTER_S);
    intake_answer_json(request, status, problem);
    request->answer.content_type = "application/problem+json";
}

void intake_fail(struct intake_request *request, const struct cg_error *error, json_t *extra)
{
    intake_fail_status(request, (unsigned)cg_code_info(error->code)->http_status, error, extra);
}
