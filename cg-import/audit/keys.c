/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/keys.h"

#include "audit/key_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is there by then was made by another process, and is as good. */
static int make_key(const char *path, const char *name, struct cg_error *err)
{
    char host[CG_NOTE_NAME_MAX + 1] = "localhost", own[CG_NOTE_NAME_MAX + 16];
    gethostname(host, sizeof host - 1);
    snprintf(own, sizeof own, "%.200s/koji-audit", host);
    return key_file_make(path, name ? name : own, CG_NOTE_ED25519, NULL, err) < 0 ? -1 : 0;
}

static int add_signer(struct audit_keys *keys, const char *path, struct cg_error *err)
{
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        cg_fail(err, CG_E_CONFIG, "the key %s of the audit log is not there", path);
        return cg_hint(err, "the log is signed by it already: bring it from the machine that has it");
    }
    struct cg_note_signer *signer = key_file_read(path, err);
    if (!signer)
        return -1;
    keys->signers[keys->signer_count++] = signer;
    keys->verifiers[keys->verifier_count++] = *cg_note_signer_verifier(signer);
    return 0;
}

static int add_trusted(struct audit_keys *keys, const char *const *trusted, struct cg_error *err)
{
    for (; trusted && *trusted; trusted++) {
        struct cg_error why = {0};
        if (keys->verifier_count == AUDIT_SIGNERS_MAX + AUDIT_TRUSTED_MAX)
            return cg_fail(err, CG_E_CONFIG, "more than %u trusted keys", AUDIT_TRUSTED_MAX);
        if (cg_note_verifier_parse(*trusted, &keys->verifiers[keys->verifier_count++], &why) != 0)
            return cg_fail(err, CG_E_CONFIG, "trusted key \"%.80s\": %s", *trusted, why.message);
    }
    return 0;
}

int audit_keys_load(struct audit_keys *keys, const struct audit_keys_options *options, enum audit_keys_missing missing,
                    struct cg_error *err)
{
    audit_keys_finish(keys);
    if (missing == AUDIT_KEYS_MAKE && access(options->key_file, F_OK) != 0 &&
        make_key(options->key_file, options->origin, err) != 0)
        return -1;
    if (add_signer(keys, options->key_file, err) != 0 ||
        (options->second_key_file && add_signer(keys, options->second_key_file, err) != 0) ||
        add_trusted(keys, options->trusted_keys, err) != 0) {
        audit_keys_finish(keys);
        return -1;
    }
    const char *origin = options->origin ? options->origin : keys->verifiers[0].name;
    snprintf(keys->origin, sizeof keys->origin, "%s", origin);
    return 0;
}

struct cg_checkpoint_policy audit_keys_policy(const struct audit_keys *keys)
{
    return (struct cg_checkpoint_policy){
        .origin = keys->origin, .logs = keys->verifiers, .log_count = keys->verifier_count};
}

json_t *audit_keys_detail(const struct audit_keys *keys, struct cg_error *err)
{
    CG_AUTO_JSON json_t *list = json_array();
    for (size_t i = 0; i < keys->signer_count; i++) {
        CG_AUTO_BYTES struct cg_bytes vkey = {0};
        if (cg_note_verifier_format(&keys->verifiers[i], &vkey, err) != 0 ||
            json_array_append_new(list, json_string(cg_bytes_text(&vkey))) != 0)
            return cg_fail_memory(err), NULL;
    }
    json_t *detail = json_pack("{s:s, s:O}", "origin", keys->origin, "keys", list);
    if (!detail)
        cg_fail_memory(err);
    return detail;
}

int audit_keys_sign(const struct audit_keys *keys, uint64_t size, const struct cg_merkle_hash *root,
                    struct cg_bytes *note, struct cg_error *err)
{
    struct cg_checkpoint checkpoint = {.size = size, .root = *root};
    snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", keys->origin);
    return cg_checkpoint_sign(&checkpoint, (const struct cg_note_signer *const *)keys->signers, keys->signer_count,
                              note, err);
}

void audit_keys_finish(struct audit_keys *keys)
{
    for (size_t i = 0; i < keys->signer_count; i++)
        cg_note_signer_destroy(keys->signers[i]);
    *keys = (struct audit_keys){0};
}
