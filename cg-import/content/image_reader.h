/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_READER_H
#define CONTENT_IMAGE_READER_H

/*
 * Reads one image archive: what the process that image_inspect() starts does, and what it is started as.
 *
 * That process is this very program with IMAGE_READER_VERB as its first argument, the archive, a directory of its own
 * and a pipe for the facts as descriptors. It confines itself before it reads the first byte.
 */

#include "content/image_archive.h"

/* Known to main() alone: no verb for people. */
#define IMAGE_READER_VERB "read-image"
/* Descriptors that it is given. */
enum { IMAGE_READER_RESULT = 1, IMAGE_READER_ARCHIVE = 3, IMAGE_READER_DIRECTORY = 4 };

/* The whole life of the reader: its arguments are the limits of image_confine.h. Returns its exit status. */
int image_reader_main(int argc, char **argv);

/*
 * The facts of include/cg/image.h on an archive, as far as it could be read: also a broken one has some. New
 * reference, or NULL with CG_E_MEMORY, CG_E_IO. `directory` is absolute and empty; `directory_fd` is it.
 */
json_t *image_read(struct image_source source, struct image_budget budget, int directory_fd, const char *directory,
                   struct cg_error *err);

#endif
