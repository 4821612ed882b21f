/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_MIRROR_H
#define AUDIT_MIRROR_H

/*
 * Copies a served log (C2SP tlog-tiles) into a directory, and goes on where it stopped.
 *
 * The new checkpoint takes the place of the old one only after the tiles it speaks of are there, lead to its root, and
 * lead to the old root where the log was as long: so a directory never holds a checkpoint that it does not prove, and
 * a log that was forked, cut or rolled back is found out. Files are fetched by a callback.
 */

#include "cg/checkpoint.h"

/*
 * Appends what is at `path` ("checkpoint", "tile/0/000"), at most `most` bytes. 1; 0 there is nothing; -1 with an
 * error.
 */
typedef int mirror_fetch(void *context, const char *path, size_t most, struct cg_bytes *content, struct cg_error *err);

struct mirror_options {
    const char *directory; /* made if need be */
    struct cg_checkpoint_policy policy;
    mirror_fetch *fetch;
    void *context;
};

struct mirror_result {
    uint64_t old_size, new_size; /* entries the directory had and has */
    uint64_t fetched;            /* files */
};

/*
 * 0; -1 with what cg_checkpoint_open and the callback fail with, CG_E_FORK, CG_E_PROOF (tiles do not lead to the signed
 * root), CG_E_INCOMPLETE (the log does not serve what it must), CG_E_FORM, CG_E_IO, CG_E_MEMORY. The directory's
 * checkpoint is then as it was; what was fetched is kept for the next time, unless it was found to be wrong.
 */
int mirror_update(const struct mirror_options *options, struct mirror_result *result, struct cg_error *err);

#endif
