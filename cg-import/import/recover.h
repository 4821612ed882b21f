/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_RECOVER_H
#define IMPORT_RECOVER_H

/* Taking up what an earlier run of the same import left, as its journal says. */

#include "import/work.h"

/*
 * Asks the hub what became of the calls that were announced and not answered, and takes over a reservation. Returns an
 * enum import_verdict: IMPORTED, SAME or OTHER when the build is there, AGAIN when it is to be imported (also when
 * there is nothing to recover); -1 with CG_E_UNKNOWN, ...
 */
int import_recover(struct import_work *work, struct cg_error *err);

#endif
