/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_PARCELS_H
#define IMPORT_PARCELS_H

/* The output files of a build, each with where it lies here and where it goes on the hub. */

#include "import/work.h"

#include <stdbool.h>

/* A file that is sent as a call, with others in one request (upload_file.h), has at most this many bytes. */
#define IMPORT_SMALL_BYTES (128U * 1024U)
/* Files up to this size are held against any checksum that is stated as they are sent, see import_parcel_kinds, or when
 * they were linked. */
#define IMPORT_JUDGED_BYTES (64ULL * 1024ULL * 1024ULL)
/* Bytes of all that one such request carries: in base64 well below the hub's MaxRequestLength of 4 MiB. */
#define IMPORT_SMALL_TOTAL_BYTES (2U * 1024U * 1024U)

enum import_parcel_state {
    IMPORT_PARCEL_WAITS,
    IMPORT_PARCEL_THERE, /* on the hub, verified */
};

struct import_parcel {
    const struct cg_output *output; /* borrowed */
    size_t index;                   /* of the output */
    char *path;                     /* owned: below the local directory and below the upload directory */
    char *local_path;               /* owned */
    char *hub_directory;            /* owned: below the hub's work directory */
    const char *filename;           /* last part of `path`, borrowed from it */
    bool small;                     /* goes in the common request */
    uint64_t resume_bytes;          /* the hub may have up to this much; 0: a new file */
    enum import_parcel_state state;
};

/* Zero-initialise; release with import_parcels_finish. */
struct import_parcels {
    struct import_parcel *items; /* owned */
    size_t count;
    uint64_t total_bytes;
};

#define AUTO_IMPORT_PARCELS CG_AUTO(import_parcels_finish)

/* Makes one parcel of each output, for the upload directory work->directory. 0, or -1 with CG_E_MEMORY. */
int import_parcels_make(const struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

/*
 * The digests to make of a parcel's file while it is sent, besides the upload's own sha256. Of a large file whose
 * metadata states md5 or sha1 none: the hub reads every file again for that before it imports, and making them here
 * takes longer than sending.
 */
unsigned import_parcel_kinds(const struct import_parcel *parcel);

/*
 * Are the digests of what was read of a parcel's file those that the metadata states, as far as they were made? 0, or
 * -1 with CG_E_MISMATCH and a finding in the report of the result, CG_E_MEMORY. Not for several threads at once.
 */
int import_parcel_judge(const struct import_work *work, const struct import_parcel *parcel,
                        const struct cg_digests *digests, struct cg_error *err);

void import_parcels_finish(struct import_parcels *parcels);

#endif
