/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_STATE_DIRECTORY_H
#define CLI_STATE_DIRECTORY_H

/* Where the journals of running imports are kept: XDG Base Directory Specification, $XDG_STATE_HOME/cg-import. */

#include "cg/error.h"

/*
 * The default: $XDG_STATE_HOME/cg-import if that is absolute, else $HOME/.local/state/cg-import. To be freed by the
 * caller. NULL with CG_E_CONFIG (no HOME), CG_E_MEMORY.
 */
char *state_directory_default(struct cg_error *err);

/* Makes the directory and those above it that are missing, for this user alone (0700). 0, or -1 with CG_E_IO. */
int state_directory_make(const char *path, struct cg_error *err);

#endif
