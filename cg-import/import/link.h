/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_LINK_H
#define IMPORT_LINK_H

/*
 * Putting the output files into the hub's work directory without the network: the hub's volume is mounted here.
 *
 * Each file is cloned where the file system shares blocks, else hard-linked, else copied, never linked by name: the
 * hub refuses symbolic links. As koji/cli's linked_upload does, the directories are given to the owner of the work
 * directory, so that the hub's web server can move what is in them. What was placed is read back and its checksum
 * compared up to IMPORT_JUDGED_BYTES a file. The metadata goes to the same directory by the network.
 */

#include "import/parcels.h"

/*
 * Places all parcels. Adds to work->result->linked_bytes. 0, or -1 with CG_E_CONFIG (no topdir, or it is not a hub's
 * volume), CG_E_IO, CG_E_MISMATCH with a finding, CG_E_INTERRUPTED.
 */
int import_link(struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

#endif
