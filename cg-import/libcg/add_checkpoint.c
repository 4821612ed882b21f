/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/add_checkpoint.h"

#include <inttypes.h>

#include "lines.h"

static const char what[] = "the request";

int cg_add_checkpoint_format(const struct cg_add_checkpoint *request, struct cg_bytes *body, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes made = {0};
    if (cg_bytes_printf(&made, err, "old %" PRIu64 "\n", request->old_size) < 0 ||
        cg_lines_put_proof(&request->proof, &made, err) < 0 || cg_bytes_append(&made, "\n", 1, err) < 0 ||
        cg_bytes_append(&made, request->note, request->note_size, err) < 0)
        return -1;
    return cg_bytes_append(body, made.data, made.size, err);
}

int cg_add_checkpoint_parse(const char *body, size_t size, struct cg_add_checkpoint *request, struct cg_error *err)
{
    if (size > CG_ADD_CHECKPOINT_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a request of %zu bytes, at most %u are read", size,
                       CG_ADD_CHECKPOINT_SIZE_MAX);
    struct cg_lines lines = {body, size};
    struct cg_line line;
    struct cg_add_checkpoint made = {0};
    if (cg_lines_take(&lines, what, "the line \"old\"", &line, err) < 0)
        return -1;
    if (!cg_line_take_word(&line, "old"))
        return cg_fail(err, CG_E_FORM, "%s does not begin with \"old\" and a size", what);
    if (cg_line_number(line, &made.old_size, err) < 0 || cg_lines_take_proof(&lines, what, &made.proof, err) < 0)
        return -1;
    if (made.proof.count > CG_ADD_CHECKPOINT_PROOF_MAX)
        return cg_fail(err, CG_E_LIMIT, "%s has %zu hashes, at most %u are read", what, made.proof.count,
                       CG_ADD_CHECKPOINT_PROOF_MAX);
    made.note = lines.next;
    made.note_size = lines.left;
    *request = made;
    return 0;
}
