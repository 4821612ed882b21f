/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_TAG_H
#define IMPORT_TAG_H

/* The last step: into a tag. The build is imported by then and stays so, whatever happens here. */

#include "import/work.h"

/* Waits between looks at the tag task, milliseconds: quick at first, then the profile's poll interval at most. */
#define IMPORT_TAG_POLL_FIRST_MS 100

/*
 * Adds the package to request->tag if it is not listed there and we may, starts the tag task and waits for its end.
 * Nothing is done when the build has the tag. 0, or -1 with CG_E_TAG (the tag is unknown or locked, the package may not
 * be added, the task failed: with its words) or CG_E_INTERRUPTED (the task goes on by itself).
 */
int import_tag(struct import_work *work, struct cg_error *err);

#endif
