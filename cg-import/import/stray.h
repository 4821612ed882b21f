/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_STRAY_H
#define IMPORT_STRAY_H

/*
 * "Destination directory already exists": files of an import that died between moving them and its commit.
 *
 * The hub removes them itself when a failed build's NVR is reserved again (kojihub.py recycle_build): reserve, give
 * back, reserve. Only when no import of this build can be running: its files would be removed under it.
 */

#include "import/work.h"

/*
 * The hub answered CGImport with `fault`, a CG_E_STRAY. Waits whether another import of the same build completes it;
 * if not, and it was an import of our own that died or the caller says so, has the files removed. Returns an enum
 * import_verdict (OTHER, AGAIN), or -1 with CG_E_STRAY and how to go on.
 */
int import_stray_settle(struct import_work *work, const struct cg_error *fault, struct cg_error *err);

#endif
