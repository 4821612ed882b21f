/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_STORED_METADATA_H
#define IMPORT_STORED_METADATA_H

/*
 * Is the metadata.json that the hub stored with work->build the one of this import, byte for byte?
 *
 * Read from the hub's volume or by HTTP (koji/stored_file.h, koji.PathInfo.build). Where it cannot be read nothing is
 * said about it. The answer is kept in the result, too.
 */

#include "import/work.h"

/* Which texts count as this import's. */
enum import_stored_texts {
    IMPORT_TEXT_OF_THIS_RUN, /* what this import uploads: with build_id only when it is reserved */
    IMPORT_TEXT_OF_ANY_RUN,  /* whoever imported it may have reserved it or not */
};

/* An enum import_stored; different is also said in `differences`. -1: CG_E_MEMORY. */
int import_stored_metadata_compare(struct import_work *work, enum import_stored_texts texts,
                                   struct cg_bytes *differences, struct cg_error *err);

#endif
