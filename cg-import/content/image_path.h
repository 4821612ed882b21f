/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_PATH_H
#define CONTENT_IMAGE_PATH_H

/* Names of archive entries as those who unpack images read them: Go's path.Clean(), and never above the top. */

#include "cg/bytes.h"

/* Replaces `path` by the clean form of `name`: "./a//b/../c" is "a/c", "/../x" is "x", the top is "". NULL is the top.
 * 0, or -1 with CG_E_MEMORY. */
int image_path_clean(struct cg_bytes *path, const char *name, struct cg_error *err);

/* The same for the target of a symbolic link at the clean path `link`. */
int image_path_resolve(struct cg_bytes *path, const char *link, const char *target, struct cg_error *err);

#endif
