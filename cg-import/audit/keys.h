/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_KEYS_H
#define AUDIT_KEYS_H

/*
 * The keys by which the log is signed: read from their files, or made at the first start.
 *
 * One key, or two while one replaces the other: both sign then, and verifiers that know either go on. Besides, keys of
 * which only the public half is left may be trusted for what was signed before. Files hold one line, the signer key as
 * Go's sumdb/note writes it, and are readable by their owner only.
 */

#include "cg/checkpoint.h"

#include <jansson.h>

#define AUDIT_SIGNERS_MAX 2U
/* Public keys trusted for what was signed before. */
#define AUDIT_TRUSTED_MAX 8U

struct audit_keys_options {
    const char *origin;              /* NULL: the name of the key */
    const char *key_file;            /* signs */
    const char *second_key_file;     /* signs as well; NULL: none */
    const char *const *trusted_keys; /* verifier keys, ended by NULL; NULL: none */
};

/* Zero-initialise; release with audit_keys_finish. */
struct audit_keys {
    char origin[CG_CHECKPOINT_ORIGIN_MAX + 1];
    struct cg_note_signer *signers[AUDIT_SIGNERS_MAX];
    size_t signer_count;
    struct cg_note_verifier verifiers[AUDIT_SIGNERS_MAX + AUDIT_TRUSTED_MAX]; /* the signers' first */
    size_t verifier_count;
};

enum audit_keys_missing {
    AUDIT_KEYS_MAKE, /* a key file that is not there is made; `origin` or else the name of this host is its name */
    AUDIT_KEYS_WANT, /* it must be there */
};

/* 0; -1 with CG_E_CONFIG (a file that is missing, readable by others or no key; trusted keys that are none or too
 * many), CG_E_IO, CG_E_MEMORY. */
int audit_keys_load(struct audit_keys *keys, const struct audit_keys_options *options, enum audit_keys_missing missing,
                    struct cg_error *err);

/* Whom to believe about the log itself. Borrows from `keys`. */
struct cg_checkpoint_policy audit_keys_policy(const struct audit_keys *keys);

/* {"origin", "keys": [verifier keys that sign]} for the leaf that tells them, new reference; NULL with CG_E_MEMORY. */
json_t *audit_keys_detail(const struct audit_keys *keys, struct cg_error *err);

/* Appends the checkpoint of `size` leaves with this root, signed by all signers. 0 or -1. */
int audit_keys_sign(const struct audit_keys *keys, uint64_t size, const struct cg_merkle_hash *root,
                    struct cg_bytes *note, struct cg_error *err);

void audit_keys_finish(struct audit_keys *keys);

#endif
