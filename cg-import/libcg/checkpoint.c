/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "cg/base64.h"
#include "lines.h"

static const char what[] = "the checkpoint";

/* Has every line something in it? `lines` is NULL or ends in a newline. */
static bool lines_are_full(const char *lines)
{
    return lines[0] != '\n' && !strstr(lines, "\n\n");
}

int cg_checkpoint_format(const struct cg_checkpoint *checkpoint, struct cg_bytes *text, struct cg_error *err)
{
    const char *extension = checkpoint->extension ? checkpoint->extension : "";
    CG_AUTO_BYTES struct cg_bytes made = {0};
    if (!checkpoint->origin[0] || strchr(checkpoint->origin, '\n'))
        return cg_fail(err, CG_E_FORM, "the origin of a log is one line that is not empty");
    if (!lines_are_full(extension))
        return cg_fail(err, CG_E_FORM, "an extension line of a checkpoint is not empty");
    if (cg_bytes_printf(&made, err, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size) < 0 ||
        cg_base64_encode(checkpoint->root.bytes, CG_MERKLE_HASH_SIZE, &made, err) < 0 ||
        cg_bytes_printf(&made, err, "\n%s", extension) < 0 || cg_note_check_text(made.data, made.size, err) < 0)
        return -1;
    return cg_bytes_append(text, made.data, made.size, err);
}

int cg_checkpoint_parse_number(const char *text, size_t size, uint64_t *number, struct cg_error *err)
{
    return cg_line_number((struct cg_line){text, size}, number, err);
}

/* Reads the three lines that every checkpoint has. */
static int read_head(struct cg_lines *lines, struct cg_checkpoint *checkpoint, struct cg_error *err)
{
    struct cg_line origin, size, root;
    if (cg_lines_take(lines, what, "the origin", &origin, err) < 0 ||
        cg_lines_take(lines, what, "the size", &size, err) < 0 ||
        cg_lines_take(lines, what, "the root", &root, err) < 0)
        return -1;
    if (origin.size == 0 || origin.size > CG_CHECKPOINT_ORIGIN_MAX || memchr(origin.text, '\0', origin.size))
        return cg_fail(err, CG_E_FORM, "the origin of the checkpoint has %zu bytes, expected 1 to %u", origin.size,
                       CG_CHECKPOINT_ORIGIN_MAX);
    memcpy(checkpoint->origin, origin.text, origin.size);
    if (cg_line_number(size, &checkpoint->size, err) < 0)
        return -1;
    if (checkpoint->size > CG_MERKLE_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a log of %" PRIu64 " leaves, at most %" PRIu64 " are handled",
                       checkpoint->size, CG_MERKLE_SIZE_MAX);
    struct cg_error root_error = {0};
    if (cg_base64_decode_exactly(root.text, root.size, checkpoint->root.bytes, CG_MERKLE_HASH_SIZE, &root_error) < 0)
        return cg_fail(err, CG_E_FORM, "the root of the checkpoint: %s", root_error.message);
    return 0;
}

int cg_checkpoint_parse(const char *text, size_t size, struct cg_checkpoint *checkpoint, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint made = {0};
    struct cg_lines lines = {text, size};
    if (cg_note_check_text(text, size, err) < 0 || read_head(&lines, &made, err) < 0)
        return -1;
    if (lines.left > 0) {
        made.extension = strndup(lines.next, lines.left);
        if (!made.extension)
            return cg_fail_memory(err);
        if (!lines_are_full(made.extension))
            return cg_fail(err, CG_E_FORM, "the checkpoint has an empty line in its text");
    }
    *checkpoint = CG_MOVE(made);
    return 0;
}

int cg_checkpoint_sign(const struct cg_checkpoint *checkpoint, const struct cg_note_signer *const *signers,
                       size_t count, struct cg_bytes *note, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0}, lines = {0};
    if (cg_checkpoint_format(checkpoint, &text, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (cg_note_sign(signers[i], text.data, text.size, 0, &lines, err) < 0)
            return -1;
    return cg_bytes_printf(note, err, "%s\n%s", text.data, cg_bytes_text(&lines));
}

/* Does the name of a key of the log that signed, or the policy, say this origin? */
static int check_log(const struct cg_note *note, const struct cg_checkpoint_policy *policy, const char *origin,
                     struct cg_error *err)
{
    assert(policy->log_count > 0);
    CG_AUTO_FREE struct cg_note_verdict *verdicts = calloc(policy->log_count, sizeof *verdicts);
    if (!verdicts)
        return cg_fail_memory(err);
    if (cg_note_verify(note, policy->logs, policy->log_count, verdicts, err) < 0)
        return -1;
    bool signed_by_log = false, named = false;
    for (size_t i = 0; i < policy->log_count; i++) {
        const char *expected = policy->origin ? policy->origin : policy->logs[i].name;
        signed_by_log = signed_by_log || verdicts[i].verified;
        named = named || (verdicts[i].verified && strcmp(expected, origin) == 0);
    }
    if (!signed_by_log)
        return cg_fail(err, CG_E_SIGNATURE, "the checkpoint is not signed by a key of the log %s",
                       policy->origin ? policy->origin : policy->logs[0].name);
    if (!named)
        return cg_fail(err, CG_E_FORK, "the checkpoint is of the log %s, expected %s", origin,
                       policy->origin ? policy->origin : policy->logs[0].name);
    return 0;
}

/* Counts the witnesses that signed: a key in two entries of the policy counts once. */
static int count_witnesses(const struct cg_note *note, const struct cg_checkpoint_policy *policy, size_t *cosigned,
                           struct cg_error *err)
{
    *cosigned = 0;
    if (policy->witness_count == 0)
        return 0;
    CG_AUTO_FREE struct cg_note_verdict *verdicts = calloc(policy->witness_count, sizeof *verdicts);
    if (!verdicts)
        return cg_fail_memory(err);
    if (cg_note_verify(note, policy->witnesses, policy->witness_count, verdicts, err) < 0)
        return -1;
    for (size_t i = 0; i < policy->witness_count; i++) {
        bool counted = !verdicts[i].verified;
        for (size_t before = 0; before < i && !counted; before++)
            counted = verdicts[before].verified && memcmp(policy->witnesses[before].public_key,
                                                          policy->witnesses[i].public_key, CG_ED25519_PUBLIC_SIZE) == 0;
        *cosigned += !counted;
    }
    return 0;
}

int cg_checkpoint_open(const char *note_text, size_t size, const struct cg_checkpoint_policy *policy,
                       struct cg_checkpoint *checkpoint, size_t *cosigned, struct cg_error *err)
{
    CG_AUTO_NOTE struct cg_note note = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint made = {0};
    size_t witnesses;
    if (cg_note_parse(note_text, size, &note, err) < 0 ||
        cg_checkpoint_parse(note.text, note.text_size, &made, err) < 0 ||
        check_log(&note, policy, made.origin, err) < 0 || count_witnesses(&note, policy, &witnesses, err) < 0)
        return -1;
    if (witnesses < policy->quorum)
        return cg_fail(err, CG_E_QUORUM,
                       "%zu of the known witnesses signed the checkpoint of size %" PRIu64 ", %zu must have", witnesses,
                       made.size, policy->quorum);
    if (cosigned)
        *cosigned = witnesses;
    *checkpoint = CG_MOVE(made);
    return 0;
}

void cg_checkpoint_finish(struct cg_checkpoint *checkpoint)
{
    free(checkpoint->extension);
    *checkpoint = (struct cg_checkpoint){0};
}
