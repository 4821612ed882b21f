/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_SMALL_H
#define IMPORT_SMALL_H

/* The small files and the metadata in one request, and what became of it. */

#include "import/parcels.h"

/*
 * Sends every small parcel that waits, and the metadata if it fits beside them. 1: all of them arrived, 0: some did
 * not, or it is not sure: they must be looked for and sent otherwise; -1: CG_E_MISMATCH with a finding (nothing was
 * sent), CG_E_IO, or a failure to reach the hub.
 */
int import_small_send(struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

#endif
