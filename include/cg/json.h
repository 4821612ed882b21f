/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_JSON_H
#define CG_JSON_H

/*
 * Strict JSON text to a jansson value, and RFC 6901 pointers.
 *
 * Accepts RFC 8259 texts in UTF-8 and nothing else. What two parsers would read differently is a finding with pointer,
 * line and column, all such places at once: a name twice in one object, an integer outside +-(2^53 - 1) (RFC 8259
 * section 6), a number that no double holds. Names may contain U+0000, which jansson's own reader refuses. Members
 * keep the order of the text. Not a writer: json_dumps and canon.h write.
 */

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/error.h"
#include "cg/report.h"

/* Nesting a document may have; real metadata has about ten. */
#define CG_JSON_DEPTH_MAX 128
/* Bytes of one document: the largest seen is 8 MB, and the hub parses all of it in memory. */
#define CG_JSON_SIZE_MAX (64U * 1024U * 1024U)
/* Values of one document: bounds the memory of one that is all brackets. Real metadata has one in 30 bytes. */
#define CG_JSON_VALUES_MAX 2000000U
/* Largest magnitude of an integer that every JSON reader keeps exactly: 2^53 - 1. */
#define CG_JSON_INTEGER_MAX 9007199254740991LL

/*
 * Reads `size` bytes. Returns a new reference when the text could be read, with what is ambiguous in it added to
 * `report` as errors (rules json.duplicate-name, json.integer-range, json.number-range); of two members the last
 * is kept, of a number out of range the nearest that is in the range of its type.
 * Returns NULL with CG_E_SYNTAX after one finding json.syntax with line and column; with CG_E_LIMIT (size,
 * depth, values) after one finding json.limit; with CG_E_MEMORY. `report` may be NULL: then any finding is a failure
 * with CG_E_SYNTAX, whose message names the place.
 */
CG_API json_t *cg_json_read(const char *text, size_t size, struct cg_report *report, struct cg_error *err);

/* Reads a whole file, "-" being standard input. CG_E_IO, CG_E_LIMIT (over CG_JSON_SIZE_MAX), CG_E_MEMORY. 0 or -1. */
CG_API int cg_json_load_file(const char *path, struct cg_bytes *text, struct cg_error *err);

/*
 * Appends "/NAME" with ~ and / escaped, or "/INDEX", to a pointer. 0, or -1 with CG_E_MEMORY and the pointer as it was.
 * U+0000, which a C string cannot hold, becomes the six characters \u0000, and that pointer leads nowhere.
 */
CG_API int cg_pointer_push_name(struct cg_bytes *pointer, const char *name, size_t size, struct cg_error *err);
CG_API int cg_pointer_push_index(struct cg_bytes *pointer, size_t index, struct cg_error *err);

/* Cuts a pointer back to an earlier size, for walking a tree. */
CG_API void cg_pointer_pop(struct cg_bytes *pointer, size_t size);

/* The value at `pointer`, borrowed; NULL if there is none or the pointer is malformed. */
CG_API json_t *cg_pointer_get(const json_t *document, const char *pointer);

/*
 * Where in `text`, which cg_json_read() accepted, the value at `pointer` stands: the bytes from *start up to *end,
 * without the blanks around it. For changing one value and keeping every other byte. Returns 1; 0 if there is none;
 * -1 with CG_E_SYNTAX (not a JSON text after all, a malformed pointer) or CG_E_MEMORY.
 */
CG_API int cg_json_locate(const char *text, size_t size, const char *pointer, size_t *start, size_t *end,
                          struct cg_error *err);

#endif
