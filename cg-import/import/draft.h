/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_DRAFT_H
#define IMPORT_DRAFT_H

/*
 * Has the hub this very draft already, as a draft or promoted?
 *
 * A hub makes a new draft of an NVR as often as it is asked to, so an import that is run again must look itself. Only a
 * draft whose metadata.json could be read and is this one counts: of rpms the hub tells no checksum that is here.
 */

#include "import/work.h"

/* 1: it has, and work->build and the result tell of it; 0: it has not, or it cannot be told; -1: failed. */
int import_draft_find(struct import_work *work, struct cg_error *err);

#endif
