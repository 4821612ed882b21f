/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_CHECK_H
#define IMPORT_CHECK_H

/* The first step: everything that can be known to be wrong before anything is sent. */

#include "import/work.h"

/*
 * Judges the document by the hub's lists, the files by their sizes, in a dry run by their checksums, the images by what
 * is in them where the request says so, and whether what is asked for goes together. Fills work->metadata and the
 * result's report, NVR, sizes and digest. 0, or -1 with CG_E_REFUSED or CG_E_MISMATCH (all findings in the report),
 * CG_E_USAGE, CG_E_UNSUPPORTED, CG_E_IO, ...
 */
int import_check(struct import_work *work, struct cg_error *err);

#endif
