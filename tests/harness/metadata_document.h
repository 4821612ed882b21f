/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_METADATA_DOCUMENT_H
#define TESTS_METADATA_DOCUMENT_H

/* A small metadata document that every hub takes, and changes of it, for the tests of the checks. */

#include <jansson.h>

/* The document as text. */
extern const char metadata_document_text[];

/* A new reference to the document read. */
json_t *metadata_document_good(void);

/*
 * Sets what an RFC 6901 pointer names to the value of a JSON text; "-" as last token appends; a NULL text removes.
 * Fails the running test if the pointer's parent is not there or the text is no JSON.
 */
void metadata_document_edit(json_t *document, const char *pointer, const char *json);

/* A new reference to the value of a JSON text in which ' may stand for ". */
json_t *metadata_document_value(const char *json);

#endif
