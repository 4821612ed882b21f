/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_KEY_FILE_H
#define AUDIT_KEY_FILE_H

/* A private key in a file: of a log, a witness or attestations. One line, as cg_note_signer_reveal says it. */

#include "cg/note.h"

/*
 * Makes an Ed25519 key of that name and writes it to a file that only its owner may read. `vkey` (NULL: not wanted)
 * gets the verifier key appended. 1; 0 when something is at `path` already, which is left as it is; -1 with CG_E_FORM
 * (the name), CG_E_IO, CG_E_MEMORY.
 */
int key_file_make(const char *path, const char *name, enum cg_note_type type, struct cg_bytes *vkey,
                  struct cg_error *err);

/* The key in the file, owned by the caller. NULL with CG_E_CONFIG (others may read the file, or it holds no key),
 * CG_E_IO, CG_E_MEMORY. */
struct cg_note_signer *key_file_read(const char *path, struct cg_error *err);

#endif
