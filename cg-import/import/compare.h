/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_COMPARE_H
#define IMPORT_COMPARE_H

/*
 * Is what a hub holds as a build what a metadata document describes?
 *
 * Archives by file name, size, checksum type and checksum; rpms by name and size; logs by name, since the hub keeps no
 * digest of them. The hub's own additions (cg_import.log) do not count. Pure: the hub's answers are handed in.
 */

#include "cg/bytes.h"
#include "cg/metadata.h"
#include "koji/build.h"

/* Differences that are named one by one; more are only counted. */
#define IMPORT_DIFFERENCES_MAX 5

/*
 * Appends to `differences` what differs, in words, joined by "; ". 0: the same, 1: different, -1: CG_E_MEMORY.
 */
int import_compare_files(const struct cg_metadata *metadata, const struct koji_build_files *files,
                         struct cg_bytes *differences, struct cg_error *err);

/* Does the metadata have rpm outputs, so that files must hold rpms? */
enum koji_ask_rpms import_compare_needs_rpms(const struct cg_metadata *metadata);

#endif
