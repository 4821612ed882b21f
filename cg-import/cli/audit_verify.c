/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify: a proof, or a whole log in a directory, offline. */
#include "audit.h"
#include "audit_hub.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/kept_file.h"
#include "audit/replay.h"
#include "cg/json.h"
#include "cg/tile.h"
#include "cg/tlog_proof.h"

_Static_assert((int)OPTION_OF_VERB < (int)OPTION_QUORUM, "the ids of the two tables do not meet");

enum verify_option { OPTION_LEAF = OPTION_OF_AUDIT_VERB, OPTION_SINCE, OPTION_PRINT, OPTION_JSON, OPTION_HUB_NAME };

static const struct option_row rows[] = {
    {OPTION_LEAF, "leaf", "FILE", "the leaf that the proof is of (default: the one in the proof)"},
    {OPTION_SINCE, "since", "CHECKPOINT", "an earlier checkpoint, which the log in the directory must continue"},
    {OPTION_PRINT, "print", NULL, "print the leaf that was proved, or all leaves of the log, a line each"},
    {OPTION_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_row volume_rows[] = {
    {OPTION_HUB_NAME, "hub-name", "NAME", "what the log calls this hub, where it tells of several"},
    {OPTION_TOPDIR, "topdir", "DIR", "where the hub's volume is mounted (default: the profile's); by HTTP otherwise"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"What", rows},
                                             {"Trust", audit_trust_rows},
                                             {"Hub", connection_hub_rows},
                                             {"Its builds", volume_rows},
                                             {NULL, NULL}};

struct verify {
    struct audit_trust trust;
    struct cg_checkpoint_policy policy;
    struct connection connection; /* named: the log is held against that hub */
    struct audit_hub hub;
    const char *leaf_file;
    const char *since_file;
    bool print;
    bool json;
};

/* What was verified. */
struct verified {
    struct cg_checkpoint checkpoint;
    size_t cosigned;
    uint64_t first, last; /* leaves; last is one beyond */
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct verify *verify = context;
    int taken = audit_trust_take(&verify->trust, id, value, err);
    if (taken == 0)
        taken = connection_take(&verify->connection, id, value, err);
    if (taken != 0)
        return taken < 0 ? -1 : 0;
    switch ((enum verify_option)id) {
    case OPTION_LEAF:
        verify->leaf_file = value;
        break;
    case OPTION_SINCE:
        verify->since_file = value;
        break;
    case OPTION_PRINT:
        verify->print = true;
        break;
    case OPTION_JSON:
        verify->json = true;
        break;
    case OPTION_HUB_NAME:
        verify->hub.name = value;
        break;
    }
    return 0;
}

static int read_file(const char *path, size_t most, struct cg_bytes *content, struct cg_error *err)
{
    int found = kept_file_read(path, most, content, err);
    if (found == 0) {
        errno = ENOENT;
        return cg_fail_errno(err, "open", path);
    }
    return found < 0 ? -1 : 0;
}

/* A leaf is JSON without newlines, so a line is a leaf; another log's may be anything, and is made safe to show. */
static int print_leaf(const void *data, size_t size, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_append(&text, data, size, err) < 0)
        return -1;
    output_text(stdout, 0, cg_bytes_text(&text));
    return 0;
}

/* --- a proof -------------------------------------------------------------------------------------------------------
 */

static int verify_proof(const struct verify *verify, const char *path, struct verified *verified, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0}, leaf = {0};
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    if (verify->since_file || connection_is_named(&verify->connection))
        return cg_fail(err, CG_E_USAGE, "%s is for the directory of a log, and %s is a proof",
                       verify->since_file ? "--since" : "a hub", path);
    if (read_file(path, CG_TLOG_PROOF_SIZE_MAX, &text, err) < 0 ||
        (verify->leaf_file && read_file(verify->leaf_file, CG_TILE_ENTRY_MAX, &leaf, err) < 0) ||
        cg_tlog_proof_parse(cg_bytes_text(&text), text.size, &proof, err) < 0 ||
        cg_tlog_proof_verify(&proof, &verify->policy, verify->leaf_file ? cg_bytes_text(&leaf) : NULL, leaf.size,
                             &verified->checkpoint, &verified->cosigned, err) < 0)
        return -1;
    verified->first = proof.index;
    verified->last = proof.index + 1;
    if (verify->print && !verify->json)
        return verify->leaf_file ? print_leaf(leaf.data, leaf.size, err)
                                 : print_leaf(proof.extra.data, proof.extra.size, err);
    return 0;
}

/* --- a log ---------------------------------------------------------------------------------------------------------
 */

static int told_leaf(void *context, uint64_t index, const void *data, size_t size, struct cg_error *err)
{
    struct verify *verify = context;
    (void)index;
    if (connection_is_named(&verify->connection) && audit_hub_take_leaf(&verify->hub, data, size, err) < 0)
        return -1;
    return verify->print && !verify->json ? print_leaf(data, size, err) : 0;
}

/* The earlier checkpoint counts as this log's if the log signed it; who cosigned it then does not matter. */
static int read_since(const struct verify *verify, struct cg_checkpoint *since, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes note = {0};
    struct cg_checkpoint_policy policy = verify->policy;
    struct cg_error failure = {0};
    policy.quorum = 0;
    if (read_file(verify->since_file, CG_NOTE_SIZE_MAX, &note, err) < 0)
        return -1;
    if (cg_checkpoint_open(cg_bytes_text(&note), note.size, &policy, since, NULL, &failure) < 0)
        return cg_fail(err, failure.code, "%s: %s", verify->since_file, failure.message);
    return 0;
}

static int verify_log(struct verify *verify, const char *directory, struct verified *verified, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint since = {0};
    if (verify->leaf_file)
        return cg_fail(err, CG_E_USAGE, "--leaf is for a proof, and %s is a directory", directory);
    if (verify->since_file && read_since(verify, &since, err) < 0)
        return -1;
    struct replay_options options = {.directory = directory,
                                     .policy = verify->policy,
                                     .since = verify->since_file ? &since : NULL,
                                     .leaf = told_leaf,
                                     .context = verify};
    struct replay_result result = {0};
    if (replay_verify(&options, &result, err) < 0)
        return -1;
    if (connection_is_named(&verify->connection) && audit_hub_compare(&verify->hub, &verify->connection, err) < 0) {
        cg_checkpoint_finish(&result.checkpoint);
        return -1;
    }
    verified->checkpoint = CG_MOVE(result.checkpoint);
    verified->cosigned = result.cosigned;
    verified->last = verified->checkpoint.size;
    return 0;
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

static int show(const struct verify *verify, const struct verified *verified, struct cg_error *err)
{
    const struct cg_checkpoint *checkpoint = &verified->checkpoint;
    char root[2 * CG_MERKLE_HASH_SIZE + 1];
    cg_hex(root, checkpoint->root.bytes, CG_MERKLE_HASH_SIZE);
    if (verify->json) {
        CG_AUTO_JSON json_t *object =
            json_pack("{s:b, s:o, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "verified", 1, "origin",
                      output_string(checkpoint->origin), "size", (json_int_t)checkpoint->size, "root", root,
                      "witnesses", (json_int_t)verified->cosigned, "first", (json_int_t)verified->first, "end",
                      (json_int_t)verified->last, "hub_builds", (json_int_t)verify->hub.builds, "hub_files",
                      (json_int_t)verify->hub.files, "hub_passed_over", (json_int_t)verify->hub.passed_over);
        return output_json(stdout, object, err);
    }
    if (verify->print)
        return 0;
    CG_AUTO_BYTES struct cg_bytes line = {0};
    int result = verified->last == verified->first + 1 && checkpoint->size != 1
                     ? cg_bytes_printf(&line, err, "verified: entry %" PRIu64 " of the log %s, size %" PRIu64,
                                       verified->first, checkpoint->origin, checkpoint->size)
                     : cg_bytes_printf(&line, err, "verified: all %" PRIu64 " entries of the log %s", verified->last,
                                       checkpoint->origin);
    if (result < 0 || cg_bytes_printf(&line, err, ", root %s, signed by %zu witness%s", root, verified->cosigned,
                                      verified->cosigned == 1 ? "" : "es") < 0)
        return -1;
    if (connection_is_named(&verify->connection) &&
        cg_bytes_printf(&line, err, "; the hub has the %" PRIu64 " imported builds, %" PRIu64 " files hashed",
                        verify->hub.builds, verify->hub.files) < 0)
        return -1;
    output_text(stdout, 0, cg_bytes_text(&line));
    return 0;
}

static int verify_path(struct verify *verify, const char *path, struct cg_error *err)
{
    struct verified verified = {0};
    struct stat facts;
    if (stat(path, &facts) < 0)
        return cg_fail_errno(err, "open", path);
    int result =
        S_ISDIR(facts.st_mode) ? verify_log(verify, path, &verified, err) : verify_proof(verify, path, &verified, err);
    if (result == 0)
        result = show(verify, &verified, err);
    cg_checkpoint_finish(&verified.checkpoint);
    return result;
}

static int run(int argc, char **argv)
{
    struct verify verify = {.trust.quorum = AUDIT_QUORUM_ALL};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_audit_verify, argc, argv, take, &verify, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1)
        cg_fail(&err, CG_E_USAGE, "one thing is verified: a .tlog-proof file, or the directory of a log");
    if (err.code != CG_OK || audit_trust_policy(&verify.trust, &verify.policy, &err) < 0)
        return verbs_refuse(&verb_audit_verify, argv, &err);
    verify_path(&verify, argv[first], &err);
    audit_hub_finish(&verify.hub);
    return audit_end(&verb_audit_verify, verify.json, &err);
}

static const char *const usage[] = {"PROOF --key KEY [OPTION]...", "DIRECTORY --key KEY [OPTION]...", NULL};

const struct verb verb_audit_verify = {
    .name = "audit verify",
    .summary = "verify a proof or a whole log, offline",
    .usage = usage,
    .description = "Verifies that the leaf of a .tlog-proof is in the log whose key is given; or, for a directory as "
                   "audit mirror makes it, that every entry, tile and hash of the log is what the log's key signed. "
                   "Needs no network and trusts nobody but the keys given. With --profile or --hub, what that hub has "
                   "is then held against the log: metadata.json and every file of each imported build is hashed again.",
    .exit_statuses = "  0   verified\n"
                     "  1   the hub refuses what is asked\n"
                     "  2   wrong usage; a file cannot be read\n"
                     "  3   temporary: the hub is not reached or busy\n"
                     "  10  a file is not in the form of a proof, a checkpoint, a tile\n"
                     "  11  the checkpoint is not signed by a key of the log, or a signature is wrong\n"
                     "  12  too few witnesses signed\n"
                     "  13  the leaf, a tile or a proof does not lead to the signed root\n"
                     "  14  the log is another one, or was forked, cut or rolled back\n"
                     "  15  the hub has not what the log says was imported\n"
                     "  16  a part of the log is missing\n",
    .groups = groups,
    .run = run,
};
