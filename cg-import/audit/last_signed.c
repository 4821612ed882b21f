/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/last_signed.h"

#include "audit/kept_file.h"
#include "cg/merkle_proof.h"

#include <inttypes.h>
#include <string.h>

int last_signed_read(const char *path, const struct audit_keys *keys, struct cg_checkpoint *checkpoint,
                     struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes note = {0};
    int found = kept_file_read(path, LAST_SIGNED_MAX, &note, err);
    if (found <= 0)
        return found;
    const struct cg_checkpoint_policy policy = audit_keys_policy(keys);
    struct cg_error why = {0};
    if (cg_checkpoint_open(cg_bytes_text(&note), note.size, &policy, checkpoint, NULL, &why) == 0)
        return 1;
    return cg_fail(err, why.code, "%s: %s", path, why.message);
}

int last_signed_keep(const char *path, const struct audit_keys *keys, uint64_t size, const char *note,
                     struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes lock_path = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint there = {0};
    if (cg_bytes_printf(&lock_path, err, "%s.lock", path) != 0)
        return -1;
    CG_AUTO_FD int lock = kept_file_lock(cg_bytes_text(&lock_path), err);
    if (lock < 0)
        return -1;
    int found = last_signed_read(path, keys, &there, err);
    if (found < 0)
        return -1;
    if (found > 0 && there.size >= size)
        return 0;
    return kept_file_write(path, note, strlen(note), err);
}

int last_signed_judge(const char *path, const struct audit_keys *keys, const struct cg_merkle_source *source,
                      uint64_t size, const struct cg_merkle_hash *root, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint there = {0};
    struct cg_merkle_proof proof;
    int found = last_signed_read(path, keys, &there, err);
    if (found <= 0)
        return found;
    if (there.size > size) {
        cg_fail(err, CG_E_FORK,
                "the database has %" PRIu64 " entries of the audit log, and %s says that %" PRIu64
                " are signed: was an older backup restored?",
                size, path, there.size);
        return cg_hint(err, "docs/audit.md, \"After restoring an older database\", says how to go on");
    }
    if (there.size == 0)
        return 0;
    struct cg_error why = {0};
    if (cg_merkle_prove_consistency(source, there.size, size, &proof, err) != 0)
        return -1;
    if (cg_merkle_verify_consistency(there.size, &there.root, size, root, &proof, &why) == 0)
        return 0;
    cg_fail(err, CG_E_FORK, "the audit log in the database is not the one of which %s says what is signed (%s)", path,
            why.message);
    return cg_hint(err, "docs/audit.md, \"When the log does not agree with itself\", says how to go on");
}
