/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_UPLOAD_H
#define IMPORT_UPLOAD_H

/*
 * The step that brings the files to the hub: into a directory of this attempt's own, each verified on the way.
 *
 * Large files go as raw uploads on several lanes, biggest first. Small ones and the metadata, last, go in one request.
 * What an earlier run of the same import had sent is not sent again, unless a CGImport was sent for its directory:
 * released hubs write through the links that an import leaves there into the finished build.
 */

#include "import/parcels.h"

/* Files below this size are not written down one by one: sending them again is cheaper than a synced journal. */
#define IMPORT_JOURNAL_FILE_BYTES (16ULL * 1024ULL * 1024ULL)

/*
 * Chooses the upload directory (that of an earlier run or a new one), makes the parcels and sends or links all but the
 * small ones. 0, or -1 with CG_E_MISMATCH (findings in the report), CG_E_INTERRUPTED or a code of the koji room; what
 * is left on the hub is in the result then.
 */
int import_upload(struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

/* Sends what import_upload left: the small files and the metadata, work->text. Same codes. */
int import_upload_rest(struct import_work *work, struct import_parcels *parcels, struct cg_error *err);

#endif
