/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_PUBLISH_H
#define AUDIT_PUBLISH_H

/*
 * The log as files, C2SP tlog-tiles: `checkpoint`, `tile/...`, `tile/entries/...` below one directory.
 *
 * Files but the checkpoint never change once they are there, so any web server can serve them. Tiles come before the
 * checkpoint that speaks of them, and the checkpoint is replaced by larger ones only, whichever replica comes last.
 * Nothing is decided here about whether a checkpoint may be seen.
 */

#include "audit/keys.h"
#include "store/audit.h"

struct publish {
    struct store *store;
    const char *directory;         /* borrowed */
    const struct audit_keys *keys; /* borrowed */
};

/* Writes the tiles and bundles that a log of `new_size` has and one of `old_size` had not. 0; -1 with CG_E_IO or the
 * database's failure: what was written by then is right and is written again. */
int publish_tiles(const struct publish *publish, uint64_t old_size, uint64_t new_size, struct cg_error *err);

/* Puts the checkpoint `note` over `size` entries in place, unless a larger one is there. 0 or -1. */
int publish_checkpoint(const struct publish *publish, uint64_t size, const char *note, struct cg_error *err);

/* Size of the log that is published, 0 if none is. 0; -1 with CG_E_SIGNATURE, CG_E_FORK, CG_E_FORM, CG_E_IO. */
int publish_size(const struct publish *publish, uint64_t *size, struct cg_error *err);

#endif
