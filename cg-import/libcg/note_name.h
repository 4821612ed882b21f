/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_NOTE_NAME_H
#define LIBCG_NOTE_NAME_H

/* Names of keys and the key ids made of them (C2SP signed-note). */

#include "cg/note.h"

/* Is it not empty, at most CG_NOTE_NAME_MAX bytes of UTF-8, without spaces, controls and plus? */
bool cg_note_name_is_good(const char *name, size_t size);

/* SHA-256 (name, newline, type, public key), its first four bytes. 0, or -1 with CG_E_MEMORY or CG_E_INTERNAL. */
int cg_note_key_id(const char *name, enum cg_note_type type, const unsigned char public_key[CG_ED25519_PUBLIC_SIZE],
                   uint32_t *key_id, struct cg_error *err);

/* Four bytes, the highest first. */
uint32_t cg_note_read_id(const unsigned char bytes[4]);
void cg_note_write_id(uint32_t key_id, unsigned char bytes[4]);

#endif
