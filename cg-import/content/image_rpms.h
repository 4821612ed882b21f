/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_RPMS_H
#define CONTENT_IMAGE_RPMS_H

/*
 * The rpms that an rpm database lists, read by librpm. The only file that talks to it.
 *
 * No configuration of librpm is read and no macro of it is known: nothing of this machine decides. librpm parses what a
 * stranger wrote and may exit or crash on it: only for a process that may (image_confine.h). It keeps global state, so
 * one thread at a time.
 */

#include "cg/auto.h"
#include "cg/error.h"

/* Rpms of one image, at most; distributions have less than that in all. */
#define IMAGE_RPMS_MOST 100000

/*
 * Appends {"name", "epoch" (null: none), "version", "release", "arch", "sigmd5" (null: none)} of each rpm in the
 * database in `directory`, which is absolute, to `rpms`. `backend` is librpm's name of its kind: sqlite, ndb, bdb_ro.
 * 0, or -1 with CG_E_UNSUPPORTED (this librpm cannot read the kind), CG_E_FORM (damaged), CG_E_LIMIT, CG_E_MEMORY.
 */
int image_rpms_read(const char *directory, const char *backend, json_t *rpms, struct cg_error *err);

#endif
