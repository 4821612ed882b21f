/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_STORED_METADATA_H
#define IMPORT_STORED_METADATA_H

/*
 * Is the metadata.json that the hub stored with work->build the one of this import?
 *
 * It is read where the hub's volume is mounted at the profile's topdir (koji.PathInfo.build), and only there; where it
 * cannot be read nothing is said about it. A reserved import's metadata has its build_id put in, which is allowed for.
 */

#include "import/work.h"

/* 0: the same, or it cannot be read; 1: different, said in `differences`; -1: CG_E_MEMORY. */
int import_stored_metadata_compare(const struct import_work *work, struct cg_bytes *differences, struct cg_error *err);

#endif
