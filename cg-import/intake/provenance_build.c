/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET below /v1/provenance/builds/{build}: its facts, what changed since another, what it is made from and into. */
#include "cg/provenance.h"
#include "intake/parameter.h"
#include "intake/provenance_answer.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/provenance.h"

#include <string.h>

static void no_such_build(struct intake_request *request, const char *name)
{
    struct cg_error err = {0};
    cg_fail(&err, CG_E_USAGE, "there is no build \"%.255s\" in the trail", name);
    intake_fail_status(request, 404, &err, NULL);
}

json_t *provenance_answer_build(struct intake_request *request, const char *name)
{
    struct cg_error err = {0};
    json_t *answer = NULL;
    int found = store_provenance_get(intake_options(request)->store, name, intake_query(request, "hub"),
                                     visible_scope(request), &answer, &err);
    if (found < 0)
        intake_fail(request, &err, NULL);
    else if (found == 0)
        no_such_build(request, name);
    return found > 0 ? answer : NULL;
}

/* --- one ---------------------------------------------------------------------------------------------------------- */

static void get_end(struct intake_request *request, void *state)
{
    (void)state;
    json_t *answer = provenance_answer_build(request, intake_path(request, "build"));
    if (answer)
        intake_answer_json(request, 200, answer);
}

const struct intake_handler intake_provenance_get = {.end = get_end};

/* --- two ---------------------------------------------------------------------------------------------------------- */

static void difference_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    const char *other = intake_query(request, "from");
    if (!other || !*other) {
        cg_fail(&err, CG_E_USAGE, "which build is this one to be compared with: from=NVR");
        intake_fail(request, &err, NULL);
        return;
    }
    CG_AUTO_JSON json_t *to = provenance_answer_build(request, intake_path(request, "build"));
    CG_AUTO_JSON json_t *from = to ? provenance_answer_build(request, other) : NULL;
    if (!from)
        return;
    json_t *difference = cg_provenance_difference(json_object_get(from, "facts"), json_object_get(to, "facts"), &err);
    json_t *answer =
        json_pack("{s:O, s:O, s:o, s:O}", "from", json_object_get(from, "build"), "to", json_object_get(to, "build"),
                  "difference", difference, "complete_for", json_object_get(to, "complete_for"));
    if (answer) {
        intake_answer_json(request, 200, answer);
        return;
    }
    cg_fail_memory(&err);
    intake_fail(request, &err, NULL);
}

const struct intake_handler intake_provenance_difference = {.end = difference_end};

/* --- its family --------------------------------------------------------------------------------------------------- */

static void answer_related(struct intake_request *request, enum store_provenance_way way)
{
    struct cg_error err = {0};
    uint64_t depth = STORE_PROVENANCE_DEPTH_MAX;
    const char *text = intake_query(request, "depth"), *name = intake_path(request, "build");
    json_t *answer = NULL;
    int found = -1;
    if (!text || parameter_number("depth", text, 1, STORE_PROVENANCE_DEPTH_MAX, &depth, &err) == 0)
        found = store_provenance_related(intake_options(request)->store, name, intake_query(request, "hub"), way,
                                         (unsigned)depth, visible_scope(request), &answer, &err);
    if (found < 0)
        intake_fail(request, &err, NULL);
    else if (found == 0)
        no_such_build(request, name);
    else
        intake_answer_json(request, 200, answer);
}

static void ancestors_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_related(request, STORE_PROVENANCE_ANCESTORS);
}

static void descendants_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_related(request, STORE_PROVENANCE_DESCENDANTS);
}

const struct intake_handler intake_provenance_ancestors = {.end = ancestors_end};
const struct intake_handler intake_provenance_descendants = {.end = descendants_end};
