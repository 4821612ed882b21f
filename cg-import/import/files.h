/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_FILES_H
#define IMPORT_FILES_H

/*
 * Are the output files of a build there, with the sizes and checksums its metadata states?
 *
 * Findings go to the same report as those of the document, with the pointer of the output: file.missing,
 * file.not-regular, file.size, file.checksum. Of the last two `expected` is what the metadata states and `got` what the
 * file has.
 */

#include "cg/metadata.h"
#include "cg/report.h"
#include "import/hashing.h"

enum import_files_depth {
    IMPORT_FILES_SIZES,    /* presence and size only: quick */
    IMPORT_FILES_CHECKSUMS /* all bytes are read */
};

/*
 * 0: all as stated, 1: findings were added, -1: CG_E_IO (no such directory), CG_E_MEMORY, CG_E_INTERRUPTED. `watch`,
 * which may be NULL, is told how far the reading for IMPORT_FILES_CHECKSUMS is.
 */
int import_files_check(const struct cg_metadata *metadata, const char *directory, enum import_files_depth depth,
                       const struct import_hashing_watch *watch, struct cg_report *report, struct cg_error *err);

/*
 * Adds the finding file.checksum for output `index`: its file at `path` has the checksum `actual` of the kind that the
 * metadata names. For whoever read the file's bytes anyway. 1, or -1 with CG_E_MEMORY.
 */
int import_files_report_checksum(struct cg_report *report, const struct cg_output *output, size_t index,
                                 const char *path, const char *actual, struct cg_error *err);

#endif
