/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_LINES_H
#define LIBCG_LINES_H

/* The lines of a text of the audit trail, each ended by a newline; and the numbers and hashes such lines hold. */

#include "cg/bytes.h"
#include "cg/merkle_proof.h"

/* A text being read: what is left of it. */
struct cg_lines {
    const char *next;
    size_t left;
};

/* A line without its newline, borrowed from the text. */
struct cg_line {
    const char *text;
    size_t size;
};

/* Takes the next line. 0; -1 with CG_E_FORM "WHAT ends where LINE is expected" when no newline is left. */
int cg_lines_take(struct cg_lines *lines, const char *what, const char *expected, struct cg_line *line,
                  struct cg_error *err);

/* Takes the word and the space after it off the line's begin; false if it begins otherwise. */
bool cg_line_take_word(struct cg_line *line, const char *word);

/* The decimal number that is the whole line, without leading zeroes. 0; -1 with CG_E_FORM. */
int cg_line_number(struct cg_line line, uint64_t *number, struct cg_error *err);

/* Takes the hashes, one a line, up to an empty line, which is taken too. 0; -1 with CG_E_FORM, CG_E_LIMIT. */
int cg_lines_take_proof(struct cg_lines *lines, const char *what, struct cg_merkle_proof *proof, struct cg_error *err);

/* Appends the hashes, one a line. 0, or -1 with CG_E_MEMORY. */
int cg_lines_put_proof(const struct cg_merkle_proof *proof, struct cg_bytes *text, struct cg_error *err);

#endif
