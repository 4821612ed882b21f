/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_BATCH_H
#define IMPORT_BATCH_H

/*
 * Many builds over shared sessions, several at once, a result for each; one bad item never stops the others.
 *
 * Items are read from a list: a line names the metadata file and the directory of the output files, separated by blanks
 * (quotes and backslashes as in a shell); a line with one name is a directory that holds metadata.json; "#" begins a
 * comment. Relative names are taken from the list's own directory. Two items with one NVR run one after the other.
 */

#include "import/pipeline.h"

/* Builds at work at once by default: one over the session, each other over a sub-session of it. */
#define IMPORT_WORKERS_DEFAULT 4

struct import_batch_item {
    char *metadata_path; /* owned */
    char *directory;     /* owned */
    size_t line;         /* in the list, from 1 */
    struct import_result result;
    struct cg_error error; /* CG_OK when it went well */
    double seconds;
};

struct import_batch {
    struct import_batch_item *items; /* owned, in the order of the list */
    size_t count;
};

/* Reads a list ("-": standard input). 0, or -1 with CG_E_IO, CG_E_USAGE (file and line), CG_E_MEMORY. */
int import_batch_read(const char *path, struct import_batch *batch, struct cg_error *err);

/* Called in the order in which items end, one call at a time. */
typedef void import_batch_ended(void *context, const struct import_batch_item *item, size_t ended, size_t count);

/*
 * Imports all items. `common` gives what is the same for all (identity, tag, transfer, reservation, draft, extent ...);
 * its metadata and directory are ignored. Returns 0 when every item ended well, 1 when some did not (each item says),
 * -1 when the batch as a whole could not run (login lost for good, CG_E_INTERRUPTED with the rest not begun).
 */
int import_batch_run(struct koji_session *session, const struct koji_hub_lists *lists,
                     const struct import_request *common, unsigned workers, import_batch_ended *ended, void *context,
                     struct import_batch *batch, struct cg_error *err);

void import_batch_finish(struct import_batch *batch);

#endif
