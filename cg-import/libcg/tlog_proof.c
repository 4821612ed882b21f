/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/tlog_proof.h"

#include <inttypes.h>
#include <string.h>

#include "cg/base64.h"
#include "lines.h"

static const char what[] = "the tlog-proof";
static const char first_line[] = "c2sp.org/tlog-proof@v1";

int cg_tlog_proof_format(const struct cg_tlog_proof *proof, struct cg_bytes *text, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes made = {0};
    if (cg_bytes_printf(&made, err, "%s\n%s", first_line, proof->has_extra ? "extra " : "") < 0 ||
        (proof->has_extra && (cg_base64_encode(proof->extra.data, proof->extra.size, &made, err) < 0 ||
                              cg_bytes_append(&made, "\n", 1, err) < 0)) ||
        cg_bytes_printf(&made, err, "index %" PRIu64 "\n", proof->index) < 0 ||
        cg_lines_put_proof(&proof->path, &made, err) < 0 || cg_bytes_append(&made, "\n", 1, err) < 0 ||
        cg_bytes_append(&made, proof->checkpoint.data, proof->checkpoint.size, err) < 0)
        return -1;
    return cg_bytes_append(text, made.data, made.size, err);
}

/* Reads the extra line, if this is one, and then takes the next into `line`. */
static int read_extra(struct cg_lines *lines, struct cg_line *line, struct cg_tlog_proof *proof, struct cg_error *err)
{
    static const char empty_extra[] = "extra ";
    bool is_empty = line->size == strlen(empty_extra) && memcmp(line->text, empty_extra, line->size) == 0;
    if (!is_empty && !cg_line_take_word(line, "extra"))
        return 0;
    struct cg_error failure = {0};
    proof->has_extra = true;
    if (!is_empty && cg_base64_decode(line->text, line->size, &proof->extra, &failure) < 0)
        return cg_fail(err, failure.code, "extra line of %s: %s", what, failure.message);
    return cg_lines_take(lines, what, "the index", line, err);
}

int cg_tlog_proof_parse(const char *text, size_t size, struct cg_tlog_proof *proof, struct cg_error *err)
{
    if (size > CG_TLOG_PROOF_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a tlog-proof of %zu bytes, at most %u are read", size, CG_TLOG_PROOF_SIZE_MAX);
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof made = {0};
    struct cg_lines lines = {text, size};
    struct cg_line line;
    if (cg_lines_take(&lines, what, "its first line", &line, err) < 0)
        return -1;
    if (line.size != strlen(first_line) || memcmp(line.text, first_line, line.size) != 0)
        return cg_fail(err, CG_E_FORM, "%s does not begin with the line %s", what, first_line);
    if (cg_lines_take(&lines, what, "the index", &line, err) < 0 || read_extra(&lines, &line, &made, err) < 0)
        return -1;
    if (!cg_line_take_word(&line, "index"))
        return cg_fail(err, CG_E_FORM, "%s has no line \"index\" where it is expected", what);
    if (cg_line_number(line, &made.index, err) < 0 || cg_lines_take_proof(&lines, what, &made.path, err) < 0 ||
        cg_bytes_append(&made.checkpoint, lines.next, lines.left, err) < 0)
        return -1;
    *proof = CG_MOVE(made);
    return 0;
}

int cg_tlog_proof_verify(const struct cg_tlog_proof *proof, const struct cg_checkpoint_policy *policy, const void *leaf,
                         size_t leaf_size, struct cg_checkpoint *checkpoint, size_t *cosigned, struct cg_error *err)
{
    if (!leaf && !proof->has_extra)
        return cg_fail(err, CG_E_FORM, "%s does not hold the leaf, and none was given", what);
    CG_AUTO_CHECKPOINT struct cg_checkpoint opened = {0};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    struct cg_merkle_hash hash;
    if (!hasher ||
        cg_checkpoint_open(cg_bytes_text(&proof->checkpoint), proof->checkpoint.size, policy, &opened, cosigned, err) <
            0 ||
        cg_merkle_hash_leaf(hasher, leaf ? leaf : cg_bytes_text(&proof->extra), leaf ? leaf_size : proof->extra.size,
                            &hash, err) < 0 ||
        cg_merkle_verify_inclusion(&hash, proof->index, opened.size, &proof->path, &opened.root, err) < 0)
        return -1;
    *checkpoint = CG_MOVE(opened);
    return 0;
}

void cg_tlog_proof_finish(struct cg_tlog_proof *proof)
{
    cg_bytes_finish(&proof->extra);
    cg_bytes_finish(&proof->checkpoint);
    *proof = (struct cg_tlog_proof){0};
}
