/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_BYTES_H
#define CG_BYTES_H

/*
 * A growing run of bytes, and hexadecimal text.
 *
 * For building texts and bodies whose size is not known beforehand. `data` is always followed by a NUL that `size`
 * does not count, so it can be read as a C string when it holds no NUL. Not a string library.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stddef.h>

/* Zero-initialise: `struct cg_bytes b = {0};`. On the caller's memory; release with cg_bytes_finish. */
struct cg_bytes {
    char *data;      /* NULL while nothing was appended */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
};

#define CG_AUTO_BYTES CG_AUTO(cg_bytes_finish)

/* What was appended, as a C string: "" while nothing was. Borrowed until the next change. */
CG_API const char *cg_bytes_text(const struct cg_bytes *bytes);

/* Each appends and returns 0, or returns -1 with CG_E_MEMORY and leaves the bytes as they were. */
CG_API int cg_bytes_append(struct cg_bytes *bytes, const void *data, size_t size, struct cg_error *err);
CG_API int cg_bytes_append_text(struct cg_bytes *bytes, const char *text, struct cg_error *err);
CG_API int cg_bytes_printf(struct cg_bytes *bytes, struct cg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes room for `size` more bytes. Returns 0, or -1 with CG_E_MEMORY. */
CG_API int cg_bytes_reserve(struct cg_bytes *bytes, size_t size, struct cg_error *err);

/* Hands the NUL-terminated data to the caller, who frees it; NULL if nothing was appended. The bytes are empty then. */
CG_API char *cg_bytes_steal(struct cg_bytes *bytes);

/* Empties without giving memory back. */
CG_API void cg_bytes_clear(struct cg_bytes *bytes);

/* Releases the memory; the bytes may be used again. */
CG_API void cg_bytes_finish(struct cg_bytes *bytes);

/* Writes 2 * size lower-case hexadecimal digits and a NUL to `text`. */
CG_API void cg_hex(char *text, const unsigned char *data, size_t size);

#endif
