/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_STAGE_H
#define IMPORT_STAGE_H

/* Before the upload: files whose content the hub holds in another build need not be sent, where it has the module. */

#include "import/parcels.h"

/*
 * Has the hub put into the upload directory what it can of the parcels that wait and are not small: these are there
 * then, and their local files are not read. What it cannot, or a module that fails, is sent as to any hub. 0, or -1
 * when no answer came, with the session's codes, or CG_E_MEMORY.
 */
int import_stage(struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

#endif
