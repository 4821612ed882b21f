/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_IMAGES_H
#define IMPORT_IMAGES_H

/*
 * Are the container images among the outputs what the metadata says of them?
 *
 * Looks into each in a process of its own (content/image_inspect.h), or takes the facts that were kept of an earlier
 * look, and holds them against the document (cg/image.h). Findings go to the report of the document, rules image.*.
 */

#include "cg/image.h"
#include "content/image_inspect.h"

/* Where facts are kept between looks, by the output's path below the directory. */
struct import_image_keeper {
    /* The facts on the output, a new reference, or NULL if none are kept. */
    json_t *(*find)(void *context, const char *path);
    /* Not being able to keep them is the keeper's to tell of. */
    void (*keep)(void *context, const char *path, const json_t *facts);
    void *context;
};

struct import_images {
    struct cg_image_levels levels;
    struct image_inspect_options reader;      /* its members for looking on are not used */
    const struct import_image_keeper *keeper; /* borrowed; NULL: none */
};

/* Who looks on; any member may be NULL. */
struct import_images_watch {
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void (*note)(void *context, const char *line); /* what is no finding: a placeholder */
    void *context;
    const struct stop *stop;
};

/*
 * Looks at the images in `directory`; a file that cannot be opened is import/files.h's to report. 0: all as stated, 1:
 * findings were added, -1 with CG_E_IO, CG_E_MEMORY, CG_E_INTERRUPTED.
 */
int import_images_check(const struct cg_metadata *metadata, const char *directory, const struct import_images *images,
                        const struct import_images_watch *watch, struct cg_report *report, struct cg_error *err);

#endif
