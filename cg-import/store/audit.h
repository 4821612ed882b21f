/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

/*
 * The audit log as the database keeps it: leaves put in, entries, tiles and checkpoints read.
 *
 * Every event of an import is a leaf, put in by the transaction that made the change (import_rows.h); what happens
 * outside of imports is recorded here. Leaves wait in audit_pending for their index, which audit_sequence.h gives.
 * Signs nothing, proves nothing: that is the audit room's. What a leaf says: docs/audit.md.
 */

#include "cg/bytes.h"
#include "cg/merkle.h"
#include "cg/tile.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

/* Bytes of a leaf; an entry of a tile bundle may have 65,535. */
#define STORE_LEAF_MAX 60000
/* Entries that store_audit_entries reads at once. */
#define STORE_ENTRIES_MAX 1024U

/* Something to be told by a leaf that no event tells. */
struct store_record {
    const char *type, *actor;
    const char *nvr;       /* NULL: of none */
    const json_t *detail;  /* an object; NULL: nothing */
    const json_t *members; /* an object of members of the leaf itself; NULL: none */
};

/* 0 once it is durable; -1 with CG_E_LIMIT, CG_E_MEMORY, CG_E_BUSY, ... */
int store_audit_record(struct store *store, const struct store_record *record, struct cg_error *err);

/* A post that was refused: {caller, what was posted, why}. `nvr` NULL: not known. 0 or -1 as above. */
struct store_refusal {
    const char *caller, *request_id, *nvr;
    const char *metadata_sha256;
    uint64_t metadata_bytes;
    const struct cg_error *why;
};
int store_audit_refused(struct store *store, const struct store_refusal *refusal, struct cg_error *err);

/* How the log stands. */
struct store_log_state {
    uint64_t pending;        /* leaves that wait for their index, counted up to STORE_PENDING_COUNTED */
    double oldest_pending_s; /* age of the first of them, 0: none waits */
    uint64_t size;           /* entries that are signed */
    double signed_at;        /* seconds since 1970, 0: never */
    double checked_at;       /* when all rows were found as signed, seconds since 1970, 0: never */
    bool damaged;            /* rows were found that are not what was signed */
    uint64_t damaged_entry;  /* the first entry of them */
};
#define STORE_PENDING_COUNTED 100000
int store_audit_state(struct store *store, struct store_log_state *state, struct cg_error *err);

/* Keeps that rows from `entry` on are not what was signed; that they are again; that all rows are. 0 or -1. */
int store_audit_damaged(struct store *store, uint64_t entry, const char *damage, struct cg_error *err);
int store_audit_mended(struct store *store, struct cg_error *err);
int store_audit_checked(struct store *store, struct cg_error *err);

/* Zero-initialise; release with store_checkpoint_finish. */
struct store_checkpoint {
    uint64_t size; /* 0: nothing is signed yet */
    struct cg_merkle_hash root;
    char *note; /* owned */
};
/* The one of exactly `size` entries, or the last for 0. 1, 0 there is none, -1. */
int store_audit_checkpoint(struct store *store, uint64_t size, struct store_checkpoint *checkpoint,
                           struct cg_error *err);
void store_checkpoint_finish(struct store_checkpoint *checkpoint);

/* All of sizes above `from`, up to `to`, in order; release with store_checkpoints_free. */
int store_audit_checkpoints(struct store *store, uint64_t from, uint64_t to, struct store_checkpoint **checkpoints,
                            size_t *count, struct cg_error *err);
void store_checkpoints_free(struct store_checkpoint *checkpoints, size_t count);

/* One entry of the log. */
struct store_entry {
    uint64_t index;
    char id[STORE_ID_SIZE];        /* of the leaf */
    char import_id[STORE_ID_SIZE]; /* "": of no import */
    int64_t event_id;              /* 0: of no event */
    char *type;                    /* owned */
    char *nvr;                     /* NULL: of none; owned */
    struct cg_bytes leaf;
    struct cg_merkle_hash hash; /* as kept */
};
/* Those from `from` on, at most `limit` and STORE_ENTRIES_MAX; release with store_entries_free. */
int store_audit_entries(struct store *store, uint64_t from, unsigned limit, struct store_entry **entries, size_t *count,
                        struct cg_error *err);
/* Those of one import with an index from `from` on, in order. */
int store_audit_entries_of(struct store *store, const char *import_id, uint64_t from, unsigned limit,
                           struct store_entry **entries, size_t *count, struct cg_error *err);
void store_entries_free(struct store_entry *entries, size_t count);

/* The content of a tile or bundle, replacing what is in `content`. 0; -1 with CG_E_INCOMPLETE when the database does
 * not have all of it, CG_E_MEMORY, CG_E_BUSY, ... */
int store_audit_tile(struct store *store, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err);

/* The detail of the last leaf of type "key", new reference. 1, 0 there is none, -1. */
int store_audit_keys(struct store *store, json_t **detail, struct cg_error *err);
/* Those of all such leaves that have their place and can be read, an array, new reference. NULL with an error. */
json_t *store_audit_keys_told(struct store *store, struct cg_error *err);

#endif
