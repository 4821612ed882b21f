/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit export: all leaves of a mirrored log as lines of JSON, verified. */
#include "audit.h"
#include "output.h"

#include <inttypes.h>

#include "audit/replay.h"

static const struct option_group groups[] = {{"Trust", audit_trust_rows}, {NULL, NULL}};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    return audit_trust_take(context, id, value, err) < 0 ? -1 : 0;
}

/* {"index": 42, "leaf": {...}}; the bytes of a leaf that is no JSON are a string. */
static int print_leaf(void *context, uint64_t index, const void *data, size_t size, struct cg_error *err)
{
    (void)context;
    CG_AUTO_JSON json_t *leaf = json_loadb(data, size, JSON_ALLOW_NUL, NULL);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (!leaf) {
        if (cg_bytes_append(&text, data, size, err) < 0)
            return -1;
        leaf = output_string(cg_bytes_text(&text));
    }
    CG_AUTO_JSON json_t *line = json_pack("{s:I, s:O}", "index", (json_int_t)index, "leaf", leaf);
    return output_json(stdout, line, err);
}

static int run(int argc, char **argv)
{
    struct audit_trust trust = {.quorum = AUDIT_QUORUM_ALL};
    struct replay_options options = {.leaf = print_leaf};
    struct replay_result result = {0};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_audit_export, argc, argv, take, &trust, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1)
        cg_fail(&err, CG_E_USAGE, "the directory of one log is exported, as audit mirror makes it");
    if (err.code != CG_OK || audit_trust_policy(&trust, &options.policy, &err) < 0)
        return verbs_refuse(&verb_audit_export, argv, &err);
    options.directory = argv[first];
    replay_verify(&options, &result, &err);
    cg_checkpoint_finish(&result.checkpoint);
    return audit_end(&verb_audit_export, false, &err);
}

static const char *const usage[] = {"DIRECTORY --key KEY [OPTION]...", NULL};

const struct verb verb_audit_export = {
    .name = "audit export",
    .summary = "all leaves of a mirrored log, verified, as lines of JSON",
    .usage = usage,
    .description =
        "Prints each leaf of the log in a directory with its index, one JSON object a line, while the log is "
        "verified: what was printed is worth nothing unless the exit status is 0.",
    .exit_statuses = "  0   exported and verified\n"
                     "  2   wrong usage; a file cannot be read\n"
                     "  10  a file is not in the form of a checkpoint or a tile\n"
                     "  11  the checkpoint is not signed by a key of the log, or a signature is wrong\n"
                     "  12  too few witnesses signed\n"
                     "  13  a leaf or a tile does not lead to the signed root\n"
                     "  14  the log is another one\n"
                     "  16  a part of the log is missing\n",
    .groups = groups,
    .run = run,
};
