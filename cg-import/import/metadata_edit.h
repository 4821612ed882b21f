/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_METADATA_EDIT_H
#define IMPORT_METADATA_EDIT_H

/*
 * Putting build_id and draft into a metadata document and keeping every other byte.
 *
 * The hub reads a reservation's build_id from the document. Re-writing the document would change its blanks, the order
 * of its members and the spelling of its numbers, and with them its digest for more than this one reason.
 */

#include "cg/bytes.h"
#include "cg/error.h"

/*
 * Sets member `name` of the document's build to the JSON text `value`: an existing value is replaced, a missing
 * member is put before the first one. `text` was accepted by cg_check(). 0, or -1 with CG_E_SYNTAX (no build object),
 * CG_E_MEMORY; `text` is unchanged then.
 */
int import_metadata_set(struct cg_bytes *text, const char *name, const char *value, struct cg_error *err);

#endif
