/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_VERIFY_H
#define IMPORT_VERIFY_H

/* The step after the import: is what the hub now holds what was sent? */

#include "import/work.h"

/*
 * Holds work->build, CGImport's answer, and the build's files on the hub against the metadata, and takes id, NVR and
 * URL into the result. 0, or -1 with CG_E_MISMATCH that names every difference: the build is there and is wrong.
 */
int import_verify(struct import_work *work, struct cg_error *err);

#endif
