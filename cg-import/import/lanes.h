/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_LANES_H
#define IMPORT_LANES_H

/* Sending parcels side by side: a queue, biggest first, and a thread for each lane. */

#include "import/parcels.h"

/*
 * Sends every parcel that waits and is chosen: those that are not small, or all. A failure of one stops the others in
 * the middle of their files. Adds to work->result->sent_bytes. 0, or -1 with the first failure: CG_E_MISMATCH with a
 * finding in the report when a file is not what the metadata says.
 */
enum import_lanes_choice { IMPORT_LANES_LARGE, IMPORT_LANES_ALL };
int import_lanes_send(struct import_work *work, struct import_parcels *parcels, enum import_lanes_choice choice,
                      struct cg_error *err);

#endif
