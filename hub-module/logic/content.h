/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CONTENT_H
#define CG_HUB_CONTENT_H

/*
 * Which contents the hub holds, as files of complete builds, and what is known of their seals: by its tables.
 *
 * The archives of a build are what the hub keeps digests of; logs and rpms are not among them. A deleted build has no
 * files any more, a metadata-only archive never had. Whether the file still is what the tables say is for whoever reads
 * it (staging.h).
 */

#include "logic/database.h"
#include "logic/staging.h"

/* Contents of one call, at most. */
#define CONTENT_MOST 1000
/* Places that are tried for one content. */
#define CONTENT_PLACES 4

/*
 * Builds whose content a caller may see. One that is named by its md5 is taken from builds of the caller's own
 * generators only, whatever is set: others can make two files with one md5.
 */
enum content_sight {
    CONTENT_OF_OWN_GENERATORS, /* builds by content generators that the caller may import for */
    CONTENT_OF_ALL,
};

struct content_viewer {
    int64_t user_id;
    enum content_sight sight;
};

/* A file that should be one of the contents asked for. */
struct content_place {
    size_t content; /* which, from 0 */
    char *root;     /* owned: the directory that it lies below */
    char *path;     /* owned: below it */
    char *nvr;      /* owned: of its build */
};

/* Sorted by content, the newest archive first. Zero-initialise; release with content_places_finish. */
struct content_places {
    struct content_place *items; /* owned */
    size_t count;
};

#define AUTO_CONTENT_PLACES CG_AUTO(content_places_finish)

/*
 * Looks for `count` contents below the hub's `topdir`. 0, or -1 with CG_E_USAGE (more than CONTENT_MOST),
 * CG_E_HUB_FAULT, CG_E_MEMORY.
 */
int content_find(const struct database *database, const struct content_viewer *viewer, const char *topdir,
                 const struct content_id *contents, size_t count, struct content_places *places, struct cg_error *err);

void content_places_finish(struct content_places *places);

/* Fills `seal` with what is known. 0, or -1. */
int content_seal_find(const struct database *database, const struct content_id *content, struct content_seal *seal,
                      struct cg_error *err);

/*
 * Keeps one that a reading made; the first that is kept stays. Never waits: while another transaction keeps one of this
 * content, it is not kept. 0, or -1.
 */
int content_seal_keep(const struct database *database, const struct content_id *content,
                      const struct content_seal *seal, struct cg_error *err);

#endif
