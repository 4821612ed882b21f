/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_STORED_DOCUMENT_H
#define INTAKE_STORED_DOCUMENT_H

/* A posted metadata document, read back from the content store. */

#include "content/spool.h"

#include <jansson.h>

/* The document of this content. New reference; NULL with CG_E_IO (gone), CG_E_LIMIT, CG_E_SYNTAX, CG_E_MEMORY. */
json_t *stored_document(struct spool *spool, const char *sha256, struct cg_error *err);

#endif
