/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_UTF8_TEXT_H
#define KOJI_UTF8_TEXT_H

/* Is a text UTF-8 (RFC 3629): the shortest forms only, no surrogates, nothing above U+10FFFF? */

#include <stddef.h>

/* How many bytes from the beginning are UTF-8: `size` if all are, else where the first bad character begins. */
size_t utf8_text_valid(const char *text, size_t size);

#endif
