/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_STAGING_H
#define CG_HUB_STAGING_H

/*
 * Putting a content that lies on the hub into an upload directory: the same blocks (reflink), the same file (hard
 * link), or a copy; never a symbolic link.
 *
 * All bytes of what is put there are read and compared before it gets its name. A hard link is of a file made
 * read-only before: an upload to the name would else write into the build that the content is from.
 */

#include "logic/reading.h"

enum staging_links { STAGING_MAY_LINK, STAGING_NEVER_LINKS };

enum staging_method {
    STAGING_THERE, /* the directory had it already */
    STAGING_REFLINK,
    STAGING_LINK,
    STAGING_COPY,
};

/* "reflink", "link", "copy", "there" */
const char *staging_method_name(enum staging_method method);

/*
 * Puts the file `source`, open for reading, as `name` into the open `directory`. 1: done, *method tells how; 0: the
 * source is not that content; -1: CG_E_CONFLICT (another file has the name), CG_E_LIMIT (the disk is full), CG_E_IO,
 * ...
 */
int staging_place(int source, int directory, const char *name, const struct content_id *content,
                  struct content_seal *seal, enum staging_links links, unsigned threads, enum staging_method *method,
                  struct cg_error *err);

#endif
