/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_METADATA_H
#define CG_METADATA_H

/*
 * A view of content-generator metadata that was accepted: the fields an importer needs, by their names in the format.
 *
 * Made by cg_check() only, so every field obeys the rules. Strings are borrowed from the document, which the view
 * holds. The format: Koji's docs/source/content_generator_metadata.rst, metadata_version 0.
 */

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/digest.h"
#include "cg/error.h"

#include <stdbool.h>
#include <stdint.h>

enum cg_output_kind {
    CG_OUTPUT_ARCHIVE, /* anything with a build type: docker images, manifests, ... */
    CG_OUTPUT_RPM,
    CG_OUTPUT_LOG,
};

struct cg_output {
    enum cg_output_kind kind;
    const char *type;     /* output.type as written, "docker-image" */
    const char *btype;    /* the build type of an archive, "image"; NULL for rpm and log */
    const char *filename; /* may contain directories (maven) */
    const char *relpath;  /* directory below the upload directory, "" if none */
    const char *subdir;   /* directory below the place on the hub, NULL if none */
    uint64_t size_bytes;
    enum cg_digest_kind checksum_kind;
    const char *checksum; /* lower case */
    bool metadata_only;   /* the hub wants the file all the same (facts: broken since 2017) */
    const json_t *json;   /* the output itself */
};

struct cg_metadata {
    json_t *document; /* owned */
    const char *name;
    const char *version;
    const char *release;
    char *nvr;                     /* owned */
    bool has_epoch;                /* build.epoch is an integer */
    int64_t epoch;                 /* 0 when not has_epoch */
    int64_t build_id;              /* 0 when the document reserves none */
    bool draft;                    /* build.draft is true */
    const char *content_generator; /* the one of all buildroots */
    struct cg_output *outputs;     /* owned array, in document order */
    size_t output_count;
};

/*
 * Takes the view; `document` is referenced. Returns NULL with CG_E_MEMORY, or CG_E_INTERNAL if the document breaks a
 * rule after all, which cg_check() rules out.
 */
CG_API struct cg_metadata *cg_metadata_create(json_t *document, struct cg_error *err);

/* Path of an output below the upload (or local) directory: relpath/filename. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_output_path(const struct cg_output *output, struct cg_bytes *path, struct cg_error *err);

/* NULL is allowed. */
CG_API void cg_metadata_destroy(struct cg_metadata *metadata);

#define CG_AUTO_METADATA CG_AUTO(cg_metadata_auto)
static inline void cg_metadata_auto(struct cg_metadata **metadata)
{
    cg_metadata_destroy(*metadata);
}

#endif
