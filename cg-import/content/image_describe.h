/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_DESCRIBE_H
#define CONTENT_IMAGE_DESCRIBE_H

/*
 * What the members of an archive make up: the images of a docker-archive (manifest.json, as docker save and skopeo
 * write it) or of an OCI image layout, or the placeholder that atomic-reactor uploads in place of an image.
 *
 * Writes the facts of include/cg/image.h. Judges nothing.
 */

#include "content/image_archive.h"

/* Images of one archive, layers of one image, levels of an OCI index, at most. */
#define IMAGE_IMAGES_MOST 16
#define IMAGE_LAYERS_MOST 1024
#define IMAGE_INDEX_DEPTH_MOST 4

/*
 * Adds "form", "note" and "images" to `facts`, and to its "faults" what does not fit together. `directory` as for
 * image_database_read(). 0, or -1 with CG_E_LIMIT, CG_E_IO, CG_E_MEMORY.
 */
int image_describe(const struct image_archive *archive, const char *directory, json_t *facts, struct cg_error *err);

/* Adds a fault to "faults": "broken" (the archive) or "unread" (we could not). 0, or -1 with CG_E_MEMORY. */
int image_describe_fault(json_t *facts, const char *kind, const char *text, struct cg_error *err);

#endif
