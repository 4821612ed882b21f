/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_UPLOAD_FILE_H
#define CG_HUB_UPLOAD_FILE_H

/*
 * Opening a file of an upload directory, KojiDir/work/DIRECTORY/NAME, without leaving it.
 *
 * Names come from a caller. Each part is opened below the one before it; "..", an absolute path, an empty or a
 * dot-file name are refused as kojihub get_upload_path and koji.util.joinpath do, and the file itself must not be a
 * symbolic link. Symbolic links among the directories are followed, as sites place volumes by them.
 */

#include "cg/error.h"

#include <stdint.h>

/* Anyone's directory. */
#define UPLOAD_ANY_USER (-1)

/*
 * Opens for reading; `name` may have directories in it. Unless `user_id` is UPLOAD_ANY_USER, the upload directory's
 * file ".user" must name that user. Returns a descriptor, or -1 with CG_E_USAGE (a name that is refused), CG_E_AUTH
 * (another's directory), CG_E_MISMATCH (no such file, or no regular one), CG_E_IO, CG_E_MEMORY.
 */
int upload_file_open(const char *work, const char *directory, const char *name, int64_t user_id, struct cg_error *err);

#endif
