/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_UTF8_H
#define LIBCG_UTF8_H

/* UTF-8 (RFC 3629), one character at a time: what is overlong, a surrogate or above U+10FFFF is not UTF-8. */

#include <stddef.h>
#include <stdint.h>

/*
 * The length in bytes, 1 to 4, of the character that text[0..size) begins with, which is stored in *character; 0 if
 * `size` is 0 or the bytes are not UTF-8.
 */
size_t cg_utf8_decode(const char *text, size_t size, uint32_t *character);

/* Writes a character that is no surrogate and at most U+10FFFF as 1 to 4 bytes; returns how many. */
size_t cg_utf8_encode(uint32_t character, char bytes[4]);

#endif
