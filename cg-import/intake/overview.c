/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET /v1/overview: how things stand. */
#include "store/overview.h"
#include "intake/representation.h"
#include "intake/request_private.h"
#include "intake/resources.h"
#include "intake/visible.h"

#define HELD_MAX 20

/* What waits for a person, newest first. NULL with an error. */
static json_t *held_imports(struct intake_request *request, struct cg_error *err)
{
    const struct store_filter filter = {.state = STORE_HELD, .limit = HELD_MAX};
    struct store_import *imports = NULL;
    size_t count = 0;
    char base[REPRESENTATION_BASE_SIZE];
    representation_base(request, base);
    if (store_import_list(intake_options(request)->store, &filter, visible_scope(request), &imports, &count, err) != 0)
        return NULL;
    CG_AUTO_JSON json_t *list = json_array();
    int added = 0;
    for (size_t i = 0; i < count && added == 0; i++)
        added = json_array_append_new(list, representation_import(base, &imports[i], REPRESENTATION_LISTED, err));
    store_imports_free(imports, count);
    return added == 0 ? CG_STEAL(list) : NULL;
}

/* Has the hub answered anything since the service knows of it? */
static bool is_heard_of(const struct intake_options *options, const char *hub)
{
    const struct cg_hub_facts *facts = options->hub_facts ? options->hub_facts(options->hub_facts_context, hub) : NULL;
    return facts && (facts->content_generators || facts->btypes || facts->archive_extensions || facts->version);
}

/* Each hub and its circuit; one without a circuit has not failed of late. */
static json_t *hubs_of(struct intake_request *request, const json_t *circuits)
{
    size_t count;
    const struct intake_hub *hubs = request_hubs(request, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *circuit = json_object_get(circuits, hubs[i].name);
        json_t *hub = circuit ? json_deep_copy(circuit)
                              : json_pack("{s:s, s:n, s:n}", "state",
                                          is_heard_of(intake_options(request), hubs[i].name) ? "closed" : "unknown",
                                          "since", "reason");
        json_object_set_new(hub, "name", json_string(hubs[i].name));
        json_array_append_new(list, hub);
    }
    return list;
}

static json_t *make_answer(struct intake_request *request, struct cg_error *err)
{
    CG_AUTO_JSON json_t *overview = NULL;
    if (store_overview(intake_options(request)->store, visible_scope(request), &overview, err) != 0)
        return NULL;
    json_t *held = held_imports(request, err);
    if (!held)
        return NULL;
    json_t *count = json_incref(json_object_get(json_object_get(overview, "queue"), "held"));
    json_t *both = json_pack("{s:o, s:o}", "count", count, "imports", held);
    json_t *hubs = hubs_of(request, json_object_get(overview, "circuits"));
    json_object_del(overview, "circuits");
    if (json_object_set_new(overview, "held", both) != 0 || json_object_set_new(overview, "hubs", hubs) != 0) {
        cg_fail_memory(err);
        return NULL;
    }
    return CG_STEAL(overview);
}

static void overview_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    json_t *json = make_answer(request, &err);
    if (json)
        intake_answer_json(request, 200, json);
    else
        intake_fail(request, &err, NULL);
}

const struct intake_handler intake_overview = {.end = overview_end};
