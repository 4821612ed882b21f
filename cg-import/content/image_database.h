/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_DATABASE_H
#define CONTENT_IMAGE_DATABASE_H

/*
 * The rpm database of an image: which of the files that its layers have is the one that is seen, and what it lists.
 *
 * Not what librpm does with it (image_rpms.h).
 */

#include "content/image_layer.h"

#include <jansson.h>

/*
 * What is to be said of the database of the image with these layers, lowest first: null when there is none, else
 * {"path", "backend", "rpms": [...]}, or {"path", "backend", "fault"} when it cannot be read. `directory` is the
 * absolute path of the directory in which the layers' files were kept; `number` is the image's, for a directory in it.
 * New reference, or NULL with CG_E_IO, CG_E_MEMORY.
 */
json_t *image_database_read(const struct image_layer *layers, size_t count, const char *directory, unsigned number,
                            struct cg_error *err);

#endif
