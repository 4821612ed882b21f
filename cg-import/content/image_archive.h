/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_ARCHIVE_H
#define CONTENT_IMAGE_ARCHIVE_H

/*
 * The members of an image archive, read once from front to back: documents, layers, links, other files.
 *
 * What they make up together is image_describe.h's to say: the documents that tell it may come last.
 */

#include "content/image_layer.h"
#include "content/image_stream.h"

/* Members of an archive, at most: an image has some hundred. */
#define IMAGE_MEMBERS_MOST 20000
/* Bytes of one document, and of a small file whose text is kept. */
#define IMAGE_DOCUMENT_MOST (4U << 20)
#define IMAGE_TEXT_MOST 1024

enum image_member_kind {
    IMAGE_MEMBER_DOCUMENT, /* JSON */
    IMAGE_MEMBER_LAYER,
    IMAGE_MEMBER_ALIAS, /* a symbolic or hard link to another member */
    IMAGE_MEMBER_OTHER,
};

struct image_member {
    enum image_member_kind kind;
    char *name;   /* clean */
    char *target; /* of an alias, clean */
    json_t *document;
    char *fault; /* why a layer could not be read to its end; its digests are not known then; NULL: it could */
    char *text;  /* of another file: its beginning */
    struct image_layer *layer; /* also the digests of anything that is no alias */
};

/* Zero-initialise but for the last three, which are borrowed. */
struct image_archive {
    struct image_member *members;
    size_t count;
    char compression[16];
    struct image_budget *budget;
    int directory_fd; /* where database files are kept */
};

/*
 * Reads it. 1: a tar archive; 0: something else, and `members` is empty; -1 with CG_E_FORM (broken), CG_E_LIMIT,
 * CG_E_IO, CG_E_MEMORY. What was read until then is there.
 */
int image_archive_read(struct image_archive *archive, struct image_source source, struct cg_error *err);

/*
 * The member of that name, links followed; of two the later, as when unpacking. *member is NULL if there is none. 0, or
 * -1 with CG_E_MEMORY.
 */
int image_archive_find(const struct image_archive *archive, const char *name, const struct image_member **member,
                       struct cg_error *err);

void image_archive_finish(struct image_archive *archive);

#endif
