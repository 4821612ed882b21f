/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_JSON_SCAN_H
#define LIBCG_JSON_SCAN_H

/*
 * The lexical half of the JSON reader: white space, strings, numbers and literals of RFC 8259, checked to the letter.
 *
 * Knows where it is (line and column) and what is wrong there, and nothing of values. Allocates only to decode.
 */

#include "cg/bytes.h"
#include "cg/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cg_scan {
    const char *at;  /* the next byte; after a failure the byte that is wrong */
    const char *end; /* one past the last byte */
    const char *line_start;
    size_t line;          /* from 1; counted in white space, the only place where JSON may have a line feed */
    char problem[64];     /* after a failure: what is wrong, printable */
    const char *expected; /* after a failure: what would be right; NULL where the problem says all */
};

/* A string as it stands between its quotes, borrowed from the text. */
struct cg_scan_string {
    const char *raw;
    size_t size;
    bool has_escapes; /* false: raw is the value */
};

struct cg_scan_number {
    const char *raw;
    size_t size;
    bool is_integer; /* neither fraction nor exponent */
    bool is_zero;    /* no digit but 0 before the exponent */
};

void cg_scan_begin(struct cg_scan *scan, const char *text, size_t size);

/* Bytes from the start of the line, from 1. */
size_t cg_scan_column(const struct cg_scan *scan);

/* Skips white space and returns the byte after it, -1 at the end of the text. */
int cg_scan_next(struct cg_scan *scan);

/* Each reads what begins at `at` and moves behind it. Returns 0, or -1 with problem and expected set. */
int cg_scan_string(struct cg_scan *scan, struct cg_scan_string *string);
int cg_scan_number(struct cg_scan *scan, struct cg_scan_number *number);
int cg_scan_word(struct cg_scan *scan, const char *word);

/* Describes the byte at `at` as unexpected. Returns -1. */
int cg_scan_unexpected(struct cg_scan *scan, const char *expected);

/*
 * Appends the value of a string that was scanned, resolving escapes, but stops once `most` bytes of it were read: a
 * name of megabytes is not needed whole to point at it. 0, or -1 with CG_E_MEMORY.
 */
int cg_scan_decode(const struct cg_scan_string *string, size_t most, struct cg_bytes *value, struct cg_error *err);

#endif
