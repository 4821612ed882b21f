/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_RAW_HEAD_H
#define INTAKE_RAW_HEAD_H

/*
 * Where the releases of libmicrohttpd differ in how they read the head of a request, and how the gate gets to see it
 * all the same. The library works in place: the bytes from the method on, as many as
 * MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE says, are the head with NULs for what the library cut at.
 *
 * To 0.9.76 it takes nearly everything for a head, and each blank of the request line, first colon of a field, and CR
 * LF or bare LF became as many NULs: what was sent can be told from what is left, which is the form of gate.h.
 * 0.9.77 makes blanks of the line end before a folded line, which hides it: it must not be used.
 *
 * From 1.0 on it cuts a value at the first of the blanks behind it, or at its CR, and leaves the rest of the line. With
 * its discipline at level 1 it refuses bare CR, bare LF, NUL, folded lines and blanks before the colon itself; then
 * every LF in the head ends a line, and the form of gate.h can be made again. Level 2 would only refuse the empty line
 * before a request that RFC 9112 section 2.2 wants ignored; level 3 allows blanks in chunks.
 */

#include <stddef.h>

/* head_probe.h finds out which it is. */
enum raw_head_form {
    RAW_HEAD_UNKNOWN,
    RAW_HEAD_CUT_LINES,  /* 0.9: line ends are NULs */
    RAW_HEAD_CUT_VALUES, /* 1.0: values end in a NUL */
};

/* Where in what the library left of a head its target was, and what it was: the library decodes it in place. */
struct raw_head_target {
    const char *at;
    const char *text;
};

/* A copy of the `*size` bytes from `method` on in the form of gate.h, owned by the caller; NULL without memory. `*size`
 * becomes 0 if the target is not where that of a good request line is. */
char *raw_head_copy(enum raw_head_form form, const char *method, const struct raw_head_target *target, size_t *size);

/* Makes of a head as 1.0 leaves it the form of gate.h, in place. What cannot have come of a well-formed head stays, for
 * the gate to refuse. */
void raw_head_mend(char *bytes, size_t size);

#endif
