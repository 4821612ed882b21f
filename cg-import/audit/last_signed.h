/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_LAST_SIGNED_H
#define AUDIT_LAST_SIGNED_H

/*
 * The last checkpoint that was signed, kept in a file outside of PostgreSQL.
 *
 * A database that was restored from an older backup does not know what was signed since. Going on from there would
 * sign another history: a fork. The file knows, and is written before anyone outside sees a checkpoint; so whoever has
 * the lock of the sequencer first holds the database against it.
 */

#include "audit/keys.h"

/* Bytes of the file. */
#define LAST_SIGNED_MAX CG_NOTE_SIZE_MAX

/* What was signed last, in `checkpoint` (zeroed). 1, 0 when there is no file, -1 with CG_E_SIGNATURE, CG_E_FORK
 * (another log's), CG_E_FORM, CG_E_IO, CG_E_MEMORY. */
int last_signed_read(const char *path, const struct audit_keys *keys, struct cg_checkpoint *checkpoint,
                     struct cg_error *err);

/* Keeps a note, unless the file has a larger log by then. 0 or -1 with CG_E_IO ... */
int last_signed_keep(const char *path, const struct audit_keys *keys, uint64_t size, const char *note,
                     struct cg_error *err);

/*
 * Does the log of `size` leaves and `root`, which `source` reads, continue what the file at `path` says? 0; -1 with
 * CG_E_FORK when it is shorter or another. No file: 0.
 */
int last_signed_judge(const char *path, const struct audit_keys *keys, const struct cg_merkle_source *source,
                      uint64_t size, const struct cg_merkle_hash *root, struct cg_error *err);

#endif
