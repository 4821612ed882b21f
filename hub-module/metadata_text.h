/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_METADATA_TEXT_H
#define CG_HUB_METADATA_TEXT_H

/*
 * The text of the metadata that a caller hands in, in any of the forms CGImport takes (kojihub CG_Importer
 * .get_metadata): a struct, JSON text, the name of an uploaded file ending in ".json", or nothing for "metadata.json".
 */

#include "plugin.h"

enum metadata_access {
    METADATA_OWN, /* of upload directories, only the caller's own */
    METADATA_ANY, /* the hub itself reads the file */
};

/*
 * Appends the text; of a struct, what the hub would store. `directory` may be None where no file is named. Returns 0,
 * or -1 with an exception.
 */
int metadata_text(PyObject *metadata, PyObject *directory, enum metadata_access access, struct cg_bytes *text);

/*
 * Appends the text of metadata that the hub is importing: `parsed` is what it tells its callbacks. Taken from what the
 * caller sent where that is a CGImport, so that also is seen what parsing hides; else `parsed` as text, without what
 * the hub has put into it by then. Returns 0, or -1 with an exception.
 */
int metadata_text_of_import(PyObject *parsed, PyObject *directory, struct cg_bytes *text);

#endif
