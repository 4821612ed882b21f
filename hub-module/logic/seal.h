/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_SEAL_H
#define CG_HUB_SEAL_H

/*
 * Seals of contents: a secret key and the keyed checksum of all bytes, made in the same read as the digest.
 *
 * Whether a file still is the content of a digest is told by reading it and comparing the seal, on a processor with
 * carry-less multiplication several times faster than the digest, and by several threads at once. Each segment has a
 * GMAC (NIST SP 800-38D, AES-128, the segment's number as nonce); the tag is the sha256 of these and the size. Nobody
 * who does not know the key can make another file with the tag, so keys and tags are told to no caller.
 */

#include "cg/error.h"

#include <stddef.h>
#include <stdint.h>

enum { SEAL_KEY_SIZE = 16, SEAL_TAG_SIZE = 32 };
/* Bytes of one segment. */
#define SEAL_SEGMENT (16U * 1024U * 1024U)
/* Threads of one reading, at most: memory is not read faster by more. */
#define SEAL_THREADS_MAX 4

struct seal {
    unsigned char key[SEAL_KEY_SIZE];
    unsigned char tag[SEAL_TAG_SIZE];
};

/* Hexadecimal digits of both, with their NULs: how a table keeps them. */
struct seal_text {
    char key[2 * SEAL_KEY_SIZE + 1];
    char tag[2 * SEAL_TAG_SIZE + 1];
};

/* A seal being made, fed in the order of the bytes. */
struct seal_maker;

#define AUTO_SEAL_MAKER CG_AUTO(seal_maker_auto)

/* With a new random key. NULL with CG_E_MEMORY, CG_E_INTERNAL (OpenSSL refuses AES). */
struct seal_maker *seal_maker_create(struct cg_error *err);
/* 0, or -1 with CG_E_MEMORY, CG_E_INTERNAL. */
int seal_maker_update(struct seal_maker *maker, const void *data, size_t size, struct cg_error *err);
/* The seal of all bytes so far; nothing may be added after it. 0, or -1 with CG_E_MEMORY, CG_E_INTERNAL. */
int seal_maker_finish(struct seal_maker *maker, struct seal *seal, struct cg_error *err);
void seal_maker_auto(struct seal_maker **maker);

/*
 * Reads the whole file `fd`, wherever it stands, with up to `threads` threads. 1: its `size_bytes` bytes have the seal,
 * 0: they have not, -1: CG_E_IO, CG_E_MEMORY, CG_E_INTERNAL. `name` is for messages.
 */
int seal_holds(int fd, const char *name, uint64_t size_bytes, const struct seal *seal, unsigned threads,
               struct cg_error *err);

void seal_write(const struct seal *seal, struct seal_text *text);
/* 1, or 0 if the texts are none of a seal (NULL is none). */
int seal_read(const char *key, const char *tag, struct seal *seal);

#endif
