/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_IMPORTS_H
#define STORE_IMPORTS_H

/*
 * Imports as callers and operators see them: accepted once, looked at, retried, canceled, released.
 *
 * An import is identified by (hub, NVR, sha256 of the posted metadata): the same again is the same import, at any
 * moment, through any replica. The same NVR with other bytes is a conflict while the first lives and allowed once it
 * was rejected or canceled; then the new one is linked to it. Every change writes its event in the same transaction.
 */

#include "store/store.h"

#include <jansson.h>
#include <stddef.h>

enum store_state {
    STORE_RECEIVING, /* outputs are missing */
    STORE_QUEUED,
    STORE_RUNNING,
    STORE_HELD, /* a person must decide; held_reason says what */
    STORE_IMPORTED,
    STORE_REJECTED,
    STORE_CANCELED,
};

/* Why an import is held. Frozen names: docs/operations.md says what to do for each. */
enum store_held {
    STORE_NOT_HELD,
    STORE_HELD_UNKNOWN_OUTCOME,  /* "unknown-outcome": CGImport was sent, no answer, and the hub does not tell */
    STORE_HELD_STRAY_FILES,      /* "stray-files": files of a dead import lie where the build belongs */
    STORE_HELD_RESERVED,         /* "reserved": the NVR is reserved or built by someone else */
    STORE_HELD_RESERVATION_LOST, /* "reservation-lost": our reservation was swept from the hub */
    STORE_HELD_CONFLICT,         /* "conflict": the NVR exists on the hub with other content */
    STORE_HELD_CREDENTIALS,      /* "credentials": the hub does not let the service in or not to the generator */
    STORE_HELD_TAG,              /* "tag": imported, but tagging failed */
    STORE_HELD_EXHAUSTED,        /* "exhausted": temporary failures for longer than is retried */
    STORE_HELD_CONTENT_LOST,     /* "content-lost": an output file is gone or damaged in the content store */
};

const char *store_state_name(enum store_state state);
/* -1 for no such name. */
int store_state_from_name(const char *name);
/* "" for STORE_NOT_HELD. */
const char *store_held_name(enum store_held held);
/* -1 for no such name. */
int store_held_from_name(const char *name);

/* One output of an import and how far it is here. */
struct store_output {
    unsigned position; /* index in the document's output array */
    char *path;        /* relpath/filename */
    uint64_t size_bytes;
    char *checksum_type; /* "md5", "sha256", "adler32" */
    char *checksum;
    char *sha256; /* of the content once it is here, else NULL; kept when a finished import's content is let go */
    uint64_t received_bytes;
};

/* Owned strings; NULL when not set. Release with store_import_finish. */
struct store_import {
    char id[STORE_ID_SIZE];
    char replaces[STORE_ID_SIZE];    /* the rejected or canceled import of the same NVR before it, "" if none */
    char replaced_by[STORE_ID_SIZE]; /* "" if none */
    enum store_state state;
    enum store_held held;
    char *step; /* of the pipeline, while running or where it stopped */
    char *hub;  /* profile name */
    char *nvr;
    char *content_generator;
    char *package;         /* build.name */
    char *metadata_sha256; /* of the posted bytes; they are a content */
    uint64_t metadata_bytes;
    json_t *options;  /* {"reserve": bool, "draft": bool, "tag": s}; as posted, owned */
    char *caller;     /* name of who posted it */
    char *request_id; /* of the post */
    unsigned attempts;
    int64_t build_id; /* 0: none yet */
    char *url;
    char *error_name; /* "CG_E_..." of the last failure */
    char *error_message;
    char *error_hint;
    json_t *report;                                              /* findings of a refusal by check, owned */
    double created_at, updated_at, finished_at, next_attempt_at; /* seconds since 1970; 0: not */
    struct store_output *outputs;                                /* owned; only where a function says it fills them */
    size_t output_count;
};

/* Who may see what; a NULL list means all. Patterns as fnmatch(3). */
struct store_scope {
    const char *const *content_generators; /* NULL-terminated */
    const char *const *packages;           /* globs, NULL-terminated */
};

struct store_new_import {
    const char *hub, *nvr, *content_generator, *package, *metadata_sha256;
    uint64_t metadata_bytes;
    const json_t *options;
    const char *caller, *request_id;
    const char *idempotency_key; /* NULL: none */
    const char *request_sha256;  /* digest of what was asked, for the idempotency key */
    const struct store_output *outputs;
    size_t output_count;
    const json_t *facts; /* cg_provenance_facts() of the metadata; NULL: none are kept */
};

enum store_accepted {
    STORE_ACCEPTED_NEW,
    STORE_ACCEPTED_SAME, /* this very import was there: nothing changed */
};

/*
 * Accepts an import, outputs not yet here being STORE_RECEIVING, else STORE_QUEUED. An output whose sha256 is set came
 * with the request (store_content_add was called for it, and for the metadata). Contents that are known by sha256 or
 * md5 and that an import in `scope` refers to are linked at once; adler32 is too weak to know a content by. *import
 * with outputs is what is there now. -1 with CG_E_CONFLICT (a live import of the NVR with other bytes: *import is that
 * one if `scope` may see it, else its id is ""; or the idempotency key was used for another request), CG_E_USAGE (two
 * outputs with one position), CG_E_BUSY, ...
 *
 * The same bytes of an import that was rejected or canceled are that import, which stays what it is: retry it.
 */
int store_import_accept(struct store *store, const struct store_new_import *wanted, const struct store_scope *scope,
                        struct store_import *import, enum store_accepted *how, struct cg_error *err);

/* With outputs. 1 found, 0 there is none that `scope` may see, -1 failed. */
int store_import_get(struct store *store, const char *id, const struct store_scope *scope, struct store_import *import,
                     struct cg_error *err);

struct store_filter {
    int state;       /* enum store_state, or -1 */
    const char *nvr; /* glob; NULL: any */
    const char *content_generator;
    const char *hub;
    double since, until; /* of creation; 0: open */
    const char *after;   /* id: the page after this one, newest first; NULL: the first */
    unsigned limit;      /* 1-500, others are moved to the nearest */
};

/* Newest first, without outputs. *imports is an array the caller releases with store_imports_free. */
int store_import_list(struct store *store, const struct store_filter *filter, const struct store_scope *scope,
                      struct store_import **imports, size_t *count, struct cg_error *err);

/* One change of an import. */
struct store_event {
    int64_t event_id; /* rises; unique over all imports */
    char import_id[STORE_ID_SIZE];
    double at;
    char *type;  /* "accepted", "content", "queued", "claimed", "step", "retry", "held", "imported", ... */
    char *actor; /* caller or replica */
    json_t *detail;
    char *content_generator, *package; /* of the import: who may see it */
};

/*
 * Events of one import (or of all when id is NULL) with event_id > after, oldest first, at most `limit`. None with a
 * lower id can appear later. For all imports that is had by waiting, a second at most, for the writes under way; those
 * behind a write that takes longer are told when it is over. Nobody is kept from writing.
 */
int store_event_list(struct store *store, const char *id, int64_t after, unsigned limit, struct store_event **events,
                     size_t *count, struct cg_error *err);

/* The id up to which store_event_list tells all there is; 0 where nothing happened yet. 0 or -1. */
int store_event_last(struct store *store, int64_t *event_id, struct cg_error *err);

/*
 * Operators' verbs. Each returns 1 done, 0 no such import for `scope`, -1 failed; CG_E_CONFLICT when the state does
 * not allow it (the message says the state and which states do). retry: from held, rejected, canceled (same bytes) to
 * queued, or to receiving when contents were let go meanwhile; refused when another import of the NVR lives by then.
 * release: from held to queued with the decision recorded in `detail`. cancel: from receiving, held, and queued ones
 * that have not been at the hub; others that are queued or running are asked to stop and canceled by their worker where
 * that leaves the hub clean.
 */
int store_import_retry(struct store *store, const char *id, const char *actor, const struct store_scope *scope,
                       struct cg_error *err);
int store_import_release(struct store *store, const char *id, const char *actor, const json_t *detail,
                         const struct store_scope *scope, struct cg_error *err);
int store_import_cancel(struct store *store, const char *id, const char *actor, const struct store_scope *scope,
                        struct cg_error *err);

/*
 * Progress of receiving. `received` (a content that was recorded with store_content_add) moves the import to queued
 * when it was the last output: *complete says so; calling it again for an output that is here changes nothing. 1 done,
 * 0 no such import or output, -1; CG_E_CONFLICT when the import is not receiving, CG_E_MISMATCH when the content is not
 * what the metadata says, CG_E_USAGE for a content that is not recorded.
 */
int store_output_progress(struct store *store, const char *id, unsigned position, uint64_t received_bytes,
                          struct cg_error *err);
int store_output_received(struct store *store, const char *id, unsigned position, const char *sha256, const char *actor,
                          bool *complete, struct cg_error *err);

/* How many imports of this caller are unfinished? -1 failed. */
int64_t store_import_unfinished(struct store *store, const char *caller, struct cg_error *err);

/*
 * For /metrics, one JSON object: "imports" {state: count, all seven}, "held" {reason: count}, "oldest_queued_s" and
 * "oldest_unfinished_s" (null: none), "contents" {"count", "bytes"}, "components", "circuits" [{"hub", "failures",
 * "open_s", "message"}].
 */
int store_statistics(struct store *store, json_t **statistics, struct cg_error *err);

void store_import_finish(struct store_import *import);
void store_imports_free(struct store_import *imports, size_t count);
void store_events_free(struct store_event *events, size_t count);

#endif
