/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operate.h"
#include "output.h"
#include "service_import.h"

int operate(struct client_verb *verb, const char *id_or_nvr, const struct operation *operation, struct cg_error *err)
{
    CG_AUTO_JSON json_t *found = service_import_find(verb->client, id_or_nvr, err);
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (!found ||
        cg_bytes_printf(&path, err, "/v1/imports/%s/%s", service_import_text(found, "id"), operation->what) < 0)
        return -1;
    struct service_request request = {.method = "POST",
                                      .path = cg_bytes_text(&path),
                                      .content_type = operation->body ? "application/json" : NULL,
                                      .body = operation->body,
                                      .body_bytes = operation->body_bytes};
    if (service_client_ask(verb->client, &request, &reply, err) < 0) {
        client_verb_keep_findings(verb, &reply);
        return -1;
    }
    if (verb->json)
        return output_json(stdout, reply.json, err);
    return service_import_show(stdout, reply.json, err);
}
