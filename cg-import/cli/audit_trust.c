/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit.h"
#include "output.h"

#include <errno.h>
#include <string.h>

/* A line of a file of keys. */
#define LINE_SIZE 1024

const struct option_row audit_trust_rows[] = {
    {OPTION_LOG_KEY, "key", "KEY", "verifier key of the log, or a file of such keys; may be given again"},
    {OPTION_WITNESS, "witness", "KEY", "verifier key of a witness, or a file of such keys; may be given again"},
    {OPTION_QUORUM, "quorum", "NUMBER", "witnesses that must have signed (default: all that are given)"},
    {OPTION_ORIGIN, "origin", "NAME", "the log's origin (default: the name of its key)"},
    {0, NULL, NULL, NULL},
};

static int add_key(const char *option, const char *text, struct cg_note_verifier *keys, size_t most, size_t *count,
                   struct cg_error *err)
{
    if (*count == most)
        return cg_fail(err, CG_E_USAGE, "--%s gives more than %zu keys", option, most);
    struct cg_error failure = {0};
    if (cg_note_verifier_parse(text, &keys[*count], &failure) < 0)
        return cg_fail(err, CG_E_USAGE, "--%s: %s", option, failure.message);
    ++*count;
    return 0;
}

int audit_trust_add(const char *option, const char *value, struct cg_note_verifier *keys, size_t most, size_t *count,
                    struct cg_error *err)
{
    /* No path that one gives has a key's two pluses with eight digits between them. */
    if (cg_note_verifier_parse(value, &(struct cg_note_verifier){0}, NULL) == 0)
        return add_key(option, value, keys, most, count, err);
    CG_AUTO_FILE FILE *file = fopen(value, "re");
    if (!file && errno == ENOENT && strchr(value, '+'))
        return add_key(option, value, keys, most, count, err);
    if (!file)
        return cg_fail_errno(err, "open", value);
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#' && add_key(option, line, keys, most, count, err) < 0)
            return -1;
    }
    return ferror(file) ? cg_fail_errno(err, "read", value) : 0;
}

int audit_trust_take(struct audit_trust *trust, int id, const char *value, struct cg_error *err)
{
    switch (id) {
    case OPTION_LOG_KEY:
        return audit_trust_add("key", value, trust->logs, AUDIT_LOGS_MAX, &trust->log_count, err) < 0 ? -1 : 1;
    case OPTION_WITNESS:
        return audit_trust_add("witness", value, trust->witnesses, AUDIT_WITNESSES_GIVEN_MAX, &trust->witness_count,
                               err) < 0
                   ? -1
                   : 1;
    case OPTION_QUORUM:
        return options_number("quorum", value, 0, AUDIT_WITNESSES_GIVEN_MAX, &trust->quorum, err) < 0 ? -1 : 1;
    case OPTION_ORIGIN:
        trust->origin = value;
        return 1;
    default:
        return 0;
    }
}

int audit_trust_policy(const struct audit_trust *trust, struct cg_checkpoint_policy *policy, struct cg_error *err)
{
    if (trust->log_count == 0) {
        cg_fail(err, CG_E_USAGE, "the key of the log is missing");
        return cg_hint(err, "give the verifier key that the log's owner told you by --key");
    }
    size_t quorum = trust->quorum < 0 ? trust->witness_count : (size_t)trust->quorum;
    if (quorum > trust->witness_count)
        return cg_fail(err, CG_E_USAGE, "--quorum %zu is more than the %zu witnesses that are given", quorum,
                       trust->witness_count);
    *policy = (struct cg_checkpoint_policy){.origin = trust->origin,
                                            .logs = trust->logs,
                                            .log_count = trust->log_count,
                                            .witnesses = trust->witnesses,
                                            .witness_count = trust->witness_count,
                                            .quorum = quorum};
    return 0;
}

int audit_end(const struct verb *verb, bool json, const struct cg_error *err)
{
    if (err->code == CG_OK)
        return EXIT_DONE;
    int status = cg_code_info(err->code)->exit_status;
    output_error(stderr, verb->name, err);
    if (json) {
        CG_AUTO_JSON json_t *object = json_pack("{s:b, s:o}", "verified", 0, "error", output_error_json(err, status));
        output_json(stdout, object, NULL);
    }
    return status;
}
