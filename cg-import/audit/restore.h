/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_RESTORE_H
#define AUDIT_RESTORE_H

/*
 * Putting back what an older database has lost of the log: from the published files, under the signature they have.
 *
 * Nothing is signed here, and nothing is put back that does not lead from what the database has to what was signed.
 * What was signed last and never published nobody outside has seen; it is forgotten.
 */

#include "audit/keys.h"
#include "store/audit.h"

struct restore_options {
    struct store *store;
    const char *directory;
    const char *last_signed;
    struct audit_keys_options keys;
};

/* *restored counts the entries. 0; -1 with CG_E_FORK (the published log does not continue the database's),
 * CG_E_INCOMPLETE (files are missing), CG_E_BUSY (a sequencer works), ... and nothing was changed. */
int audit_restore(const struct restore_options *options, uint64_t *restored, struct cg_error *err);

#endif
