/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_LAYER_H
#define CONTENT_IMAGE_LAYER_H

/*
 * One layer of an image (OCI Image Layer Specification): its digests, and what it does to the files of an rpm database.
 *
 * Nothing is unpacked but those files, which are copied into files of a directory of ours. A layer hides what is below
 * it by whiteouts (".wh.NAME", ".wh..wh..opq") and by putting something else there.
 */

#include "cg/digest.h"
#include "content/image_budget.h"

/* Where rpm databases lie, in the order of preference, and what they consist of. */
enum { IMAGE_DATABASE_PLACES = 2, IMAGE_DATABASE_FILES = 6 };
extern const char *const image_database_places[IMAGE_DATABASE_PLACES];
extern const char *const image_database_files[IMAGE_DATABASE_FILES];

/* What a layer has at the path of a database file. */
enum image_found {
    IMAGE_NOTHING, /* what is below is seen */
    IMAGE_HIDDEN,  /* what is below is not seen */
    IMAGE_FILE,    /* a file, which was kept */
    IMAGE_LINK,    /* something else: a link, a directory */
};

struct image_layer {
    unsigned number;                    /* names the kept files */
    struct cg_digests packed, unpacked; /* unpacked.sha256 is the diff_id */
    enum image_found found[IMAGE_DATABASE_PLACES][IMAGE_DATABASE_FILES];
};

struct image_stream;

/*
 * Reads the layer to its end. `directory_fd` is where files are kept. 1: it is a layer; 0: it is no tar archive, its
 * digests are filled all the same; -1 with CG_E_FORM (broken), CG_E_LIMIT, CG_E_IO, CG_E_MEMORY.
 */
int image_layer_read(struct image_layer *layer, struct image_stream *stream, struct image_budget *budget,
                     int directory_fd, struct cg_error *err);

/* Name of the file in which a database file of the layer was kept. */
void image_layer_kept(char name[64], const struct image_layer *layer, unsigned place, unsigned file);

#endif
