/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit prove and audit show: one entry of the log, with its proof; the leaf of it. */
#include "audit.h"
#include "client_verb.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>

#include "audit/kept_file.h"
#include "cg/tlog_proof.h"

enum prove_option { OPTION_OUTPUT = 'o' };

static const struct option_row prove_rows[] = {
    {OPTION_OUTPUT, "output", "FILE", "where the proof is written (default: standard output)"},
    {0, NULL, NULL, NULL},
};
static const struct option_group prove_groups[] = {
    {"What", prove_rows}, {"Service", service_access_rows}, {NULL, NULL}};
static const struct option_group show_groups[] = {{"Service", service_access_rows}, {NULL, NULL}};

static int fetch(struct client_verb *verb, const char *index, struct service_reply *reply, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "/v1/audit/entries/%s", index) < 0)
        return -1;
    struct service_request request = {.method = "GET", .path = path.data};
    return service_client_ask(verb->client, &request, reply, err);
}

/* The proof as the service gave it. */
static int prove(void *context, const char *index, struct cg_error *err)
{
    const struct client_verb *verb = context;
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    if (fetch(context, index, &reply, err) < 0 ||
        cg_tlog_proof_parse(cg_bytes_text(&reply.body), reply.body.size, &proof, err) < 0)
        return -1;
    if (verb->own)
        return kept_file_write(verb->own, reply.body.data, reply.body.size, err);
    fwrite(reply.body.data, 1, reply.body.size, stdout);
    return 0;
}

/* The leaf in the proof, laid out for people where it is JSON. */
static int show(void *context, const char *index, struct cg_error *err)
{
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    if (fetch(context, index, &reply, err) < 0 ||
        cg_tlog_proof_parse(cg_bytes_text(&reply.body), reply.body.size, &proof, err) < 0)
        return -1;
    CG_AUTO_JSON json_t *leaf = json_loadb(cg_bytes_text(&proof.extra), proof.extra.size, 0, NULL);
    CG_AUTO_FREE char *text = leaf ? json_dumps(leaf, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    if (!text)
        return cg_fail(err, CG_E_FORM, "entry %s is not a leaf of an import service: it is no JSON", index);
    printf("%s\n", text);
    return 0;
}

#define WANTED "one index of the log is wanted, a number from 0 on"

static int judge(void *context, const char *word, struct cg_error *err)
{
    uint64_t index;
    (void)context;
    if (cg_checkpoint_parse_number(word, strlen(word), &index, NULL) < 0)
        return cg_fail(err, CG_E_USAGE, WANTED);
    return 0;
}

static int run_prove(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = WANTED, .take = client_verb_take_all, .judge = judge, .act = prove};
    struct client_verb verb = {.verb = &verb_audit_prove};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static int run_show(int argc, char **argv)
{
    static const struct client_verb_about_one what = {
        .wanted = WANTED, .take = client_verb_take_all, .judge = judge, .act = show};
    struct client_verb verb = {.verb = &verb_audit_show};
    return client_verb_run_about_one(&verb, &what, argc, argv);
}

static const char *const prove_usage[] = {"INDEX [OPTION]...", NULL};
static const char *const show_usage[] = {"INDEX [OPTION]...", NULL};

const struct verb verb_audit_prove = {
    .name = "audit prove",
    .summary = "the proof that an entry is in the log",
    .usage = prove_usage,
    .description = "Fetches the C2SP tlog-proof of one entry, which holds the leaf, the hashes and the signed "
                   "checkpoint: cg-import audit verify checks it offline.",
    .exit_statuses = "  0   written\n"
                     "  1   the service refuses the caller\n"
                     "  2   wrong usage or configuration; there is no such entry\n"
                     "  3   temporary: the service is not reached or busy\n"
                     "  10  the service's answer is no proof\n",
    .groups = prove_groups,
    .run = run_prove,
};

const struct verb verb_audit_show = {
    .name = "audit show",
    .summary = "one entry of the log, for people",
    .usage = show_usage,
    .description = "Shows the leaf at an index of the log, as the service gives it: audit prove and audit verify tell "
                   "whether it is so.",
    .exit_statuses = "  0   shown\n"
                     "  1   the service refuses the caller\n"
                     "  2   wrong usage or configuration; there is no such entry\n"
                     "  3   temporary: the service is not reached or busy\n"
                     "  10  the service's answer is no proof, or its leaf no JSON\n",
    .groups = show_groups,
    .run = run_show,
};
