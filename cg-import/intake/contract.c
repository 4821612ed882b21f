/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/contract.h"

#include "cg/bytes.h"
#include "intake/problem.h"
#include "intake/request_private.h"

#include <string.h>

/* static const char openapi_yaml[], openapi_json[]: made of schema/openapi.* by the Makefile */
#include "openapi_text.h"

static void answer_json(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_text(request, 200, "application/json", openapi_json);
}

static void answer_yaml(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_text(request, 200, "application/yaml", openapi_yaml);
}

const struct intake_handler contract_openapi_json = {.end = answer_json};
const struct intake_handler contract_openapi_yaml = {.end = answer_yaml};

/* The row of the error table with this name in a problem's type; NULL if there is none. */
static const struct cg_code_info *find_problem(const char *name)
{
    for (int code = 1; code < 100; code++) {
        const struct cg_code_info *info = cg_code_info((enum cg_code)code);
        char known[PROBLEM_NAME_SIZE];
        if ((int)info->code != code)
            continue;
        problem_name(info->code, known);
        if (strcmp(known, name) == 0)
            return info;
    }
    return NULL;
}

static void answer_problem(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    const struct cg_code_info *info = find_problem(intake_path(request, "name"));
    if (!info) {
        cg_fail(&err, CG_E_USAGE, "there is no such problem");
        intake_fail_status(request, 404, &err, NULL);
        return;
    }
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_printf(&text, &err, "%s: %s\nHTTP status: %d\nthe same request may succeed later: %s\n", info->name,
                        info->meaning, info->http_status, info->retryable ? "yes" : "no") != 0)
        intake_fail(request, &err, NULL);
    else
        intake_answer_text(request, 200, "text/plain; charset=utf-8", text.data);
}

const struct intake_handler contract_problem = {.end = answer_problem};
