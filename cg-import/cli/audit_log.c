/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit log: what the audit trail tells of an import, and the proofs of it. */
#include "audit.h"
#include "client_verb.h"
#include "output.h"
#include "service_import.h"

#include <inttypes.h>
#include <string.h>

#include "audit/kept_file.h"

enum log_option { OPTION_PROOFS = OPTION_OF_ONE_CLIENT_VERB };

static const struct option_row rows[] = {
    {OPTION_PROOFS, "proofs", "DIRECTORY", "write a .tlog-proof of each leaf there, named by its index"},
    CLIENT_VERB_JSON_ROW,
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows}, {"Service", service_access_rows}, {NULL, NULL}};

/* "      42  2026-11-23T19:20:21.123456Z  imported  (osbs)" */
static int show_leaf(const json_t *entry, struct cg_error *err)
{
    CG_AUTO_JSON json_t *leaf = json_loads(service_import_text(entry, "leaf"), 0, NULL);
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if (cg_bytes_printf(&line, err, "%8" JSON_INTEGER_FORMAT "  %s  %s  (%s)",
                        json_integer_value(json_object_get(entry, "index")), service_import_text(leaf, "time"),
                        service_import_text(leaf, "type"), service_import_text(leaf, "actor")) < 0)
        return -1;
    output_text(stdout, 0, cg_bytes_text(&line));
    return 0;
}

static int save_proof(const char *directory, const json_t *entry, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    const char *proof = service_import_text(entry, "proof");
    if (cg_bytes_printf(&path, err, "%s/%" JSON_INTEGER_FORMAT ".tlog-proof", directory,
                        json_integer_value(json_object_get(entry, "index"))) < 0)
        return -1;
    return kept_file_write(path.data, proof, strlen(proof), err);
}

/* One page of leaves. 1: there are more from *from on; 0: that was all. */
static int read_page(struct client_verb *verb, const char *id, json_int_t *from, json_t *all, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (cg_bytes_printf(&path, err, "/v1/imports/%s/audit?from=%" JSON_INTEGER_FORMAT, id, *from) < 0 ||
        service_client_get(verb->client, path.data, &reply, err) < 0)
        return -1;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(reply.json, "leaves"), i, entry)
    {
        if (json_array_append(all, entry) < 0)
            return cg_fail_memory(err);
    }
    json_int_t next = json_integer_value(json_object_get(reply.json, "next"));
    bool more = next > *from;
    *from = next;
    return more;
}

static int show(void *context, const char *name, struct cg_error *err)
{
    struct client_verb *verb = context;
    CG_AUTO_JSON json_t *import = service_import_find(verb->client, name, err);
    CG_AUTO_JSON json_t *all = json_array();
    json_int_t from = 0;
    int more = import ? 1 : -1;
    while (more == 1)
        more = read_page(verb, service_import_text(import, "id"), &from, all, err);
    if (more < 0)
        return -1;
    size_t i;
    json_t *entry;
    json_array_foreach(all, i, entry)
    {
        if ((verb->own && save_proof(verb->own, entry, err) < 0) || (!verb->json && show_leaf(entry, err) < 0))
            return -1;
    }
    if (!verb->json)
        return 0;
    CG_AUTO_JSON json_t *object = json_pack("{s:O}", "leaves", all);
    return output_json(stdout, object, err);
}

static int run(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = "the trail of one import is shown: its id or NVR", .take = client_verb_take_all, .act = show};
    struct client_verb verb = {.verb = &verb_audit_log};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static const char *const usage[] = {"IMPORT [OPTION]...", NULL};

const struct verb verb_audit_log = {
    .name = "audit log",
    .summary = "what the audit trail tells of an import",
    .usage = usage,
    .description =
        "Lists the leaves of the audit trail about an import of the service, named by its id or its NVR, and "
        "writes their proofs. What is listed is what the service says: verify the proofs.",
    .exit_statuses = "  0  told\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such import\n"
                     "  3  temporary: the service is not reached or busy\n",
    .groups = groups,
    .run = run,
};
