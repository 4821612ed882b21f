/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_FAULT_PATTERN_H
#define KOJI_FAULT_PATTERN_H

/*
 * Taking a fault's text apart and putting the message together.
 *
 * A pattern is a text in which "*" stands for any text, the shortest that lets the rest follow; what it stood for is
 * part 1, 2, ... in a message's "$1", "$2". Not a regular expression.
 */

#include "cg/bytes.h"

#include <stdbool.h>

/* Parts a pattern may have; fixed by the table. */
#define FAULT_PARTS_MAX 8

/* What the stars stood for; borrowed from the matched text. */
struct fault_parts {
    const char *start[FAULT_PARTS_MAX];
    size_t size[FAULT_PARTS_MAX];
    size_t count;
};

/* Does the whole of `text` match? `parts` is filled when it does. */
bool fault_pattern_match(const char *pattern, const char *text, struct fault_parts *parts);

/*
 * Appends `message` with $1 to $8 replaced by the parts, $m by `method` and $$ by a dollar sign.
 * 0, or -1 with CG_E_MEMORY.
 */
int fault_pattern_fill(const char *message, const struct fault_parts *parts, const char *method, struct cg_bytes *out,
                       struct cg_error *err);

#endif
