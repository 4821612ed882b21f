/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_WIDE_TEXT_H
#define KOJI_WIDE_TEXT_H

/*
 * Takes the characters above U+FFFF past xmlrpc-c, which refuses them in both directions.
 *
 * xmlrpc-c 1.33 checks every string in lib/libutil/utf8.c, "not in the Basic Multilingual Plane". While a text is in
 * its hands each such character, and U+F8FF itself, is written as U+F8FF, its number in hexadecimal and a semicolon.
 * U+F8FF is a private character that nobody assigns. Not an encoding for anything that leaves the program.
 */

#include "cg/bytes.h"

/* Both append to `out` and return 0, or -1 with CG_E_MEMORY. `text` is valid UTF-8. */
int wide_text_hide(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err);

/* Undoes wide_text_hide; what is no such spelling stays as it is. */
int wide_text_show(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err);

#endif
