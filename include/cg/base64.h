/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_BASE64_H
#define CG_BASE64_H

/*
 * Base 64 with padding (RFC 4648 section 4), in the one spelling each run of bytes has.
 *
 * The texts of a transparency log are compared and signed as bytes, so a second spelling of the same bytes (white
 * space, missing padding, bits set that the last character does not need) is refused. Not base64url.
 */

#include "cg/api.h"
#include "cg/bytes.h"

#include <stddef.h>

/* Characters of the text of `size` bytes, without a NUL. */
#define CG_BASE64_LENGTH(size) (((size) + 2U) / 3U * 4U)

/* Appends the text of `size` bytes. 0, or -1 with CG_E_MEMORY and `text` as it was. */
CG_API int cg_base64_encode(const void *data, size_t size, struct cg_bytes *text, struct cg_error *err);

/*
 * Appends the bytes that `length` characters of `text` stand for. 0, or -1 with CG_E_FORM (a character or padding that
 * is not in the one spelling) or CG_E_MEMORY, and `data` as it was.
 */
CG_API int cg_base64_decode(const char *text, size_t length, struct cg_bytes *data, struct cg_error *err);

/* The same into `size` bytes at `data`: CG_E_FORM also when it is another number of bytes. `data` is then undefined. */
CG_API int cg_base64_decode_exactly(const char *text, size_t length, void *data, size_t size, struct cg_error *err);

#endif
