/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_MOVED_BACK_H
#define CG_HUB_MOVED_BACK_H

/*
 * Undoing koji.util.move_and_symlink: a file that an import moved into a build's directory, leaving a symbolic link in
 * the upload directory, goes back to where it was uploaded.
 */

#include "cg/error.h"

/*
 * If `upload` is a symbolic link to a regular file below `build_directory`, that file takes the link's place; between
 * two file systems it is copied. Returns 1 it did; 0 it is no such link; -1 with CG_E_IO, CG_E_MEMORY.
 */
int moved_back(const char *build_directory, const char *upload, struct cg_error *err);

#endif
