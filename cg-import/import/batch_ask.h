/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_BATCH_ASK_H
#define IMPORT_BATCH_ASK_H

/* Which builds of a batch the hub does not have: asked for many at once instead of one by one. For batch.c only. */

#include "import/batch.h"

/* Builds asked for in one request. */
#define IMPORT_BATCH_ASK_MOST 100

/* What is known of an item before it is begun. */
struct import_batch_notice {
    char *nvr; /* owned; NULL when the document has none: it is refused anyway */
    enum import_foreknown foreknown;
};

/*
 * Reads the NVR of every item and asks the hub for them. An array of batch->count, to be given to
 * import_batch_notices_free; NULL with CG_E_MEMORY. A hub that does not answer leaves items at IMPORT_NOT_ASKED, as is
 * the second of two with one NVR.
 */
struct import_batch_notice *import_batch_ask(struct koji_session *session, const struct import_batch *batch,
                                             struct cg_error *err);

void import_batch_notices_free(struct import_batch_notice *notices, size_t count);

#endif
